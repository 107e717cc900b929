// The curves of latency: which part of the operations was at most so slow.
"use strict";

// nines counts how many nines a part has: 0.9 is 1, 0.99 is 2. The tail is what such a chart is looked at for.
const nines = (q) => -Math.log10(1 - q);
const part = (n) => 1 - 10 ** -n;

function writePart(n) {
  if (n == null) return "–";
  return (part(n) * 100).toFixed(Math.min(Math.max(0, Math.ceil(n) - 1), 5)).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") + " %";
}

// curve is what is drawn of an operation: milliseconds and nines, both rising. That of the longest one is where the number of
// operations puts it.
function curve(operation) {
  const last = Math.log10(Math.max(operation.count, 10));
  const points = [];
  for (const { quantile, latency_ns } of operation.quantiles ?? []) {
    const y = quantile >= 1 ? last : Math.min(nines(quantile), last), x = Math.max(millis(latency_ns), 1e-6), before = points.at(-1);
    if (before && x <= before[0]) before[1] = Math.max(before[1], y);
    else points.push([x, y]);
  }
  return points;
}

// along gives a curve's height at x, and null where it is not.
function along(points, x) {
  if (points.length === 0 || x < points[0][0] || x > points.at(-1)[0]) return null;
  let low = 0, high = points.length - 1;
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (points[half][0] <= x) low = half; else high = half;
  }
  const [x0, y0] = points[low], [x1, y1] = points[high];
  return x1 === x0 ? y1 : y0 + (y1 - y0) * (Math.log(x / x0) / Math.log(x1 / x0));
}

// choices are what the chart can show: one kind of operation of all runs, or all kinds of one run.
function choices() {
  const all = runs.map((run, i) => ({ label: labels[i], operation: run.all, stroke: () => runColor(i), dash: runDash(i) }));
  const kinds = runs.map((run, i) => [
    { label: "all", operation: run.all, stroke: () => color("run-1") },
    ...(run.operations ?? []).map((o, k) => ({ label: o.name, operation: o, stroke: () => runColor(k + 1), dash: runDash(k + 1) })),
  ]);
  if (!several) return [{ name: "each operation", lines: kinds[0] }];
  const names = [...new Set(runs.flatMap((run) => (run.operations ?? []).map((o) => o.name)))];
  return [
    { name: "all operations, by run", lines: all },
    ...names.map((name) => ({ name: name + ", by run", lines: all.map((line, i) => ({ ...line, operation: runs[i].operations?.find((o) => o.name === name) })).filter((line) => line.operation) })),
    ...runs.map((run, i) => ({ name: labels[i] + ", by operation", lines: kinds[i] })),
  ];
}

function cdf(lines) {
  const curves = lines.map((line) => ({ ...line, points: curve(line.operation) })).filter((line) => line.points.length > 0);
  if (curves.length === 0) return null;
  const xs = [...new Set(curves.flatMap((c) => c.points.map((p) => p[0])))].sort((a, b) => a - b);
  const top = Math.max(1, ...curves.map((c) => c.points.at(-1)[1]));
  const parts = [nines(0.5), ...Array.from({ length: Math.floor(top) }, (_, i) => i + 1)];
  const x = logAxis();
  return {
    data: [xs, ...curves.map((c) => xs.map((at) => along(c.points, at)))],
    series: curves.map((c) => ({ label: c.label, stroke: c.stroke(), dash: c.dash, value: (u, v) => writePart(v), points: { show: c.points.length === 1 } })),
    x: {
      scale: { ...x.scale, range: (u, from, to) => (from == null ? [0.1, 10] : from === to ? decades(from, to) : [from, to]) },
      axis: { ...x.axis, values: roundOnly(span), space: 30 }, series: { label: "At most", value: (u, v) => span(v) },
    },
    y: { scale: { range: [0, top * 1.04] }, axis: { splits: parts, values: (u, ticks) => ticks.map(writePart), size: 70 } },
  };
}

{
  const offered = choices();
  let chosen = 0;
  const entry = plot("cdf", () => cdf(offered[chosen].lines));
  if (offered.length > 1) {
    const select = document.getElementById("cdf-lines");
    select.append(...offered.map((choice, i) => make("option", { value: i }, choice.name)));
    select.addEventListener("change", () => { chosen = Number(select.value); redraw(entry); });
    document.getElementById("cdf-tools").hidden = false;
  }
}
