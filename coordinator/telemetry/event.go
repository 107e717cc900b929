package telemetry

import (
	"context"
	"sync"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// attempt is what has to be kept of a table's attempt while it goes on.
type attempt struct {
	mu      sync.Mutex
	ledger  time.Duration // when the library's own tables were looked for, from the attempt's begin
	asked   bool          // the lock was asked for
	since   time.Duration // when that was
	asking  bool          // now, and it is not known whether it was had
	held    bool
	applied []applied
}

// applied is one statement of an attempt, for its span.
type applied struct {
	at   time.Time
	took time.Duration
	sql  string
}

// listener is told what happens to tables. Callbacks for one table do not overlap.
func (t *Telemetry) listener() *schema.Listener {
	return &schema.Listener{
		Ensuring: func(e schema.Event) { t.attempts.Store(e.Table, &attempt{}) },
		Entered:  func(e schema.Event) { t.attempt(e).entered(t, e) },
		LockWaiting: func(e schema.Event) {
			t.labels.table(e.Table).count(t.metrics.lockBusy, 1)
			t.attempt(e).busy()
		},
		Applied: t.onApplied,
		Ready:   t.onReady,
		Failed:  t.onFailed,
		Invalidated: func(e schema.Event) {
			t.labels.table(e.Table).count(t.metrics.invalidated, 1, errorTypeOf(e.Err))
		},
	}
}

func (t *Telemetry) attempt(e schema.Event) *attempt {
	found, ok := t.attempts.Load(e.Table)
	if !ok { // it began before somebody listened
		found, _ = t.attempts.LoadOrStore(e.Table, &attempt{})
	}
	return found.(*attempt)
}

func (t *Telemetry) onApplied(e schema.Event) {
	place := t.labels.ledger
	if e.Phase != schema.PhaseLedger {
		place = t.labels.table
	}
	t.histograms.of(t.metrics.ddl, place(e.Table).values()...).record(context.Background(), e.Duration.Seconds())
	if t.tracer == nil || e.Phase == schema.PhaseLedger {
		return
	}
	a := t.attempt(e)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.applied = append(a.applied, applied{time.Now(), e.Duration, e.SQL})
}

func (t *Telemetry) onReady(e schema.Event) {
	outcome := "found"
	if e.Statements > 0 {
		outcome = "changed"
		t.labels.table(e.Table).count(t.metrics.migrations, 1)
	}
	t.ended(e, outcome)
}

func (t *Telemetry) onFailed(e schema.Event) {
	if e.Retry < 0 {
		t.ended(e, "blocked")
		return
	}
	t.ended(e, "failed")
}

// ended takes in how an attempt went.
func (t *Telemetry) ended(e schema.Event, outcome string) {
	place, kind := t.labels.table(e.Table), errorTypeOf(e.Err)
	t.histograms.of(t.metrics.ensures, place.values(kind, outcome)...).record(context.Background(), e.Duration.Seconds())
	// One of those who waited has asked for the attempt.
	place.count(t.metrics.coalesced, max(0, e.Waiters-1))
	a := t.attempt(e)
	t.attempts.Delete(e.Table)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked && !a.held {
		t.waited(e.Table, e.Duration-a.since)
	}
	if t.tracer != nil {
		t.ensureSpan(e, outcome, kind, a.applied)
	}
}

func (t *Telemetry) waited(table schema.Ref, wait time.Duration) {
	place := t.labels.table(table)
	t.histograms.of(t.metrics.lockWait, place.values()...).record(context.Background(), max(0, wait).Seconds())
}

// entered follows an attempt to its lock: from when it was first asked for until a step comes that takes it. Where it was not
// had, the attempt looks at the table again, and asks again.
func (a *attempt) entered(t *Telemetry, e schema.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.held:
	case e.Phase == schema.PhaseLedger && !a.asked:
		a.ledger = e.Duration
	case e.Phase == schema.PhaseLock:
		if !a.asked {
			a.asked, a.since = true, e.Duration
		}
		a.asking = true
	case e.Phase == schema.PhaseSurvey: // others had it, and told that they are done
		a.asking = false
	case a.asking:
		a.asking, a.held = false, true
		t.waited(e.Table, e.Duration-a.since)
	}
}

// busy is told that somebody else has the lock, or is just making the library's own tables.
func (a *attempt) busy() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asking = false; !a.asked {
		a.asked, a.since = true, a.ledger
	}
}
