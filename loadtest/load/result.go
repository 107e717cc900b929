package load

import (
	"bufio"
	"cmp"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/loadtest/report"
)

// Sample is how a run stands while it goes on.
type Sample struct {
	Elapsed    time.Duration
	Progress   float64       // how much of the load is over, from 0 to 1
	Done       int64         // operations that were acknowledged since the beginning
	Rate       float64       // of these in a second, since the last sample
	P50, P99   time.Duration // of all operations since the last sample; 0 where there were none
	Tables     int64         // that the ledger has
	Migrations int64         // that it counts
	Errors     int64         // that callers got
	Explained  int64         // that callers got because of a fault
	Faults     map[string]int64
}

// Result is what came of a run.
type Result struct {
	// Run is the result with its promises, to be written and shown.
	Run report.Run
	// Verdict is each single check of the database.
	Verdict *checker.Verdict
	// Lost is how many acknowledged rows went, or may have gone, with tables that were dropped.
	Lost int64
	// Kept says where the tables are, if they were kept.
	Kept string

	judged *judgement
}

// OK reports whether every promise was kept: the database is as it must be, and no caller got an error that is not a fault's own. What
// a worker had no time to tell before it was killed is no error; what it told before counts.
func (r *Result) OK() bool { return r.Run.Verdict() == report.Kept }

// noOperation is where errors are counted that are none of a single operation's.
const noOperation = operations

// newResult puts together what was recorded. All workers must have ended.
func newResult(cfg *Config, r *recording, interrupted bool) *Result {
	run := report.Run{
		Name: cfg.Name, Mode: string(cfg.Mode), Started: r.began.Round(0), Elapsed: r.now(), Interrupted: interrupted,
		TargetRate: cfg.Rate, Machine: machine(), Config: cfg.Settings, Ensures: r.ensures.of, EnsuresLeftOut: r.ensures.leftOut,
		Faults: r.marks,
	}
	run.Warmup = min(cfg.WarmUp, run.Elapsed)
	slices.SortStableFunc(run.Faults, func(a, b report.Mark) int { return cmp.Compare(a.Offset, b.Offset) })
	slices.SortStableFunc(run.Ensures, func(a, b report.Ensure) int {
		return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Process, b.Process))
	})
	run.Series = series(r)
	run.All = operationOfHistogram("", r.total.all(false))
	for op, h := range r.total.latency {
		if h != nil {
			run.Operations = append(run.Operations, operationOfHistogram(Operation(op).String(), h))
		}
	}
	addErrors(&run, r.errors)
	return &Result{Run: run}
}

// addErrors counts errors by class and by operation; those that a fault explains are no errors of an operation's.
func addErrors(run *report.Run, errors []errorOf) {
	for _, e := range errors {
		at := slices.IndexFunc(run.Errors, func(o report.ErrorCount) bool { return o.Class == e.Kind && o.Fault == e.fault })
		if at < 0 {
			run.Errors = append(run.Errors, report.ErrorCount{Class: e.Kind, Count: e.Count, Example: e.First, Fault: e.fault})
		} else {
			run.Errors[at].Count += e.Count
		}
		if e.fault != "" || e.Op == noOperation {
			continue
		}
		run.All.Errors += e.Count
		at = slices.IndexFunc(run.Operations, func(o report.Operation) bool { return o.Name == e.Op.String() })
		if at < 0 {
			at = len(run.Operations)
			run.Operations = append(run.Operations, report.Operation{Name: e.Op.String()})
		}
		run.Operations[at].Errors += e.Count
	}
	slices.SortStableFunc(run.Errors, func(a, b report.ErrorCount) int {
		return cmp.Or(cmp.Compare(a.Fault, b.Fault), cmp.Compare(b.Count, a.Count))
	})
}

func series(r *recording) []report.Point {
	points := make([]report.Point, len(r.points))
	for i, p := range r.points {
		points[i] = report.Point{
			Offset: time.Duration(i+1) * r.tick, Length: r.tick, Operations: map[string]int64{}, Errors: p.errors,
			P50: percentile(p.latency, 50), P99: percentile(p.latency, 99), Max: percentile(p.latency, 100),
			Tables: p.tables, Migrations: p.migrations,
		}
		for op, n := range p.counts {
			if n > 0 {
				points[i].Operations[Operation(op).String()] = n
			}
		}
	}
	return points
}

func operationOfHistogram(name string, h *hdrhistogram.Histogram) report.Operation {
	out := report.Operation{Name: name, Count: h.TotalCount()}
	if out.Count == 0 {
		return out
	}
	out.Mean = time.Duration(h.Mean() * float64(time.Microsecond))
	for _, q := range quantiles(out.Count) {
		out.Quantiles = append(out.Quantiles, report.Quantile{Quantile: q, Latency: percentile(h, 100*q)})
	}
	return out
}

// quantilesPerHalf is how many quantiles there are between one half of what is left and the next.
const quantilesPerHalf = 8

// quantiles are those of a curve of so many values: closer and closer to 1, which is the last, as long as they are of different values.
func quantiles(count int64) []float64 {
	out := []float64{0}
	for left := 1.0; left*float64(count) > 1; left /= 2 {
		for step := range quantilesPerHalf {
			out = append(out, 1-left*(1-float64(step+1)/(2*quantilesPerHalf)))
		}
	}
	return append(out, 1)
}

func machine() report.Machine {
	m := report.Machine{OS: runtime.GOOS + "/" + runtime.GOARCH, CPU: cpu(), CPUs: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		m.Library = build.Main.Version
		for _, s := range build.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				m.Library = s.Value[:12]
			}
		}
	}
	return m
}

// cpu is the processor's name where the system tells it in the way of Linux.
func cpu() string {
	file, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
