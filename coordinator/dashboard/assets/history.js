// The revisions of a table, newest first, each with its statements and what they made of the table.

import { get } from "./api.js";
import { el, fill, notice, refQuery, tag } from "./dom.js";
import { sql } from "./sql.js";
import { count, counted, date, duration } from "./time.js";

export function historyBox(ref) {
  const box = el("div", { class: "history", "aria-busy": "true" }, notice("Reading the ledger …"));
  const list = el("ol", { class: "revisions" });
  const more = el("button", { type: "button", on: { click: () => load() } }, "Older");
  let offset = 0;

  async function load() {
    more.disabled = true;
    try {
      const answer = await get("history", refQuery(ref) + "&offset=" + offset);
      if (offset === 0) {
        fill(box, answer.total === 0
          ? notice("The ledger knows nothing of this table: it was never made.")
          : [el("p", { class: "lead", text: counted(answer.total, "revision") + " in the ledger, by whichever program made them." }), list, more]);
      }
      list.append(...answer.revisions.map((revision, i) => entry(revision, offset === 0 && i === 0)));
      offset += answer.revisions.length;
      more.hidden = offset >= answer.total;
      more.disabled = false;
    } catch (err) {
      fill(box, notice(err.message, "error"), el("button", { type: "button", on: { click: () => { offset = 0; fill(list); load(); } } }, "Try again"));
    }
    box.setAttribute("aria-busy", "false");
  }

  load();
  return box;
}

const marks = { applied: "good", adopted: "good", applying: "busy", failed: "bad" };

function entry(revision, open) {
  const by = [revision.application, revision.version].filter(Boolean).join(" ") || "a program";
  const summary = el("summary", { data: { entry: "" } },
    el("b", { text: "Generation " + count(revision.generation) }),
    tag(revision.state, marks[revision.state] ?? ""),
    revision.tampered ? tag("edited by somebody", "bad") : null,
    el("span", { class: "by", text: date(revision.appliedAt) + " · " + duration(revision.ms) + " · " + counted(revision.statements?.length ?? 0, "statement") }));
  const where = revision.host ? " on " + revision.host + (revision.pid ? ", process " + revision.pid : "") : "";
  return el("li", {}, el("details", { open },
    summary,
    el("p", { class: "by", text: "By " + by + where + ". Revision " + revision.id + ", model " + revision.toFingerprint.slice(0, 12) + "." }),
    revision.reason ? el("p", { class: "notice", text: "Allowed because: " + revision.reason }) : null,
    revision.failure ? notice(revision.failure, "error") : null,
    el("h3", { text: "What changed" }),
    revision.diffNote ? el("p", { class: "by", text: revision.diffNote }) : null,
    revision.diff ? diff(revision.diff) : null,
    revision.statements ? el("h3", { text: "SQL" }) : null,
    (revision.statements ?? []).map(sql)));
}

const words = { "+": "came: ", "-": "went: ", " ": "" };

// diff leaves out what is far from any change.
export function diff(lines) {
  const list = el("ol", { class: "diff", tabindex: "0", "aria-label": "Differences" });
  if (lines.every((line) => line.op === " ")) list.append(el("li", { class: "gap", text: "The table looks as it did before." }));
  const near = lines.map((_, i) => lines.slice(Math.max(0, i - 3), i + 4).some((line) => line.op !== " "));
  let skipped = false;
  lines.forEach((line, i) => {
    if (!near[i]) {
      if (!skipped) list.append(el("li", { class: "gap", text: "…" }));
      skipped = true;
      return;
    }
    skipped = false;
    list.append(el("li", { data: { op: line.op } }, el("span", { class: "unseen", text: words[line.op] }), line.text));
  });
  return list;
}
