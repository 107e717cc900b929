// All tables: search, states, a page of rows, and beside them what happens.

import { latest } from "./api.js";
import { replaceRoute } from "./app.js";
import { broken, el, fill, keyOf, notice, say, setState, stateBadge, tableLink } from "./dom.js";
import { feed } from "./feed.js";
import { live } from "./live.js";
import { count, setClock, since, until } from "./time.js";

const states = ["ready", "ensuring", "unknown", "failed", "blocked"];
const sorts = {
  name: "Name", state: "State: trouble first", "-since": "Changed last", "-attempts": "Most attempts", "-waiters": "Most waiters", retry: "Next retry",
};
const size = 50;

export function tablesView(root, query) {
  const wish = {
    q: query.get("q") ?? "", state: query.get("state") ?? "", sort: query.get("sort") ?? "name", page: Number(query.get("page")) || 0,
  };
  const fetchPage = latest();
  let shown = null; // the last answer
  let timer = null;

  const search = el("input", {
    type: "search", id: "search", placeholder: "Search tables", "aria-label": "Search tables", autocomplete: "off", spellcheck: "false",
    on: { input: () => { wish.q = search.value; wish.page = 0; load(120); } },
  });
  search.value = wish.q;
  const sort = el("select", { "aria-label": "Sort by", on: { change: () => { wish.sort = sort.value; wish.page = 0; load(); } } },
    Object.entries(sorts).map(([value, text]) => el("option", { value, text })));
  sort.value = wish.sort in sorts ? wish.sort : "name";
  const filters = new Map(["", ...states].map((state) => [state, filter(state)]));
  const body = el("tbody");
  const grid = el("table", { class: "tables" },
    el("caption", { class: "unseen", text: "Tables" }),
    el("thead", {}, el("tr", {}, ["Table", "State", "Gen.", "Waiters", "Attempts", "Since", "Next retry"].map((text, i) =>
      el("th", { scope: "col", class: i > 1 && i < 5 ? "number" : null, text })))),
    body);
  const range = el("span", { class: "range", "aria-live": "polite" });
  const previous = el("button", { type: "button", data: { page: "previous" }, on: { click: () => turn(-1) } }, "Previous");
  const next = el("button", { type: "button", data: { page: "next" }, on: { click: () => turn(1) } }, "Next");
  const trouble = el("div");
  const happening = feed({ most: 40, links: true });

  fill(root,
    el("h1", { class: "unseen", text: "Tables" }),
    el("div", { class: "filters", role: "group", "aria-label": "Filter by state" }, [...filters.values()].map((f) => f.button)),
    el("div", { class: "columns" },
      el("section", { "aria-label": "Tables" },
        el("div", { class: "bar" }, el("div", { class: "search" }, search, el("kbd", { "aria-hidden": "true", text: "/" })), sort),
        trouble, grid,
        el("div", { class: "pager" }, range, previous, next)),
      el("aside", { "aria-labelledby": "happening" },
        el("h2", { id: "happening", text: "Happening now" }), happening.node)));

  function filter(state) {
    const number = el("b", { text: "–" });
    const button = el("button", {
      type: "button", class: "filter", data: { state }, "aria-pressed": "false",
      on: { click: () => { wish.state = wish.state === state ? "" : state; wish.page = 0; load(); } },
    }, number, el("span", { text: state || "all" }));
    return { button, number };
  }

  function turn(step) {
    wish.page = Math.max(0, wish.page + step);
    load().then(() => body.querySelector("[data-entry]")?.focus({ preventScroll: true }));
  }

  async function load(pause = 0) {
    clearTimeout(timer);
    timer = null;
    if (pause > 0) {
      timer = setTimeout(load, pause);
      return;
    }
    const wanted = new URLSearchParams({ sort: wish.sort, limit: size, offset: wish.page * size });
    if (wish.q) wanted.set("q", wish.q);
    if (wish.state) wanted.set("state", wish.state);
    try {
      const answer = await fetchPage("tables", wanted.toString());
      fill(trouble);
      draw(answer);
    } catch (err) {
      if (err.name !== "AbortError") fill(trouble, notice(err.message, "error"));
    }
  }

  function draw(answer) {
    setClock(answer.now);
    shown = answer;
    wish.page = Math.floor(answer.offset / size);
    let all = 0;
    for (const n of Object.values(answer.counts)) all += n;
    for (const [state, { button, number }] of filters) {
      say(number, count(state ? answer.counts[state] ?? 0 : all));
      button.setAttribute("aria-pressed", String(wish.state === state));
      button.classList.toggle("none", state !== "" && !answer.counts[state]);
    }
    drawRows(body, answer.tables);
    grid.hidden = answer.tables.length === 0;
    if (grid.hidden) fill(trouble, notice(answer.total === 0 ? "No table is registered yet." : "No table is like that."));
    const first = answer.tables.length === 0 ? 0 : answer.offset + 1;
    say(range, count(first) + "–" + count(answer.offset + answer.tables.length) + " of " + count(answer.matched));
    previous.disabled = answer.offset === 0;
    next.disabled = answer.offset + answer.tables.length >= answer.matched;
    remember();
  }

  function remember() {
    const address = new URLSearchParams();
    if (wish.q) address.set("q", wish.q);
    if (wish.state) address.set("state", wish.state);
    if (wish.sort !== "name") address.set("sort", wish.sort);
    if (wish.page > 0) address.set("page", wish.page);
    replaceRoute("tables", address);
  }

  const onPulse = ({ detail }) => {
    if (!shown || detail.revision !== shown.revision) load();
  };
  live.addEventListener("pulse", onPulse);
  load();
  if (query.has("find")) search.focus();
  return () => {
    live.removeEventListener("pulse", onPulse);
    clearTimeout(timer);
    fetchPage.stop();
    happening.stop();
  };
}

