// What would be done to make tables match their models.

import { get } from "./api.js";
import { applyForm } from "./action.js";
import { el, fill, nameOf, notice, refQuery, tableLink, tag } from "./dom.js";
import { live } from "./live.js";
import { sql } from "./sql.js";
import { count, counted } from "./time.js";

const modes = { alone: "in a transaction of its own", concurrent: "outside any transaction", batches: "in batches, each a transaction" };

// small is for how many tables a question about all of them is asked without being asked for.
export const small = 100;

export function planBox(ref, done) {
  const box = el("div", { "aria-busy": "true" });

  async function load(words) {
    fill(box, words ? notice(words) : null, notice("Planning …"));
    try {
      const answer = await get("plan", refQuery(ref));
      fill(box, words ? notice(words) : null, answer.plans.map((plan) => [describe(plan), applyForm(plan, (said) => { load(said); done(); })]),
        el("button", { type: "button", class: "quiet", on: { click: () => load() } }, "Plan again"));
    } catch (err) {
      fill(box, words ? notice(words) : null, notice(err.message, "error"), el("button", { type: "button", on: { click: () => load() } }, "Try again"));
    }
    box.setAttribute("aria-busy", "false");
  }

  load();
  return box;
}

const lines = (title, kind, texts) => (texts?.length ? [el("h3", { text: title }), el("ul", { class: "lines " + kind }, texts.map((text) => el("li", { text })))] : []);

function changeLine(change) {
  let text = change.kind + " " + change.object;
  if (change.want && change.have) text += ": want " + change.want + ", have " + change.have;
  else if (change.want) text += ": want " + change.want;
  else if (change.have) text += ": have " + change.have;
  return text;
}

export const changeList = (title, changes) => {
  if (!changes?.length) return [];
  return [el("h3", { text: title }), el("ul", { class: "lines" }, changes.map((change) =>
    el("li", {}, changeLine(change), change.harmless ? [" ", tag("harmless", "good")] : null)))];
};

const hazardName = (hazard) => hazard.kind + (hazard.columns?.length ? " (" + hazard.columns.join(", ") + ")" : "");

function statement(step, i) {
  return el("li", {},
    el("div", { class: "tags" },
      el("span", { class: "step", text: String(i + 1) }),
      modes[step.mode] ? tag("runs " + modes[step.mode], "busy") : null,
      step.lock ? tag("lock: " + step.lock) : tag("no lock", "good"),
      step.rewrites ? tag("rewrites the table", "bad") : null,
      step.scans && !step.rewrites ? tag("reads the whole table", "busy") : null,
      step.deferred ? tag("after all tables are there") : null,
      (step.hazards ?? []).map((hazard) => tag("hazard: " + hazardName(hazard), "bad"))),
    step.refuse ? el("p", { class: "by", text: "Stops if it finds a row: " + step.refuse }) : null,
    sql(step.sql));
}

export function describe({ plan, stepwise }) {
  const nothing = !plan.changes?.length && !plan.statements?.length && !plan.faults?.length;
  return el("div", { class: "plan" },
    nothing ? notice("The table matches its model: there is nothing to do.", "good") : null,
    stepwise ? notice("This plan is more than one transaction. What is interrupted is found and finished by the next attempt.") : null,
    changeList("Differences", plan.changes),
    lines("What no statement can settle", "bad", plan.faults),
    plan.statements?.length ? [el("h3", { text: "Statements" }), el("ol", { class: "statements" }, plan.statements.map(statement))] : null,
    lines("Hints", "", plan.hints), lines("Notes", "", plan.notes));
}

// whole is a view of all tables for a question that asks the database about each of them.
export function whole(root, { title, lead, button, ask, draw }) {
  const answerBox = el("div");
  const go = el("button", { type: "button", class: "main", on: { click: run } }, button);
  let left = false;

  async function run() {
    go.disabled = true;
    fill(answerBox, notice("Looking at every table …"));
    answerBox.setAttribute("aria-busy", "true");
    try {
      const answer = await get(ask);
      if (!left) fill(answerBox, draw(answer));
    } catch (err) {
      if (!left) fill(answerBox, notice(err.message, "error"));
    }
    answerBox.setAttribute("aria-busy", "false");
    go.disabled = false;
  }

  const onPulse = ({ detail }) => {
    live.removeEventListener("pulse", onPulse);
    if (detail.total <= small && !answerBox.firstChild) run();
  };
  fill(root, el("h1", { text: title }), el("p", { class: "lead", text: lead }), el("div", { class: "bar" }, go), answerBox);
  if (live.overview) onPulse({ detail: live.overview });
  else live.addEventListener("pulse", onPulse);
  return () => {
    left = true;
    live.removeEventListener("pulse", onPulse);
  };
}

export const card = (ref, summary, ...content) => el("details", { class: "card" },
  el("summary", { data: { entry: "" } }, el("b", { text: nameOf(ref) }), summary),
  el("p", {}, el("a", { href: tableLink(ref), text: "Open the table" })), ...content);

export function planView(root) {
  return whole(root, {
    title: "Plan", button: "Plan all tables", ask: "plan",
    lead: "What would be done to make each table match its model. Nothing is locked or written by looking.",
    draw: (answer) => [
      answer.planned === 0
        ? notice("All " + counted(answer.compared, "table") + " match: there is nothing to do.", "good")
        : el("p", { class: "lead", text: counted(answer.planned, "table") + " of " + count(answer.compared) + " would change." }),
      answer.plans.map((view) => card(view.plan.table, [
        tag(counted(view.plan.statements?.length ?? 0, "statement")),
        view.hazards?.length ? tag(counted(view.hazards.length, "hazard"), "bad") : null,
        view.plan.faults?.length ? tag("needs a person", "bad") : null,
      ], describe(view))),
      answer.planned > answer.plans.length ? notice("Only the first " + count(answer.plans.length) + " are shown.") : null,
    ],
  });
}
