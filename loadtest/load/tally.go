package load

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/schemactor/schemactor/schema"
)

// failure is one kind of error that callers got from one operation.
type failure struct {
	Op    Operation
	Kind  string
	Count int64
	First string // the text of one of them, which was the first of its process
}

// tally is what a worker reports since its last report, and what the parent makes of all reports. It is safe for concurrent use.
type tally struct {
	mu       sync.Mutex
	counts   [operations]int64 // acknowledged, those of the warm-up included
	failures []failure
	latency  [operations]*hdrhistogram.Histogram // of those that count, in microseconds; nil where there were none
	early    *hdrhistogram.Histogram             // of all operations of the warm-up; nil likewise
}

// Latencies are kept to two digits, from a microsecond to ten minutes; that takes some kilobytes, however many there are.
const (
	longest = 10 * time.Minute
	digits  = 2
)

func newTally() *tally { return &tally{} }

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), digits)
}

// record adds to a histogram, which it makes where it is not there.
func record(into **hdrhistogram.Histogram, took time.Duration) {
	if *into == nil {
		*into = newHistogram()
	}
	_ = (*into).RecordValue(min(max(took, time.Microsecond), longest).Microseconds()) // within its bounds: no error
}

// tallied is a tally on its way to the parent, with what else a worker tells.
type tallied struct {
	At       time.Duration     `json:"at"` // since the run's begin
	Counts   [operations]int64 `json:"counts"`
	Failures []failure         `json:"failures,omitempty"`
	Latency  [operations][]byte
	Early    []byte   `json:",omitempty"`
	Begun    int64    `json:"begun"` // of the quota, since the worker's begin
	Moments  []moment `json:"moments,omitempty"`
}

// done counts an operation that was acknowledged; early ones are in the warm-up.
func (t *tally) done(op Operation, took time.Duration, early bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts[op]++
	if early {
		record(&t.early, took)
		return
	}
	record(&t.latency[op], took)
}

// failed counts an error.
func (t *tally) failed(op Operation, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fail(failure{Op: op, Kind: kindOf(err), Count: 1, First: err.Error()})
}

func (t *tally) fail(f failure) {
	at := slices.IndexFunc(t.failures, func(o failure) bool { return o.Op == f.Op && o.Kind == f.Kind })
	if at < 0 {
		t.failures = append(t.failures, f)
		return
	}
	t.failures[at].Count += f.Count
}

// take gives what has come together, and begins anew.
func (t *tally) take() (out tallied, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out.Counts, out.Failures = t.counts, t.failures
	t.counts, t.failures = [operations]int64{}, nil
	for op, h := range t.latency {
		if out.Latency[op], err = packed(h); err != nil {
			return out, err
		}
	}
	out.Early, err = packed(t.early)
	t.latency, t.early = [operations]*hdrhistogram.Histogram{}, nil
	return out, err
}

func packed(h *hdrhistogram.Histogram) ([]byte, error) {
	if h == nil {
		return nil, nil
	}
	return h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
}

// heard is a report whose histograms can be read.
type heard struct {
	tallied
	latency [operations]*hdrhistogram.Histogram
	early   *hdrhistogram.Histogram
}

func (t *tallied) open() (*heard, error) {
	out := &heard{tallied: *t}
	unpack := func(text []byte, into **hdrhistogram.Histogram) (err error) {
		if len(text) > 0 {
			*into, err = hdrhistogram.Decode(text)
		}
		return err
	}
	for op, text := range t.Latency {
		if err := unpack(text, &out.latency[op]); err != nil {
			return nil, err
		}
	}
	return out, unpack(t.Early, &out.early)
}

// merge adds a report.
func (t *tally) merge(r *heard) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for op, n := range r.Counts {
		t.counts[op] += n
		mergeInto(&t.latency[op], r.latency[op])
	}
	mergeInto(&t.early, r.early)
	for _, f := range r.Failures {
		t.fail(f)
	}
}

func mergeInto(into **hdrhistogram.Histogram, from *hdrhistogram.Histogram) {
	if from == nil {
		return
	}
	if *into == nil {
		*into = newHistogram()
	}
	(*into).Merge(from)
}

// all gives the latencies of all operations together, those of the warm-up only where asked for. The tally's lock must be held.
func (t *tally) all(early bool) *hdrhistogram.Histogram {
	sum := newHistogram()
	for _, h := range t.latency {
		if h != nil {
			sum.Merge(h)
		}
	}
	if early && t.early != nil {
		sum.Merge(t.early)
	}
	return sum
}

// errors counts all failures.
func (t *tally) errors() (n int64) {
	for _, f := range t.failures {
		n += f.Count
	}
	return n
}

// sum counts all operations.
func sum(counts [operations]int64) (n int64) {
	for _, count := range counts {
		n += count
	}
	return n
}

func percentile(h *hdrhistogram.Histogram, p float64) time.Duration {
	if h == nil || h.TotalCount() == 0 {
		return 0
	}
	return time.Duration(h.ValueAtPercentile(p)) * time.Microsecond
}

// kinds are the errors by which failures are counted; what matches several is the first of them.
var kinds = []error{
	errDiffers, schema.ErrOutcomeUnknown, schema.ErrNotFound, schema.ErrConflict, schema.ErrDuplicate, schema.ErrForeignKey,
	schema.ErrCheck, schema.ErrNotNull, schema.ErrStaleModel, schema.ErrSchemaMismatch, schema.ErrDestructive,
	schema.ErrMigrationRequired, schema.ErrNotEnsured, schema.ErrMissing, schema.ErrLockTimeout, schema.ErrSerialization,
	schema.ErrRaced, schema.ErrClosed, schema.ErrPermission, schema.ErrUnavailable, schema.ErrInvalid, errWorker, errFault,
	context.DeadlineExceeded, context.Canceled,
}

func kindOf(err error) string {
	for _, kind := range kinds {
		if errors.Is(err, kind) {
			return kind.Error()
		}
	}
	return "other error"
}
