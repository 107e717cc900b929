// One plot: uPlot with the page's colours, marks, keys and fingers.
"use strict";

const plots = [];
const plotHeight = 280, often = 24;

// plot draws what build describes into the element with this id, now and whenever colours change. build gives null where there is
// nothing to show.
function plot(id, build) {
  const entry = { host: document.getElementById(id), build, chart: null };
  plots.push(entry);
  redraw(entry);
  new ResizeObserver(() => resize(entry)).observe(entry.host);
  return entry;
}

function resize(entry, width = entry.host.clientWidth) {
  if (entry.chart && width > 0 && width !== entry.chart.width) entry.chart.setSize({ width, height: plotHeight });
}

function redraw(entry, width = entry.host.clientWidth) {
  entry.chart?.destroy();
  entry.chart = null;
  entry.host.replaceChildren();
  const wanted = entry.build();
  if (!wanted || wanted.data[0].length === 0) {
    entry.host.append(make("p", { class: "empty" }, "Nothing was measured."));
    return;
  }
  const below = make("p", { class: "marks", hidden: !wanted.marks?.length });
  entry.chart = new uPlot(options(wanted, width, below), wanted.data, entry.host);
  entry.host.append(below);
  reachable(entry.chart, entry.host.dataset.alt);
}

function options(wanted, width, below) {
  const font = "12px " + getComputedStyle(document.body).fontFamily;
  const axis = { stroke: color("muted"), font, grid: { stroke: color("grid"), width: 1 }, ticks: { stroke: color("line"), width: 1, size: 4 }, gap: 6 };
  const marks = wanted.marks ?? [];
  return {
    width, height: plotHeight, padding: [marks.length || wanted.zone ? 20 : 8, 14, 0, 0],
    scales: { x: { time: false, ...wanted.x.scale }, y: wanted.y.scale },
    axes: [{ ...axis, ...wanted.x.axis, size: 34 }, { ...axis, ...wanted.y.axis }],
    series: [wanted.x.series, ...wanted.series.map((s) => ({ width: 1.75, points: { show: wanted.data[0].length < 3 }, ...s }))],
    cursor: {
      dataIdx: nearest(wanted.reach ?? 0), sync: wanted.sync ? { key: wanted.sync, setSeries: false } : undefined,
      points: { size: 7, width: 2, fill: () => color("card") }, y: false, drag: { x: true, y: false, setScale: true },
    },
    hooks: {
      drawClear: [(u) => shade(u, wanted.zone, marks)],
      draw: [(u) => drawMarks(u, marks)],
      setCursor: [(u) => tellMark(u, marks, below)],
    },
  };
}

// nearest finds the value of a series that is next to the pointer, and no further away than reach: runs were not looked at in the
// same moments, and one has ended before the other.
const nearest = (reach) => (u, series, at) => {
  const xs = u.data[0], values = u.data[series], near = (i) => i >= 0 && i < xs.length && Math.abs(xs[i] - xs[at]) <= reach;
  for (let far = 0; near(at - far) || near(at + far); far++) {
    if (near(at - far) && values[at - far] != null) return at - far;
    if (near(at + far) && values[at + far] != null) return at + far;
  }
  return null;
};

function box(u, from, to, fill) {
  const left = Math.max(u.valToPos(from, "x", true), u.bbox.left);
  const right = Math.min(u.valToPos(to, "x", true), u.bbox.left + u.bbox.width);
  if (right <= left) return;
  u.ctx.fillStyle = fill;
  u.ctx.fillRect(left, u.bbox.top, right - left, u.bbox.height);
}

// shade puts the warm-up, and whatever lasted, behind the lines.
function shade(u, zone, marks) {
  u.ctx.save();
  if (zone) box(u, zone.from, zone.to, color("shade"));
  for (const mark of marks) if (mark.to > mark.at) box(u, mark.at, mark.to, color("shade"));
  u.ctx.restore();
  if (zone) put(u, zone.from, zone.text, color("muted"), 16);
}

