// How tables became ready: a lane for each table, in it a line for each process, over a part of the run that can be chosen.
"use strict";

// Phases by weight: where the processes of a table are put together, the heaviest one is seen. The height says it as the colour does.
const phases = [
  { name: "ready", height: 0.34, text: "remembers the table as ready" },
  { name: "looking", height: 0.4, text: "reads what is there, without a lock" },
  { name: "waiting", height: 0.55, text: "waits for the lock" },
  { name: "failed", height: 0.7, text: "an attempt failed" },
  { name: "locked", height: 0.8, text: "has the lock, reads again and plans" },
  { name: "applying", height: 1, text: "runs statements" },
];
const weight = new Map(phases.map((phase, i) => [phase.name, i]));
const manyTables = 150, manyLines = 600, manyMarks = 40;

const from = (s) => millis(s.from_ns), to = (s) => millis(s.to_ns);

// gather puts the ensures of a run together by table.
function gather(run) {
  const byName = new Map();
  for (const ensure of run.ensures ?? []) {
    if (!byName.has(ensure.table)) byName.set(ensure.table, { name: ensure.table, lines: [] });
    byName.get(ensure.table).lines.push({ process: ensure.process, spans: ensure.spans ?? [] });
  }
  for (const table of byName.values()) {
    table.lines.sort((a, b) => a.process - b.process);
    const all = table.lines.flatMap((line) => line.spans), ready = all.filter((s) => s.phase === "ready");
    table.ready = ready.length ? Math.min(...ready.map(from)) : Infinity;
    table.waited = Math.max(0, ...all.filter((s) => s.phase === "waiting").map((s) => to(s) - from(s)));
    table.applied = all.filter((s) => s.phase === "applying").reduce((sum, s) => sum + to(s) - from(s), 0);
  }
  return [...byName.values()];
}

// beginning is what all names begin with, up to a dot or a line below, if it is long enough to be in the way.
function beginning(names) {
  if (names.length < 2) return "";
  let common = names[0];
  for (const name of names) while (!name.startsWith(common)) common = common.slice(0, -1);
  common = common.slice(0, Math.max(common.lastIndexOf("_"), common.lastIndexOf(".")) + 1);
  return common.length > 12 ? common : "";
}

// coldEnd is when the processes that were there from the beginning had their tables.
function coldEnd(tables) {
  let last = 0;
  for (const table of tables) {
    for (const line of table.lines) {
      const ready = line.spans.find((s) => s.phase === "ready");
      if (ready && line.spans.length && from(line.spans[0]) <= table.ready) last = Math.max(last, from(ready));
    }
  }
  return last * 1.06;
}

// together is what the processes of a table do, at each moment the heaviest of it.
function together(lines) {
  const edges = lines.flatMap((line) => line.spans).flatMap((s) => [{ at: from(s), phase: s.phase, by: 1 }, { at: to(s), phase: s.phase, by: -1 }]);
  edges.sort((a, b) => a.at - b.at);
  const now = phases.map(() => 0), spans = [];
  const heaviest = () => now.findLastIndex((n) => n > 0);
  let shown = -1, since = 0;
  for (const edge of edges) {
    now[weight.get(edge.phase) ?? 0] += edge.by;
    const top = heaviest();
    if (top === shown) continue;
    if (shown >= 0 && edge.at > since) spans.push({ phase: phases[shown].name, from_ns: since * 1e6, to_ns: edge.at * 1e6 });
    [shown, since] = [top, edge.at];
  }
  return [{ spans }];
}

// roundStep is the next of 1, 2, 5, 10, … that is not below x.
function roundStep(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return power * [1, 2, 5, 10].find((n) => n * power >= x * 0.999);
}

class Lanes {
  constructor(host) {
    this.host = host;
    this.candidates = runs.map((run, i) => ({ run, label: labels[i] })).filter(({ run }) => run.ensures?.length);
    if (this.candidates.length === 0) {
      host.append(make("p", { class: "hint" }, "No run has noted how its tables became ready."));
      return;
    }
    this.sort = "ready";
    this.search = "";
    this.shown = manyTables;
    this.build();
    this.choose(0);
  }

