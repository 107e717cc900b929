// What happened, newest first.

import { el, fill, nameOf, tableLink } from "./dom.js";
import { live } from "./live.js";
import { clock, count, counted, duration } from "./time.js";
import { sql } from "./sql.js";

const words = {
  ensuring: () => "is being ensured",
  lockWaiting: (e) => "waits for a lock since " + duration(e.ms ?? 0),
  applied: (e) => "ran a statement in " + duration(e.ms ?? 0),
  progress: (e) => "has gone through " + counted(e.rows ?? 0, "row"),
  ready: (e) => "is ready after " + duration(e.ms ?? 0) + details(e),
  failed: (e) => "failed" + (e.retryMs < 0 ? "" : "; next try in " + duration(e.retryMs ?? 0)),
  invalidated: () => "is not remembered as ready any more",
};

function details(e) {
  const parts = [];
  if (e.statements) parts.push(counted(e.statements, "statement"));
  if (e.waiters) parts.push(counted(e.waiters, "caller") + " answered");
  return parts.length ? " (" + parts.join(", ") + ")" : "";
}

function entry(event, whole) {
  if (event.kind === "lost") {
    const many = event.count ? count(event.count) + " events" : "Some events";
    return el("li", { data: { kind: "lost" } }, el("span", { class: "what", text: many + " went by unseen; the tables were read again." }));
  }
  return el("li", { data: { kind: event.kind } },
    el("time", { datetime: event.at, title: event.at, text: clock(event.at) }),
    el("span", { class: "what" },
      el("a", { href: tableLink(event.table), data: whole ? { entry: "" } : {}, text: nameOf(event.table) }), " ",
      (words[event.kind] ?? (() => event.kind))(event)),
    event.error ? el("span", { class: "fault", text: event.error }) : null,
    event.sql && whole ? sql(event.sql) : null);
}

// feed is a list that grows at its head. It leaves out what its filter does not want, and stands still while it is held.
export function feed({ most, whole = false, wants = () => true }) {
  const list = el("ol", { class: "feed" });
  const nothing = el("p", { class: "nothing-yet", text: "Nothing has happened since you came." });
  const node = el("div", {}, nothing, list);
  const handle = { node, held: false, stop, redraw };

  function redraw() {
    fill(list, live.events.filter(wants).slice(0, most).map((event) => entry(event, whole)));
    nothing.hidden = list.children.length > 0;
  }

  function onEvents({ detail }) {
    if (handle.held) return;
    const fresh = detail.filter(wants).slice(0, most);
    list.prepend(...fresh.map((event) => entry(event, whole)));
    while (list.children.length > most) list.lastChild.remove();
    nothing.hidden = list.children.length > 0;
  }

  function stop() {
    live.removeEventListener("events", onEvents);
  }

  live.addEventListener("events", onEvents);
  redraw();
  return handle;
}

export function liveView(root) {
  const search = el("input", {
    type: "search", placeholder: "Only tables like", "aria-label": "Only tables like", autocomplete: "off", spellcheck: "false",
    on: { input: () => list.redraw() },
  });
  const wants = (event) => !event.table || nameOf(event.table).toLowerCase().includes(search.value.trim().toLowerCase());
  const list = feed({ most: 300, whole: true, wants });
  const hold = el("button", { type: "button", "aria-pressed": "false", on: { click: toggle } }, "Hold");

  function toggle() {
    list.held = !list.held;
    hold.setAttribute("aria-pressed", String(list.held));
    hold.textContent = list.held ? "Go on" : "Hold";
    if (!list.held) list.redraw();
  }

  fill(root,
    el("h1", { text: "Live" }),
    el("p", { class: "lead", text: "Each attempt to make a table ready, as it happens in this process." }),
    el("div", { class: "bar" }, el("div", { class: "search" }, search, el("kbd", { "aria-hidden": "true", text: "/" })), hold),
    list.node);
  return list.stop;
}
