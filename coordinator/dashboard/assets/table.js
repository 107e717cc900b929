// One table: how it stands, how it came to be, what a plan would change, how it drifted.

import { latest } from "./api.js";
import { actionButtons } from "./action.js";
import { broken, el, fill, nameOf, notice, refQuery, say, setState, stateBadge } from "./dom.js";
import { driftBox } from "./drift.js";
import { feed } from "./feed.js";
import { historyBox } from "./history.js";
import { live } from "./live.js";
import { planBox } from "./plan.js";
import { count, setClock, since, until } from "./time.js";

const facts = {
  generation: ["Generation", "how often the table has changed"],
  since: ["Since", "when the table came to be in this state, for this program"],
  waiters: ["Waiters", "callers that wait now"],
  asks: ["Asks", "messages to the schema actor; a call to a table that is ready sends none"],
  attempts: ["Attempts", "to make the table ready, by this program"],
  retry: ["Next retry", "when the backoff ends"],
  fingerprint: ["Model", "its fingerprint"],
};

export function tableView(root, query) {
  const ref = { namespace: query.get("namespace") ?? "", name: query.get("name") ?? "" };
  const fetchTable = latest();
  const badge = stateBadge({ state: "unknown" });
  const values = {};
  const list = el("dl", { class: "facts" }, Object.entries(facts).map(([name, [title, words]]) => {
    values[name] = el(name === "since" || name === "retry" ? "time" : "span", { text: "–" });
    return el("div", { title: words }, el("dt", { text: title }), el("dd", {}, values[name]));
  }));
  const fault = el("p", { class: "notice error", hidden: true });
  const behind = notice("A newer program has changed this table, and left room for the model of this one.");
  behind.hidden = true;
  const trouble = el("div");
  const actions = actionButtons(ref, () => load());
  const happening = feed({ most: 40, wants: (event) => !event.table || nameOf(event.table) === nameOf(ref) });
  let shown = null;

  fill(root,
    el("nav", { class: "crumbs", "aria-label": "Way back" }, el("a", { href: "#/tables", text: "← All tables" })),
    el("div", { class: "heading" }, el("h1", {}, broken(ref)), badge, actions.node),
    trouble, fault, behind, list,
    el("div", { class: "columns" },
      tabs({ History: () => historyBox(ref), Plan: () => planBox(ref, () => load()), Drift: () => driftBox(ref) }),
      el("aside", { "aria-labelledby": "happening" }, el("h2", { id: "happening", text: "Happening now" }), happening.node)));

  async function load() {
    try {
      const answer = await fetchTable("table", refQuery(ref));
      fill(trouble);
      draw(answer);
    } catch (err) {
      if (err.name !== "AbortError") fill(trouble, notice(err.message, "error"));
    }
  }

  function draw(answer) {
    setClock(answer.now);
    shown = answer;
    const table = answer.table;
    setState(badge, table);
    say(values.generation, table.generation ? count(table.generation) : "–");
    for (const name of ["waiters", "asks", "attempts"]) say(values[name], count(table[name]));
    say(values.fingerprint, table.fingerprint.slice(0, 12));
    values.fingerprint.title = table.fingerprint;
    since(values.since, table.since);
    until(values.retry, table.nextRetry);
    say(fault, table.lastError ?? "");
    fault.hidden = !table.lastError;
    behind.hidden = !table.behind;
    actions.draw(table);
  }

  const onPulse = ({ detail }) => {
    if (!shown || detail.revision !== shown.revision) load();
  };
  live.addEventListener("pulse", onPulse);
  load();
  return () => {
    live.removeEventListener("pulse", onPulse);
    fetchTable.stop();
    happening.stop();
  };
}

// tabs show one of several panels, each made when it is first looked at: what is not looked at asks the database nothing.
function tabs(makers) {
  const bar = el("div", { role: "tablist", class: "tabs" });
  const panels = Object.entries(makers).map(([title, make], i) => {
    const panel = el("div", { role: "tabpanel", id: "panel-" + i, "aria-labelledby": "tab-" + i, hidden: true });
    const tab = el("button", {
      type: "button", role: "tab", id: "tab-" + i, "aria-controls": "panel-" + i, text: title, on: { click: () => show(i) },
    });
    bar.append(tab);
    return { tab, panel, make };
  });

  function show(at) {
    panels.forEach(({ tab, panel, make }, i) => {
      tab.setAttribute("aria-selected", String(i === at));
      tab.tabIndex = i === at ? 0 : -1;
      panel.hidden = i !== at;
      if (i === at && !panel.firstChild) panel.append(make());
    });
  }

  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const at = panels.findIndex(({ tab }) => tab === document.activeElement);
    const next = (at + step + panels.length) % panels.length;
    show(next);
    panels[next].tab.focus();
  });
  show(0);
  return el("section", {}, bar, panels.map(({ panel }) => panel));
}