  build() {
    const button = (text, title, act) => {
      const made = make("button", { type: "button", title }, text);
      made.addEventListener("click", act);
      return made;
    };
    const select = (label, options, act) => {
      const made = make("select", {}, ...options.map(([value, text]) => make("option", { value }, text)));
      made.addEventListener("change", () => act(made.value));
      return make("label", {}, label, made);
    };
    this.coldButton = button("Cold phase", "from the beginning until all tables were there", () => this.view(0, this.cold));
    this.wholeButton = button("Whole run", "from the beginning to the end", () => this.view(0, this.end));
    this.eachButton = button("Each process", "a line for each process, or one for each table", () => { this.each = !this.each; this.render(); });
    const search = make("input", { type: "search", placeholder: "Find a table", "aria-label": "Find a table" });
    search.addEventListener("input", () => { this.search = search.value.toLowerCase(); this.shown = manyTables; this.render(); });
    const tools = make("div", { class: "tools" },
      make("span", { class: "group" }, this.coldButton, this.wholeButton),
      make("span", { class: "group" }, button("−", "zoom out", () => this.zoom(2)), button("+", "zoom in", () => this.zoom(0.5)),
        button("◀", "earlier", () => this.pan(-0.5)), button("▶", "later", () => this.pan(0.5))),
      this.eachButton, select("Sort ", [["ready", "first ready"], ["name", "name"], ["waited", "longest wait"], ["applied", "longest DDL"]], (value) => { this.sort = value; this.render(); }),
      search);
    if (this.candidates.length > 1) {
      tools.prepend(select("Run ", this.candidates.map(({ label }, i) => [i, label]), (value) => this.choose(Number(value))));
    }
    this.head = make("div", { class: "lanes-head", "aria-hidden": "true" });
    this.body = make("div");
    this.box = make("div", { class: "lanes", tabindex: 0, role: "group", "aria-label": this.host.dataset.alt + " Plus and minus zoom, left and right move." }, this.head, this.body);
    this.told = make("p", { class: "told", "aria-live": "polite" });
    this.host.append(tools, legend(), this.box, this.told);
    new ResizeObserver(() => this.place()).observe(this.box);
    this.box.addEventListener("keydown", (event) => this.key(event));
    for (const kind of ["pointermove", "pointerdown"]) this.box.addEventListener(kind, (event) => this.tell(event.target));
    this.box.addEventListener("pointerleave", () => this.tell(null));
  }

  choose(i) {
    const { run } = this.candidates[i];
    this.tables = gather(run);
    this.common = beginning(this.tables.map((table) => table.name));
    this.marks = run.faults ?? [];
    this.left = run.ensures_left_out ?? 0;
    this.end = Math.max(millis(run.elapsed_ns), ...run.ensures.map((e) => Math.max(0, ...(e.spans ?? []).map(to))), 0.001);
    this.cold = Math.min(coldEnd(this.tables) || this.end, this.end);
    this.each = this.tables.reduce((sum, table) => sum + table.lines.length, 0) <= manyLines;
    this.shown = manyTables;
    [this.from, this.to] = [0, this.cold];
    this.render();
  }

  view(from, to) {
    const width = Math.min(Math.max(to - from, 0.01), this.end);
    this.from = Math.max(0, Math.min(from, this.end - width));
    this.to = this.from + width;
    this.render();
  }

  zoom(by) {
    const width = (this.to - this.from) * by, middle = (this.from + this.to) / 2;
    // What begins with the run goes on doing so.
    if (this.from === 0) this.view(0, width); else this.view(middle - width / 2, middle + width / 2);
  }

  pan(by) {
    const way = (this.to - this.from) * by;
    this.view(this.from + way, this.to + way);
  }

