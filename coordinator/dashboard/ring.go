package dashboard

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// ring holds the last events, numbered from 1, for any number of readers. Who reads too slowly, or comes back too late, is told
// how much is gone: no reader costs more than a number, and none can keep an attempt waiting.
type ring struct {
	epoch string // one for each ring, so that a number of another process is not taken for one of this

	mu     sync.Mutex
	events []*event // event n is at n modulo the length
	last   uint64   // the number of the newest; 0 before the first
	wake   chan struct{}
	phases map[schema.Ref]schema.Phase // of attempts that run
}

func newRing(size int) *ring {
	return &ring{
		epoch: strings.ToLower(rand.Text()[:8]), events: make([]*event, size), wake: make(chan struct{}),
		phases: map[schema.Ref]schema.Phase{},
	}
}

// event is one thing that happened to a table, as it is sent.
type event struct {
	Seq        uint64       `json:"seq"`
	At         time.Time    `json:"at"`
	Kind       string       `json:"kind"` // the name of the callback of schema.Listener, with a small letter
	Table      schema.Ref   `json:"table"`
	Phase      schema.Phase `json:"phase,omitempty"`
	Generation int64        `json:"generation,omitempty"`
	Statements int          `json:"statements,omitempty"`
	SQL        string       `json:"sql,omitempty"`
	Millis     float64      `json:"ms,omitempty"`
	Retry      float64      `json:"retryMs,omitempty"` // negative: not before somebody asks for it
	Waiters    int          `json:"waiters,omitempty"`
	Rows       int64        `json:"rows,omitempty"`
	Error      string       `json:"error,omitempty"`

	once  sync.Once
	frame []byte
}

// text is the event as it is sent. It is written once, by the first who sends it, for all.
func (e *event) text(id string) []byte {
	e.once.Do(func() { e.frame = frame("ensure", id, e) })
	return e.frame
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// listener tells the ring what happens. Steps of an attempt are not events, there are too many of them, but where an attempt is.
func (r *ring) listener() *schema.Listener {
	keep := func(kind string) func(schema.Event) {
		return func(e schema.Event) { r.append(kind, e) }
	}
	return &schema.Listener{
		Ensuring:    keep("ensuring"),
		LockWaiting: keep("lockWaiting"),
		Applied:     keep("applied"),
		Progress:    keep("progress"),
		Ready:       keep("ready"),
		Failed:      keep("failed"),
		Invalidated: keep("invalidated"),
		Entered: func(e schema.Event) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.phases[e.Table] = e.Phase
		},
	}
}

func (r *ring) append(kind string, e schema.Event) {
	kept := &event{
		At: time.Now().UTC(), Kind: kind, Table: e.Table, Phase: e.Phase, Generation: e.Generation, Statements: e.Statements,
		SQL: e.SQL, Millis: milliseconds(e.Duration), Retry: milliseconds(e.Retry), Waiters: e.Waiters, Rows: e.Rows,
	}
	if e.Retry < 0 {
		kept.Retry = -1
	}
	if e.Err != nil {
		kept.Error = e.Err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind == "ready" || kind == "failed" {
		delete(r.phases, e.Table)
	}
	r.last++
	kept.Seq = r.last
	r.events[r.last%uint64(len(r.events))] = kept
	if r.wake != nil {
		close(r.wake)
		r.wake = nil
	}
}

// newest is the number of the last event.
func (r *ring) newest() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// phase is where the running attempt on a table is, if one is.
func (r *ring) phase(table schema.Ref) schema.Phase {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.phases[table]
}

// after copies up to max events that come after a number, oldest first, and tells how many in between are gone. With no events
// there is a channel that is closed when one comes.
func (r *ring) after(seq uint64, most int) (events []*event, gone uint64, wake <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept := uint64(len(r.events)); r.last > kept && seq < r.last-kept {
		gone = r.last - kept - seq
		seq += gone
	}
	for ; seq < r.last && len(events) < most; seq++ {
		events = append(events, r.events[(seq+1)%uint64(len(r.events))])
	}
	if len(events) == 0 {
		if r.wake == nil {
			r.wake = make(chan struct{})
		}
		wake = r.wake
	}
	return events, gone, wake
}

// id is the name of an event in a stream.
func (r *ring) id(seq uint64) string { return r.epoch + "-" + strconv.FormatUint(seq, 10) }

// resume finds where a reader stands that has seen the event of a name. One who has seen none stands at the end, less a few
// events for a start; for one of another time, known is false.
func (r *ring) resume(id string, start uint64) (seq uint64, known bool) {
	last := r.newest()
	epoch, number, _ := strings.Cut(id, "-")
	if id == "" {
		return last - min(last, start, uint64(len(r.events))), true
	}
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil || epoch != r.epoch || seq > last {
		return last, false
	}
	return seq, true
}
