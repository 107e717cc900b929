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

// Counts is how many operations were acknowledged.
type Counts struct {
	Creates int64 `json:"creates"` // rows, those of pairs included
	Pairs   int64 `json:"pairs"`   // two rows in two tables in one transaction
	Reads   int64 `json:"reads"`
	Updates int64 `json:"updates"`
	Deletes int64 `json:"deletes"`
}

func (c *Counts) add(o Counts) {
	c.Creates += o.Creates
	c.Pairs += o.Pairs
	c.Reads += o.Reads
	c.Updates += o.Updates
	c.Deletes += o.Deletes
}

// Fault is one kind of error that callers got.
type Fault struct {
	Kind  string `json:"kind"`
	Count int64  `json:"count"`
	First string `json:"first"` // the text of one of them, which was the first of its process
}

// tally is what a worker reports since its last report, and what the parent makes of all reports. It is safe for concurrent use.
type tally struct {
	mu      sync.Mutex
	counts  Counts
	faults  []Fault
	latency *hdrhistogram.Histogram // of creates, in microseconds
}

// Latencies are kept to two digits, from a microsecond to ten minutes; that takes some kilobytes, however many there are.
const (
	longest = 10 * time.Minute
	digits  = 2
)

func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, longest.Microseconds(), digits)
}

func newTally() *tally { return &tally{latency: newHistogram()} }

// report is a tally on its way to the parent.
type report struct {
	Counts  Counts  `json:"counts"`
	Faults  []Fault `json:"faults,omitempty"`
	Latency []byte  `json:"latency,omitempty"`
}

// done counts operations, and times creates.
func (t *tally) done(c Counts, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.add(c)
	if c.Creates > 0 {
		_ = t.latency.RecordValue(min(max(took, time.Microsecond), longest).Microseconds()) // within its bounds: no error
	}
}

// failed counts an error.
func (t *tally) failed(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.fault(Fault{Kind: kindOf(err), Count: 1, First: err.Error()})
}

func (t *tally) fault(f Fault) {
	at := slices.IndexFunc(t.faults, func(o Fault) bool { return o.Kind == f.Kind })
	if at < 0 {
		t.faults = append(t.faults, f)
		return
	}
	t.faults[at].Count += f.Count
}

// take gives what has come together, and begins anew.
func (t *tally) take() (report, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	encoded, err := t.latency.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	r := report{Counts: t.counts, Faults: t.faults, Latency: encoded}
	t.counts, t.faults = Counts{}, nil
	t.latency.Reset()
	return r, err
}

// merge adds a report.
func (t *tally) merge(r report) error {
	latency, err := hdrhistogram.Decode(r.Latency)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.counts.add(r.Counts)
	for _, f := range r.Faults {
		t.fault(f)
	}
	t.latency.Merge(latency)
	return nil
}

// errors counts all faults.
func (t *tally) errors() int64 {
	var n int64
	for _, f := range t.faults {
		n += f.Count
	}
	return n
}

// kinds are the errors by which faults are counted; what matches several is the first of them.
var kinds = []error{
	errDiffers, schema.ErrOutcomeUnknown, schema.ErrNotFound, schema.ErrConflict, schema.ErrDuplicate, schema.ErrForeignKey,
	schema.ErrCheck, schema.ErrNotNull, schema.ErrStaleModel, schema.ErrSchemaMismatch, schema.ErrDestructive,
	schema.ErrMigrationRequired, schema.ErrNotEnsured, schema.ErrMissing, schema.ErrLockTimeout, schema.ErrSerialization,
	schema.ErrRaced, schema.ErrClosed, schema.ErrPermission, schema.ErrUnavailable, schema.ErrInvalid, errWorker,
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