  key(event) {
    const act = { "+": () => this.zoom(0.5), "=": () => this.zoom(0.5), "-": () => this.zoom(2), ArrowLeft: () => this.pan(-0.25), ArrowRight: () => this.pan(0.25), 0: () => this.view(0, this.cold) }[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    act();
    event.preventDefault();
  }

  ordered() {
    const wanted = this.tables.filter((table) => table.name.toLowerCase().includes(this.search));
    const byName = (a, b) => a.name.localeCompare(b.name, "en", { numeric: true });
    const by = { name: byName, ready: (a, b) => (a.ready === b.ready ? 0 : a.ready - b.ready), waited: (a, b) => b.waited - a.waited, applied: (a, b) => b.applied - a.applied }[this.sort];
    return wanted.sort((a, b) => by(a, b) || byName(a, b));
  }

  render() {
    const wanted = this.ordered();
    this.found = wanted.length;
    this.pictures = [];
    this.spans = new WeakMap();
    this.body.replaceChildren(...wanted.slice(0, this.shown).map((table) => this.lane(table)));
    if (wanted.length > this.shown) {
      const more = make("button", { type: "button", class: "more" }, "Show more: " + count(this.shown) + " of " + count(wanted.length) + " tables are shown");
      more.addEventListener("click", () => { this.shown += manyTables; this.render(); });
      this.body.append(more);
    }
    if (wanted.length === 0) this.body.append(make("p", { class: "hint more" }, "No table has this in its name."));
    this.eachButton.setAttribute("aria-pressed", this.each);
    this.place();
    this.tell(null);
  }

  lane(table) {
    // Processes of another time, as those in the place of killed ones, take no room.
    const inView = (line) => line.spans.some((s) => from(s) <= this.to && to(s) >= this.from);
    const all = this.each ? table.lines.filter(inView) : (table.together ??= together(table.lines));
    const lines = all.length ? all : [{ spans: [] }], thick = this.each ? (lines.length > 12 ? 4 : 7) : 13;
    const height = lines.length * (thick + 1);
    const picture = draw("svg", { height, preserveAspectRatio: "none", role: "img", "aria-label": table.name + ": " + (table.ready < Infinity ? "ready after " + span(table.ready) : "never ready") });
    lines.forEach((line, i) => {
      picture.append(draw("rect", { class: "row", x: 0, y: i * (thick + 1), width: this.end, height: thick }));
      for (const s of line.spans) {
        const high = (thick - 1) * (phases[weight.get(s.phase)]?.height ?? 1);
        const bar = draw("rect", { class: weight.has(s.phase) ? s.phase : "other", x: from(s), y: i * (thick + 1) + (thick - high) / 2, width: Math.max(0, to(s) - from(s)), height: high });
        this.spans.set(bar, { table, line, span: s });
        picture.append(bar);
      }
    });
    if (this.marks.length <= manyMarks) {
      for (const mark of this.marks) picture.append(draw("line", { class: "mark", x1: millis(mark.offset_ns), x2: millis(mark.offset_ns), y1: 0, y2: height }));
    }
    this.pictures.push({ picture, height });
    const short = this.common ? "…" + table.name.slice(this.common.length) : table.name;
    return make("div", { class: "lane" }, make("div", { class: "table", title: table.name }, short), picture);
  }

  // place shows the chosen part of the time.
  place() {
    const width = this.to - this.from;
    for (const { picture, height } of this.pictures) picture.setAttribute("viewBox", [this.from, 0, width, height].join(" "));
    const step = roundStep(width / (this.box.clientWidth < 560 ? 3 : 7)), ticks = [];
    for (let at = Math.ceil(this.from / step - 1e-9) * step; at <= this.to; at += step) {
      const share = (at - this.from) / width, tick = make("span", { class: share < 0.03 ? "first" : share > 0.97 ? "last" : null }, span(Math.round(at * 1e6) / 1e6));
      tick.style.left = 100 * share + "%";
      ticks.push(tick);
    }
    this.head.replaceChildren(...ticks);
    this.coldButton.setAttribute("aria-pressed", this.from === 0 && this.to === this.cold);
    this.wholeButton.setAttribute("aria-pressed", this.from === 0 && this.to === this.end);
  }

  tell(target) {
    const found = target && this.spans.get(target);
    if (!found) {
      const shown = this.found === this.tables.length ? "" : count(this.found) + " of ";
      this.told.textContent = shown + count(this.tables.length) + (this.tables.length === 1 ? " table" : " tables") + (this.common ? ", named " + this.common + "…" : "") +
        (this.left ? "; " + count(this.left) + " phases were too many to be kept" : "");
      return;
    }
    const { table, line, span: s } = found;
    this.told.textContent = [table.name, line.process ? "process " + line.process : "all processes", s.phase + (s.note ? " (" + s.note + ")" : ""), "from " + span(from(s)) + " to " + span(to(s)), span(to(s) - from(s))].join(" · ");
  }
}

function legend() {
  const order = ["looking", "waiting", "locked", "applying", "ready", "failed"];
  return make("ul", { class: "legend" }, ...order.map((name) => {
    const phase = phases[weight.get(name)], high = 11 * phase.height;
    return make("li", {}, draw("svg", { viewBox: "0 0 22 12", "aria-hidden": "true" }, draw("rect", { class: name, x: 0, y: (12 - high) / 2, width: 22, height: high })), name, make("span", { class: "unseen" }, ": " + phase.text));
  }));
}

new Lanes(document.getElementById("ensures-body"));