// drawRows keeps the rows of tables that stay, and with them the focus.
function drawRows(body, tables) {
  const old = new Map([...body.children].map((tr) => [tr.dataset.key, tr]));
  const rows = tables.map((table) => {
    const key = keyOf(table.table);
    const tr = old.get(key) ?? newRow(table, key);
    old.delete(key);
    update(tr, table);
    return tr;
  });
  for (const tr of old.values()) tr.remove();
  rows.forEach((tr, i) => {
    if (body.children[i] !== tr) body.insertBefore(tr, body.children[i] ?? null);
  });
}

function newRow(table, key) {
  const cell = (label, ...content) => el("td", { data: { label } }, ...content);
  const number = (label) => el("td", { class: "number", data: { label } });
  const open = (event) => {
    if (!event.target.closest("a") && getSelection().isCollapsed) location.hash = tableLink(table.table);
  };
  return el("tr", { data: { key }, on: { click: open } },
    el("th", { scope: "row" },
      el("a", { href: tableLink(table.table), data: { entry: "" } }, broken(table.table)),
      el("span", { class: "fault" })),
    cell("State", stateBadge(table), el("span", { class: "behind", title: "A newer program has changed the table, and left this one room.", text: "behind", hidden: true })),
    number("Gen."), number("Waiters"), number("Attempts"), cell("Since", el("time")), cell("Next retry", el("time")));
}

function update(tr, table) {
  const [name, state, generation, waiters, attempts, entered, retry] = tr.children;
  const badge = state.firstChild;
  if (badge.dataset.state && badge.dataset.state !== table.state) {
    tr.classList.remove("changed");
    void tr.offsetWidth; // so that it is seen to change again
    tr.classList.add("changed");
  }
  setState(badge, table);
  state.lastChild.hidden = !table.behind;
  say(name.lastChild, table.lastError ?? "");
  say(generation, table.generation ? count(table.generation) : "–");
  say(waiters, count(table.waiters));
  waiters.classList.toggle("busy", table.waiters > 0);
  say(attempts, count(table.attempts));
  since(entered.firstChild, table.since);
  until(retry.firstChild, table.nextRetry);
  retry.classList.toggle("nothing", !table.nextRetry);
  tr.classList.toggle("broken", Boolean(table.lastError));
}
