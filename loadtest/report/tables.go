package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// maxRows is how many rows a table beside a chart has; all there is is in the JSON.
const maxRows = 1000

func (g *grid) add(cells ...string) { g.Rows = append(g.Rows, cells) }

// fit leaves out what is too much for a page, and the first column, which has the run, where there is but one.
func (g grid) fit(runs []Run) grid {
	if len(runs) == 1 {
		g.Head, g.Kinds = g.Head[1:], g.Kinds[1:]
		for i := range g.Rows {
			g.Rows[i] = g.Rows[i][1:]
		}
	}
	if len(g.Rows) > maxRows {
		g.Note = fmt.Sprintf("The first %s of %s rows; all are in the JSON.", number(maxRows), number(int64(len(g.Rows))))
		g.Rows = g.Rows[:maxRows]
	}
	return g
}

// kinds is each kind of operation of each run.
func kinds(runs []Run) grid {
	g := grid{Head: []string{"Run", "Operation", "Acknowledged", "Per second", "Errors", "Mean", "p50", "p90", "p99", "p99.9", "Longest"}, Kinds: "  nnnnnnnnn"}
	for i := range runs {
		r := &runs[i]
		line := func(name string, o *Operation) {
			rate := none
			if measured := r.Elapsed - r.Warmup; measured > 0 {
				rate = perSecond(float64(o.Count) / measured.Seconds())
			}
			g.add(r.Label(), name, number(o.Count), rate, number(o.Errors), span(o.Mean), span(o.At(0.5)), span(o.At(0.9)),
				span(o.At(0.99)), span(o.At(0.999)), span(o.Max()))
		}
		for k := range r.Operations {
			line(r.Operations[k].Name, &r.Operations[k])
		}
		line("all", &r.All)
	}
	return g.fit(runs)
}

func errorsOf(runs []Run) grid {
	g := grid{Head: []string{"Run", "Class", "Count", "Because of", "One of them"}, Kinds: " tn t"}
	for i := range runs {
		for _, e := range runs[i].Errors {
			g.add(runs[i].Label(), e.Class, number(e.Count), cmp.Or(e.Fault, none), e.Example)
		}
	}
	return g.fit(runs)
}

func marks(runs []Run) grid {
	g := grid{Head: []string{"Run", "At", "Until", "What", "Whom"}, Kinds: " nn t"}
	for i := range runs {
		for _, m := range runs[i].Faults {
			to := ""
			if m.To > 0 {
				to = seconds(m.To)
			}
			g.add(runs[i].Label(), seconds(m.Offset), to, m.Kind, m.Target)
		}
	}
	return g.fit(runs)
}

// chartsOf is what stands beside each chart, by the chart's name in the page.
func chartsOf(runs []Run) map[string]chart {
	throughput := grid{Head: []string{"Run", "At", "Operations per second", "Errors"}, Kinds: " nnn"}
	latency := grid{Head: []string{"Run", "At", "p50", "p99", "Longest"}, Kinds: " nnnn"}
	tables := grid{Head: []string{"Run", "At", "Tables", "Migrations"}, Kinds: " nnn"}
	for i := range runs {
		label := runs[i].Label()
		for k := range runs[i].Series {
			p := &runs[i].Series[k]
			at := seconds(p.Offset)
			throughput.add(label, at, perSecond(p.rate()), number(p.Errors))
			latency.add(label, at, span(p.P50), span(p.P99), span(p.Max))
			tables.add(label, at, number(p.Tables), number(p.Migrations))
		}
	}
	return map[string]chart{
		"throughput": {"Lines: acknowledged operations per second over the time of the run. " + extremes(runs), throughput.fit(runs)},
		"latency":    {"Lines: latency over the time of the run, on a logarithmic axis. " + percentiles(runs), latency.fit(runs)},
		"tables":     {"Lines: tables that are there and migrations that were counted, over the time of the run. " + ends(runs), tables.fit(runs)},
		"cdf":        {"Curves: which part of the operations was at most so slow, on logarithmic axes. " + percentiles(runs), curves(runs)},
		"ensures":    {"Bars: what each process did about each table, over the time of the run.", ensures(runs)},
	}
}

// rate is the number of operations per second that were acknowledged in the interval.
func (p *Point) rate() float64 {
	if p.Length <= 0 {
		return 0
	}
	return float64(p.Done()) / p.Length.Seconds()
}

func extremes(runs []Run) string {
	text := ""
	for i := range runs {
		var rates []float64
		for k := range runs[i].Series {
			rates = append(rates, runs[i].Series[k].rate())
		}
		if len(rates) > 0 {
			text += fmt.Sprintf("%s: from %s to %s. ", runs[i].Label(), perSecond(slices.Min(rates)), perSecond(slices.Max(rates)))
		}
	}
	return text
}

func percentiles(runs []Run) string {
	text := ""
	for i := range runs {
		all := &runs[i].All
		text += fmt.Sprintf("%s: p50 %s, p99 %s, longest %s. ", runs[i].Label(), span(all.At(0.5)), span(all.At(0.99)), span(all.Max()))
	}
	return text
}

func ends(runs []Run) string {
	text := ""
	for i := range runs {
		text += fmt.Sprintf("%s: %s and %s at the end. ", runs[i].Label(), counted(runs[i].Tables, "table"), counted(runs[i].Migrations, "migration"))
	}
	return text
}

// curves has the latencies of all operations, and of each kind, at the quantiles that people ask for.
func curves(runs []Run) grid {
	g := grid{Head: []string{"Run", "Part", "Operation", "At most"}, Kinds: " n n"}
	for _, quantile := range []float64{0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999, 1} {
		for i := range runs {
			g.add(runs[i].Label(), percent(quantile), "all", span(runs[i].All.At(quantile)))
			for k := range runs[i].Operations {
				o := &runs[i].Operations[k]
				g.add(runs[i].Label(), percent(quantile), o.Name, span(o.At(quantile)))
			}
		}
	}
	return g.fit(runs)
}

// ensures has a row for each process and table, in the order of the tables' names.
func ensures(runs []Run) grid {
	g := grid{Head: []string{"Run", "Table", "Process", "Ready at", "Looking", "Waiting", "Locked", "Applying", "Failed"}, Kinds: "  nnnnnnn"}
	for i := range runs {
		sorted := slices.Clone(runs[i].Ensures)
		slices.SortStableFunc(sorted, func(a, b Ensure) int { return cmp.Or(cmp.Compare(a.Table, b.Table), cmp.Compare(a.Process, b.Process)) })
		for _, e := range sorted {
			ready, spent := none, map[Phase]time.Duration{}
			for _, s := range e.Spans {
				if s.Phase == PhaseReady && ready == none {
					ready = seconds(s.From)
				}
				spent[s.Phase] += s.To - s.From
			}
			g.add(runs[i].Label(), e.Table, strconv.FormatInt(e.Process, 10), ready,
				span(spent[PhaseLooking]), span(spent[PhaseWaiting]), span(spent[PhaseLocked]), span(spent[PhaseApplying]), span(spent[PhaseFailed]))
		}
	}
	return g.fit(runs)
}
