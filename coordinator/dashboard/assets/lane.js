// The write lane: how many rows share a transaction, and who waits.

import { get } from "./api.js";
import { el, fill, notice, say } from "./dom.js";
import { live } from "./live.js";
import { count } from "./time.js";

const figures = {
  waiting: ["Waiting", "writes that wait for the next batch"],
  direct: ["On their own", "writes that run by themselves at this moment"],
  batches: ["Batches", "transactions that held more than one caller's write, so far"],
  together: ["Together", "writes that were done in these"],
  apart: ["Apart", "writes that waited for a batch and then ran by themselves"],
  mean: ["Mean size", "writes of a batch"],
};

const sizeOf = (batch) => (batch.to === 0 ? count(batch.from) + "+" : batch.from === batch.to ? count(batch.to) : count(batch.from) + "–" + count(batch.to));

export function laneView(root) {
  const numbers = {};
  const tiles = Object.entries(figures).map(([name, [title, words]]) => {
    numbers[name] = el("b", { text: "–" });
    return el("div", { class: "tile", title: words }, el("span", { text: title }), numbers[name], el("small", { text: words }));
  });
  const resting = notice("Batches were of no use lately, so that all writes run by themselves for up to a second.");
  const rows = el("tbody");
  const bars = [];
  fill(root,
    el("h1", { text: "Write lane" }),
    el("p", { class: "lead", text: "Writes of single rows that come at the same moment share one transaction." }),
    resting,
    el("div", { class: "tiles" }, tiles),
    el("h2", { text: "How large batches were" }),
    el("table", { class: "sizes" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Writes" }), el("th", { scope: "col", text: "Share" }), el("th", { scope: "col", class: "number", text: "Batches" }))),
      rows));

  function draw(lane) {
    resting.hidden = !lane.resting;
    for (const name of Object.keys(figures)) {
      if (name !== "mean") say(numbers[name], count(lane[name]));
    }
    say(numbers.mean, lane.batches ? (lane.together / lane.batches).toFixed(1) : "–");
    if (bars.length !== lane.batch.length) {
      fill(rows, lane.batch.map((batch) => {
        const bar = el("span", { class: "fillbar" });
        const number = el("td", { class: "number" });
        bars.push({ bar, number });
        return el("tr", {}, el("th", { scope: "row", text: sizeOf(batch) }), el("td", { class: "barcell" }, bar), number);
      }));
    }
    const most = Math.max(1, ...lane.batch.map((batch) => batch.count));
    lane.batch.forEach((batch, i) => {
      bars[i].bar.style.inlineSize = (100 * batch.count / most).toFixed(2) + "%";
      say(bars[i].number, count(batch.count));
    });
  }

  const onPulse = ({ detail }) => draw(detail.lane);
  live.addEventListener("pulse", onPulse);
  if (live.overview) draw(live.overview.lane);
  else get("lane").then(draw, (err) => fill(root, notice(err.message, "error")));
  return () => live.removeEventListener("pulse", onPulse);
}
