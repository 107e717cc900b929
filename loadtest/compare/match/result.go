package match

import (
	"slices"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// Result is what was measured.
type Result struct {
	Rows []*Row `json:"cells"`
}

// Row is a cell with what each contestant came to.
type Row struct {
	Cell
	Samples map[string][]Sample `json:"samples"` // by the contestant's name, one of each round

	took map[string]time.Duration // by the last run, with all around it
}

func (r *Result) row(cell Cell) *Row {
	at := slices.IndexFunc(r.Rows, func(row *Row) bool { return row.Cell == cell })
	if at >= 0 {
		return r.Rows[at]
	}
	row := &Row{Cell: cell, Samples: map[string][]Sample{}, took: map[string]time.Duration{}}
	r.Rows = append(r.Rows, row)
	return row
}

func (r *Row) add(name string, s Sample, took time.Duration) {
	r.Samples[name] = append(r.Samples[name], s)
	r.took[name] = took
}

// Figure is a contestant's result in a cell.
type Figure struct {
	Median, Min, Max float64
	P50, P99         float64 // medians, in ms; 0 is unknown
	Allocs, Bytes    float64 // medians; -1 is unknown
	DDL              int64   // median; -1 is unknown
	Failed           float64 // part of all calls
}

// Figure gives a contestant's result; there is none where it did not take part.
func (r *Row) Figure(name string) (Figure, bool) {
	samples := r.Samples[name]
	if len(samples) == 0 {
		return Figure{}, false
	}
	values := pick(samples, func(s Sample) float64 { return s.Value })
	f := Figure{
		Median: median(values), Min: slices.Min(values), Max: slices.Max(values),
		P50:    median(pick(samples, func(s Sample) float64 { return s.P50 })),
		P99:    median(pick(samples, func(s Sample) float64 { return s.P99 })),
		Allocs: median(pick(samples, func(s Sample) float64 { return known(s.Allocs) })),
		Bytes:  median(pick(samples, func(s Sample) float64 { return known(s.Bytes) })),
		DDL:    int64(median(pick(samples, func(s Sample) float64 { return known(s.DDL) }))),
	}
	var done, failed int64
	for _, s := range samples {
		done, failed = done+s.Done, failed+s.Failed
	}
	if failed > 0 {
		f.Failed = float64(failed) / float64(done+failed)
	}
	return f, true
}

// Ratio gives how many times as good one contestant is as another: the median over the rounds in which both took part, for
// a slow moment of the machine is slow for both. 0 is unknown.
func (r *Row) Ratio(name, other string) float64 {
	a, b := r.Samples[name], r.Samples[other]
	var ratios []float64
	for i := range min(len(a), len(b)) {
		better, worse := a[i].Value, b[i].Value
		if r.Unit == Milliseconds {
			better, worse = worse, better
		}
		if better > 0 && worse > 0 {
			ratios = append(ratios, better/worse)
		}
	}
	if len(ratios) == 0 {
		return 0
	}
	return median(ratios)
}

// Best gives the best of those that are neither bare, nor a limit, nor this library; empty where none took part.
func (r *Row) Best() string {
	best := ""
	for _, c := range peer.All() {
		if c.Name == peer.Bare || c.Name == peer.Limit || c.Name == peer.Own || len(r.Samples[c.Name]) == 0 {
			continue
		}
		if best == "" || r.Ratio(c.Name, best) > 1 {
			best = c.Name
		}
	}
	return best
}

func pick(samples []Sample, of func(Sample) float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = of(s)
	}
	return out
}

func known[N int64 | float64](n *N) float64 {
	if n == nil {
		return -1
	}
	return float64(*n)
}

// median is the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[half-1] + sorted[half]) / 2
	}
	return sorted[half]
}
