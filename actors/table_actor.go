package actors

import (
	"errors"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// tableActor is the state machine of one table. Its fields belong to the goroutine that runs Receive.
type tableActor struct {
	table *Table
	self  *actor.PID
	state schema.State
	// running reports whether an attempt is under way whose outcome will come as a message.
	running bool

	// asking are the callers to be answered by the running attempt; some may have left.
	asking []*ask
	sweep  int // how many asking there may be before those who left are dropped

	announced *schema.Snapshot // the memory that listeners were last told of; nil once they know it is gone
	doubt     error            // why the last memory was given up; nil again after the next success
	failure   failure
}

// failure is the outcome that is remembered in the states failed and blocked.
type failure struct {
	err       *schema.EnsureError
	count     int       // failures in a row
	retryAt   time.Time // end of the backoff; failed only
	version   int64     // registrations when last looked at; blocked only
	relatives int       // size of the table's family then
	at        time.Time // when it was found out or last confirmed; blocked only
	seen      dialect.Sighting
}

func newTableActor(t *Table) *tableActor {
	return &tableActor{table: t, state: schema.StateUnknown, sweep: sweepFrom}
}

// Receive handles one message. It is the single flight: one message at a time, and nothing in it waits.
func (a *tableActor) Receive(c actor.Context) {
	message := c.Message()
	defer func() {
		if value := recover(); value != nil {
			a.afterPanic(message, value)
		}
	}()
	switch m := message.(type) {
	case *actor.Started:
		a.self = c.Self()
	case *ask:
		a.onAsk(m)
	case *finished:
		a.onFinished(m)
	case *invalidated:
		if m.seen == a.announced {
			a.onLoss()
		}
	case *migrated:
		a.onMigrated(m)
	case *hinted:
		a.onHint()
	case *actor.Stopping:
		a.onClose()
	case *actor.Stopped:
		a.table.system.work.Done()
	}
}

func (a *tableActor) onAsk(m *ask) {
	// Whoever stood ahead in the mailbox may have done it.
	if seen := a.table.cell.Load(); seen != nil {
		m.settle(answer{snapshot: seen})
		return
	}
	if a.announced != nil {
		a.onLoss()
	}
	if m.ctx.Err() != nil {
		return
	}
	probe := false
	switch a.state {
	case schema.StateClosed:
		m.settle(answer{err: a.table.closedError()})
		return
	case schema.StateFailed, schema.StateBlocked:
		try := m.byHand
		if !m.byHand {
			try, probe = a.mayTry()
		}
		if !try {
			m.settle(answer{err: a.failure.err})
			return
		}
	}
	a.join(m)
	if a.state != schema.StateEnsuring {
		a.begin(m.byHand, probe)
	}
}

// mayTry reports whether a remembered failure has run out: by time, or because a table that this one is tied to by
// foreign keys has been registered since. One for good is given back until somebody has changed the table or its
// ledger row, which is looked at no more often than every BackoffMax: then it is a probe.
func (a *tableActor) mayTry() (try, probe bool) {
	s := a.table.system
	now := s.now()
	if a.state == schema.StateFailed {
		return !now.Before(a.failure.retryAt), false
	}
	if version := s.version.Load(); version != a.failure.version {
		a.failure.version = version
		if len(s.family(a.table)) != a.failure.relatives {
			return true, false
		}
	}
	probe = now.Sub(a.failure.at) >= s.config.BackoffMax
	return probe, probe
}

// sweepFrom is how many callers wait before those who have left are looked for.
const sweepFrom = 64

// join adds a caller. From time to time it forgets those who left, so that they cost no memory during a long attempt.
func (a *tableActor) join(m *ask) {
	if len(a.asking) >= a.sweep {
		kept := a.asking[:0]
		for _, other := range a.asking {
			if other.ctx.Err() == nil {
				kept = append(kept, other)
			}
		}
		clear(a.asking[len(kept):])
		a.asking = kept
		a.sweep = max(sweepFrom, 2*len(kept))
	}
	a.asking = append(a.asking, m)
}

// begin starts an attempt off the mailbox, or a probe, which looks first whether anything has changed since the failure.
// Its outcome comes back as a message.
func (a *tableActor) begin(byHand, probe bool) {
	t, self := a.table, a.self
	attempt := &attempt{
		system: t.system, table: t, byHand: byHand, doubt: a.doubt, policy: t.system.config.Policy,
		at: position{phase: schema.PhaseSurvey},
	}
	if probe && a.doubt == nil {
		seen := a.failure.seen
		attempt.unless, attempt.refused = &seen, a.failure.err
	}
	a.enter(&condition{state: schema.StateEnsuring, lastError: a.table.condition.Load().lastError})
	t.system.startNews()
	a.failure.version, a.failure.relatives = t.system.version.Load(), len(t.system.family(t))
	started := t.system.launch(func() {
		// An attempt that never returns, as when a test fails in a callback, must still be answered for.
		outcome := &finished{failed: attempt.fail(&panicError{place: "an attempt", kind: "no result"})}
		defer func() { t.system.actors.Root.Send(self, outcome) }()
		outcome = attempt.run(t.system.ctx)
	})
	if !started {
		a.onClose()
		return
	}
	a.running = true
	t.attempts.Add(1)
}

func (a *tableActor) onFinished(m *finished) {
	t := a.table
	a.running = false
	t.bell.ring() // nobody waits for it any more
	switch {
	case t.system.ctx.Err() != nil:
		a.onClose()
	case m.failed == nil:
		// From here on new callers pass without a message.
		t.cell.Store(m.snapshot)
		a.announced, a.doubt, a.failure = m.snapshot, nil, failure{}
		a.enter(&condition{state: schema.StateReady})
		t.tell(t.system.listener().Ready, schema.Event{
			Generation: m.snapshot.Generation, Statements: m.statements, Duration: m.duration, Waiters: a.present(),
		})
		a.answerAll(answer{snapshot: m.snapshot})
	default:
		a.remember(m)
		a.answerAll(answer{err: m.failed})
	}
}

// onMigrated takes over what Migrate has achieved. An attempt that runs finds the same.
func (a *tableActor) onMigrated(m *migrated) {
	defer close(m.done)
	t := a.table
	if a.state == schema.StateClosed || a.running {
		return
	}
	t.cell.Store(m.snapshot)
	a.announced, a.doubt, a.failure = m.snapshot, nil, failure{}
	a.enter(&condition{state: schema.StateReady})
	t.tell(t.system.listener().Ready, schema.Event{
		Generation: m.snapshot.Generation, Statements: m.statements, Duration: m.duration, Waiters: a.present(),
	})
	a.answerAll(answer{snapshot: m.snapshot})
}

// onHint lets the next caller try where a failure is remembered.
func (a *tableActor) onHint() {
	a.failure.retryAt, a.failure.at = time.Time{}, time.Time{}
}

// remember keeps a failure: for a backoff where it may go away by itself, otherwise until somebody asks by hand.
func (a *tableActor) remember(m *finished) {
	t := a.table
	s := t.system
	again := a.failure.err == m.failed // nothing had changed
	a.failure.err = m.failed
	a.failure.at, a.failure.seen = s.now(), m.seen
	if !again {
		a.failure.count++
	}
	event := schema.Event{
		Phase: m.failed.Phase, Statements: m.statements, Duration: m.duration, Waiters: a.present(), Err: m.failed, Retry: -1,
	}
	entered := &condition{state: schema.StateBlocked, lastError: m.failed.Error()}
	if m.failed.Retryable {
		event.Retry = backoff(a.failure.count, s.config.BackoffMin, s.config.BackoffMax)
		a.failure.retryAt = s.now().Add(event.Retry)
		entered.state, entered.retryAt = schema.StateFailed, a.failure.retryAt.UTC()
	}
	a.enter(entered)
	if !again {
		t.tell(s.listener().Failed, event)
	}
}

// onLoss takes note that the memory was given up, once for each memory.
func (a *tableActor) onLoss() {
	t := a.table
	t.mu.Lock() // whoever emptied the cell has said why once this is had
	gone := t.gone.Load()
	t.mu.Unlock()
	seen := a.announced
	a.announced, a.doubt = nil, gone.cause
	switch {
	case a.doubt == nil:
		a.doubt = schema.ErrMissing
	case errors.Is(a.doubt, schema.ErrChanged):
		a.doubt = nil // this table was seen, and what others there are has been looked at, too
	}
	a.state = schema.StateUnknown
	t.condition.Store(&condition{state: schema.StateUnknown, since: gone.at})
	t.tell(t.system.listener().Invalidated, schema.Event{Generation: seen.Generation, Err: gone.cause})
}

// onClose ends the table's part in the System.
func (a *tableActor) onClose() {
	a.table.cell.Store(nil)
	a.announced = nil
	a.enter(&condition{state: schema.StateClosed})
	a.answerAll(answer{err: a.table.closedError()})
}

// afterPanic answers everyone whose answer may have been lost in a message that could not be handled.
func (a *tableActor) afterPanic(message, value any) {
	t := a.table
	cause := t.system.caught("the schema actor", t.model.String(), value)
	lost := answer{err: &schema.EnsureError{Table: t.model.Ref(), Phase: schema.PhaseSurvey, Cause: cause}}
	if m, ok := message.(*ask); ok {
		m.settle(lost)
	}
	if a.running || a.state == schema.StateClosed {
		return
	}
	a.state = schema.StateUnknown
	t.condition.Store(&condition{state: a.state, since: t.condition.Load().since, lastError: lost.err.Error()})
	a.answerAll(lost)
}

func (a *tableActor) enter(c *condition) {
	c.since = a.table.system.now().UTC()
	a.state = c.state
	a.table.condition.Store(c)
}

// present counts the callers that still wait.
func (a *tableActor) present() int {
	n := 0
	for _, m := range a.asking {
		if m.ctx.Err() == nil {
			n++
		}
	}
	return n
}

// answerAll gives one outcome to all callers.
func (a *tableActor) answerAll(outcome answer) {
	for _, m := range a.asking {
		m.settle(outcome)
	}
	a.asking, a.sweep = nil, sweepFrom
}
