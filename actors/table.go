package actors

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/schemactor/schemactor/schema"
)

// Table is the handle of one registered table and the gate in front of it. It is safe for concurrent use.
type Table struct {
	system *System
	model  *schema.Table
	ref    schema.Ref // as the database stores it
	former schema.Ref // the name that the table is to be renamed from; without Name where there is none
	looked bool       // the table has used its first sighting; guarded by the survey's lock

	namesake *Table // the next one of the same name, in another namespace; guarded by the System's lock

	// cell is the memory. Only the actor stores a snapshot; Invalidate takes it away.
	cell atomic.Pointer[schema.Snapshot]
	// condition is what Status shows beside the cell; stored by the actor only.
	condition atomic.Pointer[condition]

	asks, attempts atomic.Int64
	waiters        atomic.Int64

	spawn sync.Once
	pid   atomic.Pointer[actor.PID]

	bell bell // rung when somebody else has changed the table

	mu     sync.Mutex           // makes one step of taking the cell away and telling why
	gone   atomic.Pointer[loss] // the last memory that was given up
	notify sync.Mutex           // one callback at a time
}

var _ schema.Gate = (*Table)(nil)

// condition is a state of the table with what people want to know about it. It is immutable.
type condition struct {
	state     schema.State
	since     time.Time
	lastError string
	retryAt   time.Time
}

// loss is a memory that was given up. It is immutable.
type loss struct {
	seen  *schema.Snapshot
	cause error
	at    time.Time
}

func newTable(s *System, model *schema.Table) *Table {
	t := &Table{system: s, model: model, ref: s.fit(model.Ref())}
	if former, ok := model.Was(); ok {
		t.former = s.fit(former)
	}
	t.condition.Store(&condition{state: schema.StateUnknown, since: s.now().UTC()})
	return t
}

// Ready returns the memory of the table, and makes the table ready first where there is none. See schema.Gate.
func (t *Table) Ready(ctx context.Context) (*schema.Snapshot, error) {
	if s := t.cell.Load(); s != nil {
		return s, nil
	}
	return t.ask(ctx, false)
}

// Peek returns the memory, or nil where there is none.
func (t *Table) Peek() *schema.Snapshot { return t.cell.Load() }

// Ensure is Ready by hand: where a failure is remembered it tries again at once instead of giving back that failure,
// also for the tables that this one depends on. It joins an attempt that is running already, and returns nil as soon
// as the table is remembered as ready.
func (t *Table) Ensure(ctx context.Context) error {
	if t.cell.Load() != nil {
		return nil
	}
	_, err := t.ask(ctx, true)
	return err
}

// Invalidate gives up the memory if seen is still it. The next Ready looks at the database again.
func (t *Table) Invalidate(seen *schema.Snapshot, cause error) {
	if seen == nil || t.cell.Load() != seen {
		return
	}
	t.mu.Lock()
	taken := t.cell.CompareAndSwap(seen, nil)
	if taken {
		t.gone.Store(&loss{seen: seen, cause: cause, at: t.system.now().UTC()})
	}
	t.mu.Unlock()
	if pid := t.pid.Load(); taken && pid != nil {
		t.system.actors.Root.Send(pid, &invalidated{seen: seen})
	}
}

// hint tells the actor that somebody else has changed the table.
func (t *Table) hint() {
	if pid := t.pid.Load(); pid != nil {
		t.system.actors.Root.Send(pid, &hinted{})
	}
}

// Model gives the shape that the table was registered with.
func (t *Table) Model() *schema.Table { return t.model }

// Status tells how the table stands. It reads memory only: no database is touched and no message is sent.
func (t *Table) Status() schema.Status {
	status := schema.Status{
		Table: t.model.Ref(), Fingerprint: t.model.Fingerprint(),
		Waiters: int(t.waiters.Load()), Asks: t.asks.Load(), Attempts: t.attempts.Load(),
	}
	c := t.condition.Load()
	status.State, status.Since, status.LastError, status.NextRetry = c.state, c.since, c.lastError, c.retryAt
	seen := t.cell.Load()
	switch {
	case t.system.ctx.Err() != nil:
		status.State, status.NextRetry = schema.StateClosed, time.Time{}
	case seen != nil && c.state != schema.StateReady:
		// The actor is between storing the snapshot and saying so.
		status.State, status.Since, status.LastError, status.NextRetry = schema.StateReady, seen.SeenAt, "", time.Time{}
	case seen == nil && c.state == schema.StateReady:
		status.State = schema.StateUnknown
		if gone := t.gone.Load(); gone != nil {
			status.Since = gone.at
		}
	}
	if seen != nil && status.State == schema.StateReady {
		status.Generation, status.Behind = seen.Generation, seen.Behind
	}
	return status
}

// start spawns the table's actor at the first ask, once, and gives its address; nil once Close was called.
func (t *Table) start() *actor.PID {
	if pid := t.pid.Load(); pid != nil {
		return pid
	}
	// Under a once of its own: spawning a name that is taken races inside Proto.Actor.
	t.spawn.Do(func() {
		s := t.system
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.closed {
			return
		}
		s.work.Add(1)
		t.pid.Store(s.spawn(newTableActor(t)))
	})
	return t.pid.Load()
}

// poison stops the actor behind what its mailbox holds now. Called once, after the System was marked closed.
func (t *Table) poison() {
	if pid := t.pid.Load(); pid != nil {
		t.system.actors.Root.Poison(pid)
	}
}

// tell runs one callback of the Listener. Callbacks for one table never overlap.
func (t *Table) tell(callback func(schema.Event), e schema.Event) {
	if callback == nil {
		return
	}
	e.Table = t.model.Ref()
	t.notify.Lock()
	defer t.notify.Unlock()
	t.system.tell(callback, e)
}
