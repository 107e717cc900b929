// The charts: what of the results is drawn, and how.
"use strict";

const end = Math.max(0.001, ...runs.map((run) => Math.max(seconds(run.elapsed_ns), ...(run.series ?? []).map((p) => seconds(p.offset_ns)))));

// overTime puts lines of runs on one axis of time. of gives, for a run, its points as [second, value, …], one value for each line.
function overTime(of) {
  const tables = runs.map((run, i) => of(run, i)).filter((table) => table[0].length > 0);
  if (tables.length === 0) return [[]];
  return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

const middle = (p) => seconds(p.offset_ns - (p.length_ns ?? 0) / 2);
const done = (p) => Object.values(p.operations ?? {}).reduce((sum, n) => sum + n, 0);
const rate = (n, p) => (p.length_ns > 0 ? n / seconds(p.length_ns) : null);

// latencies is one of the latencies of each point. Where nothing was acknowledged there is none: the line bridges a moment, and is
// broken by a standstill, as undefined and null tell uPlot.
function latencies(points, of) {
  const values = points.map((p) => (p[of] > 0 ? millis(p[of]) : null)), bridge = Math.max(1, end * 0.08);
  let last = -1;
  values.forEach((value, i) => {
    if (value == null) return;
    if (last >= 0 && middle(points[i]) - middle(points[last]) <= bridge) values.fill(undefined, last + 1, i);
    last = i;
  });
  return values;
}

const timeAxis = {
  // All there is, is shown from the beginning to the end; a part that was chosen, as it was.
  scale: { range: (u, from, to) => (from == null || (from === u.data[0][0] && to === u.data[0].at(-1)) ? [0, end] : [from, to]) },
  axis: { values: (u, ticks) => ticks.map((t) => t + " s") },
  series: { label: "At", value: (u, s) => atSecond(s) },
};

function logAxis(values) {
  return {
    scale: { distr: 3, log: 10, range: (u, from, to) => (from > 0 && to > 0 ? decades(from, to) : [0.1, 10]) },
    axis: { values, splits: (u, axis, from, to) => logTicks(from, to), filter: (u, ticks) => ticks, size: 62 },
  };
}

// logTicks are the round numbers from one to another: 1, 2, … 9 times each power of ten.
function logTicks(from, to) {
  const ticks = [];
  for (let power = Math.floor(Math.log10(from)); power <= Math.log10(to); power++) {
    for (let n = 1; n < 10; n++) ticks.push(n * 10 ** power);
  }
  return ticks.filter((t) => t >= from * (1 - 1e-9) && t <= to * (1 + 1e-9));
}

// decades widens a range to whole powers of ten.
const decades = (from, to) => [10 ** Math.floor(Math.log10(from)), 10 ** Math.max(Math.ceil(Math.log10(to)), Math.floor(Math.log10(from)) + 1)];
// roundOnly names the powers of ten, where there are too few of them what is 2 and 5 times as much, too, and where there is no room
// for all of them only some.
const roundOnly = (write) => (u, ticks, axis) => {
  const power = (t) => Math.floor(Math.log10(t) + 1e-6), mantissa = (t) => Math.round(t / 10 ** power(t));
  const powers = ticks.filter((t) => mantissa(t) === 1).length, named = powers > 1 ? [1] : [1, 2, 5];
  const step = axis === 0 ? Math.ceil((powers * 58) / u.width) : 1;
  return ticks.map((t) => (named.includes(mantissa(t)) && power(t) % step === 0 ? write(t) : null));
};

const fromZero = (values) => ({ scale: { range: (u, from, to) => [0, to > 0 ? to * 1.08 : 1] }, axis: { values, size: 62 } });

// marks are the moments that explain the lines; those of several runs have their runs' colours.
function marks() {
  return runs.flatMap((run, i) => (run.faults ?? []).map((m) => ({
    at: seconds(m.offset_ns), to: m.to_ns ? seconds(m.to_ns) : 0, kind: m.kind, color: several ? runColor(i) : null,
    text: [m.kind, m.target, several ? "(" + labels[i] + ")" : ""].filter(Boolean).join(" "),
  }))).sort((a, b) => a.at - b.at);
}

function warmup() {
  const all = new Set(runs.map((run) => run.warmup_ns ?? 0));
  return all.size === 1 && !all.has(0) ? { from: 0, to: seconds(runs[0].warmup_ns), text: "warm-up" } : null;
}

// A value is told for the moments that are closer to it than to any other one of its run.
const reach = Math.max(0, ...runs.flatMap((run) => (run.series ?? []).map((p) => seconds(p.length_ns ?? 0)))) * 0.75;
const timed = (rest) => ({ x: timeAxis, marks: marks(), zone: warmup(), sync: "time", reach, ...rest });
// withSeries has only the runs that overTime has kept.
const withSeries = (lines) => runs.flatMap((run, i) => (run.series?.length ? lines(run, i) : []));

function throughput() {
  const write = (u, v) => perSecond(v);
  const y = fromZero((u, ticks) => ticks.map((t) => (ticks.at(-1) >= 10000 && t > 0 ? t / 1000 + "k" : count(t))));
  if (several) {
    const failed = runs.map((run) => (run.series ?? []).some((p) => p.errors > 0));
    return timed({
      y, data: overTime((run, i) => {
        const points = run.series ?? [], lines = [points.map(middle), points.map((p) => rate(done(p), p))];
        return failed[i] ? [...lines, points.map((p) => rate(p.errors ?? 0, p))] : lines;
      }),
      series: withSeries((run, i) => {
        const line = { label: labels[i], stroke: runColor(i), dash: runDash(i), value: write };
        return failed[i] ? [line, { ...line, label: labels[i] + ", errors", dash: [2, 3], width: 1.25 }] : [line];
      }),
    });
  }
  const points = runs[0].series ?? [];
  const known = (runs[0].operations ?? []).map((o) => o.name);
  const names = [...new Set([...known, ...points.flatMap((p) => Object.keys(p.operations ?? {}))])];
  const failing = points.some((p) => p.errors > 0);
  const kinds = names.length > 1 ? names : [];
  return timed({
    y, data: [
      points.map(middle), points.map((p) => rate(done(p), p)), ...kinds.map((name) => points.map((p) => rate(p.operations?.[name] ?? 0, p))),
      ...(failing ? [points.map((p) => rate(p.errors ?? 0, p))] : []),
    ],
    series: [
      { label: "all", stroke: color("run-1"), fill: color("area"), value: write, width: 2 },
      ...kinds.map((name, k) => ({ label: name, stroke: runColor(k + 1), dash: runDash(k + 1), value: write, width: 1.25 })),
      ...(failing ? [{ label: "errors", stroke: color("failed"), value: write, dash: [2, 3] }] : []),
    ],
  });
}

function latency() {
  const write = (u, v) => span(v);
  const y = logAxis(roundOnly(span));
  if (several) {
    return timed({
      y, data: overTime((run) => {
        const points = run.series ?? [];
        return [points.map(middle), latencies(points, "p99_ns"), latencies(points, "p50_ns")];
      }),
      series: withSeries((run, i) => [
        { label: labels[i] + " p99", stroke: runColor(i), value: write },
        { label: labels[i] + " p50", stroke: runColor(i), value: write, dash: [5, 4], width: 1.25 },
      ]),
    });
  }
  const points = runs[0].series ?? [];
  return timed({
    y, data: [points.map(middle), ...["p50_ns", "p99_ns", "max_ns"].map((of) => latencies(points, of))],
    series: [
      { label: "p50", stroke: color("run-1"), value: write, width: 2 },
      { label: "p99", stroke: color("run-2"), value: write, width: 2 },
      { label: "longest", stroke: color("run-6"), value: write, width: 1, dash: [3, 3] },
    ],
  });
}

function tables() {
  const write = (u, v) => count(v);
  const y = fromZero((u, ticks) => ticks.map((t) => (Number.isInteger(t) ? count(t) : null)));
  const of = (run) => {
    const points = run.series ?? [];
    if (points.length === 0) return [[], [], []];
    return [[0, ...points.map((p) => seconds(p.offset_ns))], [0, ...points.map((p) => p.migrations)], [0, ...points.map((p) => p.tables)]];
  };
  return timed({
    y, data: overTime(of),
    series: withSeries((run, i) => [
      { label: several ? labels[i] + " migrations" : "migrations", stroke: several ? runColor(i) : color("run-2"), value: write, width: 2 },
      { label: several ? labels[i] + " tables" : "tables", stroke: several ? runColor(i) : color("run-1"), value: write, dash: [5, 4], width: 1.5 },
    ]),
  });
}

plot("throughput", throughput);
plot("latency", latency);
plot("tables", tables);
