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
const positive = (ns) => (ns > 0 ? millis(ns) : null);

const timeAxis = {
  // All there is, is shown from the beginning to the end; a part that was chosen, as it was.
  scale: { range: (u, from, to) => (from == null || (from === u.data[0][0] && to === u.data[0].at(-1)) ? [0, end] : [from, to]) },
  axis: { values: (u, ticks) => ticks.map((t) => t + " s") },
  series: { label: "At", value: (u, s) => atSecond(s) },
};

function logAxis(values) {
  return {
    scale: { distr: 3, log: 10, range: (u, from, to) => (from > 0 && to > 0 ? decades(from, to) : [0.1, 10]) },
    axis: { values, size: 62 },
  };
}

// decades widens a range to whole powers of ten.
const decades = (from, to) => [10 ** Math.floor(Math.log10(from)), 10 ** Math.max(Math.ceil(Math.log10(to)), Math.floor(Math.log10(from)) + 1)];
const powersOnly = (write) => (u, ticks) => ticks.map((t) => (Math.abs(Math.log10(t) - Math.round(Math.log10(t))) < 1e-9 ? write(t) : null));

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
  const y = logAxis(powersOnly(span));
  if (several) {
    return timed({
      y, data: overTime((run) => {
        const points = run.series ?? [];
        return [points.map(middle), points.map((p) => positive(p.p99_ns)), points.map((p) => positive(p.p50_ns))];
      }),
      series: withSeries((run, i) => [
        { label: labels[i] + " p99", stroke: runColor(i), value: write },
        { label: labels[i] + " p50", stroke: runColor(i), value: write, dash: [5, 4], width: 1.25 },
      ]),
    });
  }
  const points = runs[0].series ?? [];
  return timed({
    y, data: [points.map(middle), ...["p50_ns", "p99_ns", "max_ns"].map((of) => points.map((p) => positive(p[of])))],
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
