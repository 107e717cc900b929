package report

import (
	"sort"
	"time"
)

// Verdict is what a run's promises come to.
type Verdict string

// The verdicts.
const (
	Kept     Verdict = "kept"       // each promise
	Broken   Verdict = "broken"     // at least one
	Unjudged Verdict = "not judged" // there are no promises
)

// Verdict judges the run by its promises.
func (r *Run) Verdict() Verdict {
	switch {
	case len(r.Promises) == 0:
		return Unjudged
	case len(r.Broken()) > 0:
		return Broken
	}
	return Kept
}

// Broken gives the promises that were not kept.
func (r *Run) Broken() []Promise {
	var broken []Promise
	for _, p := range r.Promises {
		if !p.Kept {
			broken = append(broken, p)
		}
	}
	return broken
}

// Throughput is the number of operations per second that were acknowledged after the warm-up.
func (r *Run) Throughput() float64 {
	measured := r.Elapsed - r.Warmup
	if measured <= 0 {
		return 0
	}
	return float64(r.All.Count) / measured.Seconds()
}

// ErrorTotal is the number of errors that callers got, of all classes, and that no fault explains.
func (r *Run) ErrorTotal() int64 {
	var n int64
	for _, e := range r.Errors {
		if e.Fault == "" {
			n += e.Count
		}
	}
	return n
}

// explained is the number of errors that are the own of what was done to the run.
func (r *Run) explained() int64 {
	var n int64
	for _, e := range r.Errors {
		if e.Fault != "" {
			n += e.Count
		}
	}
	return n
}

// Label is the run's name, or its mode where it has none.
func (r *Run) Label() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Mode != "":
		return r.Mode
	}
	return "run"
}

// At is the latency that a part of the operations stayed within: that of the first quantile that is not below q. It is 0 where
// nothing was measured.
func (o *Operation) At(q float64) time.Duration {
	at := sort.Search(len(o.Quantiles), func(i int) bool { return o.Quantiles[i].Quantile >= q })
	switch {
	case at < len(o.Quantiles):
		return o.Quantiles[at].Latency
	case at > 0:
		return o.Quantiles[at-1].Latency
	}
	return 0
}

// Max is the longest latency.
func (o *Operation) Max() time.Duration { return o.At(1) }
