// What can be done from here, where the program lets it be done.

import { post } from "./api.js";
import { el, fill, notice } from "./dom.js";
import { live } from "./live.js";

// actionButtons are those of one table; there are none on a page that may only be read.
export function actionButtons(ref, done) {
  const said = el("span", { role: "status", class: "said" });
  const ensure = button("Make ready", "ensure");
  const retry = button("Retry now", "retry");
  const node = el("div", { class: "actions", hidden: true }, ensure, retry, said);

  function button(text, action) {
    return el("button", { type: "button", class: "main", on: { click: () => run(action) } }, text);
  }

  async function run(action) {
    ensure.disabled = retry.disabled = true;
    said.textContent = "…";
    try {
      await post(action, ref);
      said.textContent = "Done.";
    } catch (err) {
      said.textContent = err.message;
    }
    ensure.disabled = retry.disabled = false;
    done();
  }

  return {
    node,
    draw(table) {
      node.hidden = !live.overview?.actions;
      ensure.hidden = table.state !== "unknown";
      retry.hidden = table.state !== "failed" && table.state !== "blocked";
    },
  };
}

// applyForm carries out the plan that is shown above it: the program makes the plan anew, and refuses unless it is the same.
export function applyForm(view, done) {
  if (!live.overview?.actions || !view.plan.statements?.length) return null;
  const boxes = [...new Set((view.hazards ?? []).map((hazard) => hazard.kind))].map((kind) => ({ kind, box: el("input", { type: "checkbox" }) }));
  const reason = el("input", { type: "text", maxlength: "500", autocomplete: "off" });
  const go = el("button", { type: "submit", class: "main danger", text: "Apply this plan" });
  const said = el("div");
  const form = el("form", { class: "apply" },
    boxes.length ? el("fieldset", {},
      el("legend", { text: "These hazards are accepted" }),
      boxes.map(({ kind, box }) => el("label", {}, box, " ", kind)),
      el("label", { class: "reason" }, "Why, for the history ", reason)) : null,
    go, said);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const allow = boxes.filter(({ box }) => box.checked).map(({ kind }) => kind);
    if (allow.length > 0 && reason.value.trim() === "") {
      fill(said, notice("A hazard is accepted for a reason.", "error"));
      reason.focus();
      return;
    }
    go.disabled = true;
    fill(said, notice("Applying …"));
    try {
      await post("apply", { ...view.plan.table, hash: view.hash, allow, reason: reason.value.trim() });
      done("The plan was applied.");
    } catch (err) {
      go.disabled = false;
      if (err.code === "stale-plan") done("The plan was not applied: it is not the one that was shown any more. This is the new one.");
      else fill(said, notice(err.message, "error"));
    }
  });
  return form;
}
