// How tables differ from what the ledger remembers and from their models.

import { get } from "./api.js";
import { el, fill, notice, refQuery, tag } from "./dom.js";
import { card, changeList, whole } from "./plan.js";
import { count, counted } from "./time.js";

const standings = { current: "The ledger's last word is this model.", behind: "A newer model came after this one.", new: "The ledger has never seen this model." };

export function driftBox(ref) {
  const box = el("div", { "aria-busy": "true" });

  async function load() {
    fill(box, notice("Comparing …"));
    try {
      const answer = await get("drift", refQuery(ref));
      fill(box, answer.tables.map(describe), el("button", { type: "button", class: "quiet", on: { click: load } }, "Compare again"));
    } catch (err) {
      fill(box, notice(err.message, "error"), el("button", { type: "button", on: { click: load } }, "Try again"));
    }
    box.setAttribute("aria-busy", "false");
  }

  load();
  return box;
}

const differs = (drift) => drift.missing || drift.standing !== "current" || drift.sinceLedger?.length || drift.toModel?.length ||
  drift.tampered?.length || drift.unfinished?.length;

function describe(drift) {
  return el("div", { class: "drift" },
    differs(drift) ? null : notice("No drift: ledger, table and model say the same.", "good"),
    drift.missing ? notice("The table is not there.", "error") : null,
    el("p", { class: "by", text: standings[drift.standing] ?? drift.standing }),
    changeList("What somebody else has changed since the ledger was written", drift.sinceLedger),
    changeList("What differs from the model", drift.toModel),
    drift.tampered?.length ? notice("Somebody edited the ledger: " + drift.tampered.join(", ") + ".", "error") : null,
    drift.unfinished?.length ? notice("Begun, and nobody wrote down how it ended: revision " + drift.unfinished.join(", ") + ".", "error") : null,
    drift.notes?.length ? el("ul", { class: "lines" }, drift.notes.map((text) => el("li", { text }))) : null);
}

export function driftView(root) {
  return whole(root, {
    title: "Drift", button: "Compare all tables", ask: "drift",
    lead: "What the ledger remembers, what the database has, and what the models say, side by side.",
    draw: (answer) => [
      answer.drifted === 0
        ? notice("No drift in " + counted(answer.compared, "table") + ".", "good")
        : el("p", { class: "lead", text: counted(answer.drifted, "table") + " of " + count(answer.compared) + (answer.drifted === 1 ? " differs." : " differ.") }),
      answer.tables.map((drift) => card(drift.table, [
        drift.missing ? tag("missing", "bad") : null,
        drift.standing !== "current" ? tag(drift.standing, "busy") : null,
        drift.sinceLedger?.length ? tag(counted(drift.sinceLedger.length, "foreign change"), "bad") : null,
        drift.toModel?.length ? tag(counted(drift.toModel.length, "difference") + " to the model") : null,
      ], describe(drift))),
      answer.drifted > answer.tables.length ? notice("Only the first " + count(answer.tables.length) + " are shown.") : null,
    ],
  });
}
