package load

import (
	"math"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// recording is what the supervisor writes down of a run. It is safe for concurrent use once begin was called.
type recording struct {
	cfg    *Config
	site   *site
	tick   time.Duration // the length of the intervals
	total  *tally
	recent *tally // since the last sample

	mu      sync.Mutex
	began   time.Time
	points  []point
	ensures *ensures
	marks   []report.Mark
	drops   []drops          // of each table
	expects map[string]drops // of each kind of fault, when it was caused
	errors  []errorOf        // what callers got, in the order of the first of each kind
	done    int64            // operations that were acknowledged
}

// point is what happened in one interval.
type point struct {
	counts             [operations]int64
	errors             int64
	latency            *hdrhistogram.Histogram
	tables, migrations int64
}

// errorOf is one kind of error that callers got from one operation; fault is the one that explains it, or empty.
type errorOf struct {
	failure
	fault string
}

// tickOf is the length of the intervals for a run of a length; 0 is one whose length is not known.
func tickOf(length time.Duration) time.Duration {
	switch {
	case length > 2*time.Minute || length == 0:
		return time.Second
	case length > 30*time.Second:
		return 500 * time.Millisecond
	}
	return 200 * time.Millisecond
}

func newRecording(cfg *Config, s *site) *recording {
	length := cfg.Duration
	if length > 0 {
		length += cfg.WarmUp
	}
	return &recording{
		cfg: cfg, site: s, tick: tickOf(length), total: newTally(), recent: newTally(), ensures: newEnsures(),
		drops: make([]drops, cfg.Tables), expects: map[string]drops{},
	}
}

func (r *recording) begin(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began = at
}

// now is the time since the run's begin.
func (r *recording) now() time.Duration { return time.Since(r.began) }

// add takes in what a worker has told.
func (r *recording) add(process int64, said *message) error {
	told, err := said.Report.open()
	if err != nil {
		return err
	}
	r.total.merge(told)
	r.recent.merge(told)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += sum(told.Counts)
	r.ensures.add(process, told.Moments, func(table int) string { return r.site.ref(table).String() })
	// A worker tells of an interval when that has just ended, and of its last one whenever it ends.
	at := told.At
	if said.Event == eventTick {
		at -= r.tick / 2
	}
	p := r.point(at)
	for op, n := range told.Counts {
		p.counts[op] += n
		mergeInto(&p.latency, told.latency[op])
	}
	mergeInto(&p.latency, told.early)
	for _, f := range told.Failures {
		p.errors += r.note(f, told.At)
	}
	return nil
}

// point is the interval of a moment. The lock must be held.
func (r *recording) point(at time.Duration) *point {
	i := max(0, int(at/r.tick))
	for len(r.points) <= i {
		next := point{}
		if n := len(r.points); n > 0 {
			next.tables, next.migrations = r.points[n-1].tables, r.points[n-1].migrations
		}
		r.points = append(r.points, next)
	}
	return &r.points[i]
}

// note writes down an error that was told of at a moment, and gives how many are to be blamed on nobody but us. The lock must be held.
func (r *recording) note(f failure, told time.Duration) int64 {
	fault := r.explains(f.Kind, told)
	at := slices.IndexFunc(r.errors, func(o errorOf) bool { return o.Op == f.Op && o.Kind == f.Kind && o.fault == fault })
	if at < 0 {
		r.errors = append(r.errors, errorOf{f, fault})
	} else {
		r.errors[at].Count += f.Count
	}
	if fault != "" {
		return 0
	}
	return f.Count
}

// aftermath is how long a fault that is over can still be the reason of an error: an operation that it met may take so long, in a process
// that was frozen meanwhile.
const aftermath = patience + 2*maxFreeze

// explains names the fault whose own an error is, where there was one not long before. What it says of rows is judged all the same.
func (r *recording) explains(kind string, told time.Duration) string {
	switch kind {
	case schema.ErrUnavailable.Error(), schema.ErrOutcomeUnknown.Error():
		for _, fault := range []string{faultRestart, faultCut} {
			// The clocks of two processes agree but for less than an interval.
			if r.expects[fault].between(told-r.tick-aftermath, told+r.tick) {
				return fault
			}
		}
	case schema.ErrNotFound.Error():
		// A writer comes back to a row that went with its table whenever it does; the misses are judged by when that was.
		if len(r.expects[faultDrop]) > 0 {
			return faultDrop
		}
	}
	return ""
}

// failed writes down an error that is none of a single operation's.
func (r *recording) failed(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.note(failure{Op: noOperation, Kind: kindOf(err), Count: 1, First: err.Error()}, r.now())
}

// ended notes that a process is gone.
func (r *recording) ended(process int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ensures.end(process, r.now())
}

// expect notes that a fault is about to be caused, so that the errors which come of it are its own: from now until a while after over
// was called.
func (r *recording) expect(kind string) (over func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := len(r.expects[kind])
	r.expects[kind] = append(r.expects[kind], stretch{r.now(), math.MaxInt64})
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.expects[kind][at].to = r.now()
	}
}

// mark notes what was done; to is 0 for a moment.
func (r *recording) mark(kind, target string, at, to time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marks = append(r.marks, report.Mark{Kind: kind, Target: target, Offset: at, To: to})
}

func (r *recording) dropped(table int, name string, from, to time.Duration) {
	r.mark(faultDrop, name, from, 0)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.drops[table] = append(r.drops[table], stretch{from, to})
}

// progress is how much of the load is over, from 0 to 1.
func (r *recording) progress() float64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	part := 0.0
	if r.cfg.Duration > 0 {
		part = float64(r.now()) / float64(r.cfg.WarmUp+r.cfg.Duration)
	}
	if r.cfg.Count > 0 {
		part = max(part, float64(r.done)/float64(r.cfg.Count))
	}
	return part
}

// looked notes what the ledger says at this moment.
func (r *recording) looked(tables, migrations int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := r.point(r.now())
	p.tables, p.migrations = tables, migrations
}

// sample is how the run stands; last is the sample before.
func (r *recording) sample(last Sample) Sample {
	s := Sample{Elapsed: r.now(), Tables: last.Tables, Migrations: last.Migrations, Faults: map[string]int64{}}
	r.mu.Lock()
	s.Done = r.done
	for _, m := range r.marks {
		s.Faults[m.Kind]++
	}
	for _, e := range r.errors {
		if e.fault == "" {
			s.Errors += e.Count
		} else {
			s.Explained += e.Count
		}
	}
	if n := len(r.points); n > 0 {
		s.Tables, s.Migrations = r.points[n-1].tables, r.points[n-1].migrations
	}
	r.mu.Unlock()
	s.Progress = min(1, r.progress())
	t := r.recent
	t.mu.Lock()
	defer t.mu.Unlock()
	latency := t.all(true)
	s.P50, s.P99 = percentile(latency, 50), percentile(latency, 99)
	if passed := (s.Elapsed - last.Elapsed).Seconds(); passed > 0 {
		s.Rate = float64(sum(t.counts)) / passed
	}
	t.counts, t.failures, t.latency, t.early = [operations]int64{}, nil, [operations]*hdrhistogram.Histogram{}, nil
	return s
}
