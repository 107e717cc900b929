// What concerns the whole page: colours that change, paper, and the data as files.
"use strict";

const redrawAll = () => plots.forEach((entry) => redraw(entry));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);

// A page of paper is narrower than a screen, and white, and nobody can fold it out.
const paper = 680, settings = document.getElementById("settings");
let folded = true;
addEventListener("beforeprint", () => {
  document.documentElement.classList.add("printing");
  folded = !settings.open;
  settings.open = true;
  plots.forEach((entry) => redraw(entry, Math.min(paper, entry.host.clientWidth || paper)));
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("printing");
  settings.open = !folded;
  redrawAll();
});

const fileName = (i) => "loadtest-" + (labels[i].replace(/[^A-Za-z0-9._-]+/g, "-").replace(/^-+|-+$/g, "") || "run") + (several ? "-" + (i + 1) : "") + ".json";

document.getElementById("downloads").append(...runs.map((run, i) => {
  const button = make("button", { type: "button" }, "Save " + (several ? labels[i] + " " : "") + "as JSON");
  button.addEventListener("click", () => {
    const address = URL.createObjectURL(new Blob([JSON.stringify(run, null, 2) + "\n"], { type: "application/json" }));
    const link = make("a", { href: address, download: fileName(i) });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60000);
  });
  return button;
}));
document.documentElement.dataset.drawn = "yes";