// put writes a word at a moment, above the lines or as far below the upper edge, and gives where it ends.
function put(u, at, text, fill, below = -4) {
  const ratio = uPlot.pxRatio, x = u.valToPos(at, "x", true);
  u.ctx.save();
  u.ctx.font = 11 * ratio + "px " + getComputedStyle(document.body).fontFamily;
  u.ctx.fillStyle = fill;
  u.ctx.textBaseline = "bottom";
  u.ctx.textAlign = "left";
  const width = u.ctx.measureText(text).width;
  u.ctx.fillText(text, Math.min(x + (below > 0 ? 5 * ratio : 0), u.bbox.left + u.bbox.width - width), u.bbox.top + below * ratio);
  u.ctx.restore();
  return x + width;
}

// drawMarks draws a line for each mark, and its word where there is room for it. What happens all the time is named below.
function drawMarks(u, marks) {
  const ratio = uPlot.pxRatio, kinds = kindsOf(marks);
  let free = -Infinity;
  for (const mark of marks) {
    const x = Math.round(u.valToPos(mark.at, "x", true)) + 0.5;
    if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
    u.ctx.save();
    u.ctx.strokeStyle = mark.color ?? color("muted");
    u.ctx.globalAlpha = kinds.get(mark.kind) > often ? 0.35 : 0.8;
    u.ctx.lineWidth = ratio;
    u.ctx.setLineDash([3 * ratio, 3 * ratio]);
    u.ctx.beginPath();
    u.ctx.moveTo(x, u.bbox.top - 3 * ratio);
    u.ctx.lineTo(x, u.bbox.top + u.bbox.height);
    u.ctx.stroke();
    u.ctx.restore();
    if (x > free && kinds.get(mark.kind) <= often) free = put(u, mark.at, mark.kind, mark.color ?? color("muted")) + 8 * ratio;
  }
}

// tellMark names the mark that the pointer is at.
function tellMark(u, marks, below) {
  const near = marks.filter((m) => Math.abs(u.valToPos(m.at, "x") - u.cursor.left) < 6 || (m.to > m.at && u.valToPos(m.at, "x") < u.cursor.left && u.cursor.left < u.valToPos(m.to, "x")));
  below.textContent = u.cursor.left < 0 || near.length === 0 ? marksSummary(marks) : near.slice(0, 3).map((m) => atSecond(m.at) + " " + m.text).join(", ") + (near.length > 3 ? ", …" : "");
}

const marksSummary = (marks) => [...kindsOf(marks)].map(([kind, n]) => (n === 1 ? "1 " + kind : count(n) + " × " + kind)).join(", ");

function kindsOf(marks) {
  const kinds = new Map();
  for (const mark of marks) kinds.set(mark.kind, (kinds.get(mark.kind) ?? 0) + 1);
  return kinds;
}

// reachable lets keys and fingers do what a mouse does.
function reachable(u, alt) {
  const canvas = u.root.querySelector("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", alt);
  u.over.tabIndex = 0;
  u.over.setAttribute("role", "group");
  u.over.setAttribute("aria-label", "Left and right arrows read values, Escape shows everything again");
  const go = (at) => {
    const i = Math.max(0, Math.min(u.data[0].length - 1, at));
    u.setCursor({ left: u.valToPos(u.data[0][i], "x"), top: u.over.clientHeight / 2 }, true, true); // and tell the other charts
  };
  u.over.addEventListener("keydown", (event) => {
    const at = u.cursor.idx ?? -1;
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step) go(at < 0 ? (step > 0 ? 0 : u.data[0].length - 1) : at + step);
    else if (event.key === "Home") go(0);
    else if (event.key === "End") go(u.data[0].length - 1);
    else if (event.key === "Escape") u.setData(u.data);
    else return;
    event.preventDefault();
  });
  const touch = (event) => {
    const box = u.over.getBoundingClientRect(), finger = event.touches[0];
    u.setCursor({ left: finger.clientX - box.left, top: finger.clientY - box.top });
  };
  u.over.addEventListener("touchstart", touch, { passive: true });
  u.over.addEventListener("touchmove", touch, { passive: true });
  u.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => row.classList.toggle("dashed", Boolean(u.series[i].dash)));
  for (const name of u.root.querySelectorAll(".u-legend .u-series th")) {
    name.tabIndex = 0;
    name.setAttribute("role", "button");
    name.title = "show or hide";
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      name.click();
    });
  }
}
