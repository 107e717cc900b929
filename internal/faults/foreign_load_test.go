package faults_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// foreignPatience is how long a call may take.
const foreignPatience = 30 * time.Second

// foreignProgram is a program under load, with a pool of its own.
type foreignProgram struct {
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	node        *nodes.Node[foreignRow, int64]
	pool        *pgxpool.Pool  // nil on SQLite
	stale       *foreignTracer // of the pool
	// Calls that succeeded: on their own, by InTx, and in transactions of the caller's.
	alone, within, owned atomic.Int64
	refused              atomic.Int64 // calls that met a table which does not serve the model any more
}

// foreignStored is a row that was acknowledged, and when it was asked for and acknowledged.
type foreignStored struct{ id, call, back int64 }

// foreignLoad is programs whose callers go on until they are stopped, and what became of their calls.
type foreignLoad struct {
	programs []*foreignProgram
	worker   *fleet.Process
	address  string
	nextID   atomic.Int64
	stopped  chan struct{}
	callers  sync.WaitGroup
	mayLose  bool // the table is dropped

	mu              sync.Mutex
	stored          []foreignStored
	removed         []int64
	outside, inside tally   // errors
	wrong           []error // errors that are no excuse anywhere, and rows that are not what they were
	mismatches      []error // *schema.EnsureError that no time heals, outside and inside
}

func newForeignLoad(t *testing.T, address string) *foreignLoad {
	l := &foreignLoad{stopped: make(chan struct{}), outside: tally{}, inside: tally{}, address: address}
	worker, err := fleet.Start(context.WithoutCancel(t.Context()), "foreign", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = worker.Kill() })
	l.worker = worker
	for range 2 {
		l.programs = append(l.programs, foreignOpen(t, address))
	}
	for _, p := range l.programs {
		require.NoError(t, p.coordinator.EnsureAll(t.Context()))
	}
	return l
}

// change has the other process change the table. It gives the moments before and after.
func (l *foreignLoad) change(t *testing.T, order foreignOrder) (from, to int64) {
	from = linearClock()
	var answer foreignAnswer
	require.NoError(t, l.worker.Ask(order, &answer))
	require.Empty(t, answer.Fault)
	return from, linearClock()
}

// call starts the callers of every program.
func (l *foreignLoad) call(ctx context.Context) {
	for _, p := range l.programs {
		for range 3 {
			l.caller(ctx, p, &p.alone, l.outside, l.aloneCall)
		}
		for range 2 {
			l.caller(ctx, p, &p.within, l.inside, l.withinCall)
			l.caller(ctx, p, &p.owned, l.inside, l.ownedCall)
		}
	}
}

// caller makes one call after the other, each with a row of its own.
func (l *foreignLoad) caller(
	ctx context.Context, p *foreignProgram, served *atomic.Int64, faults tally,
	call func(ctx context.Context, p *foreignProgram, id int64) error,
) {
	l.callers.Go(func() {
		for {
			select {
			case <-l.stopped:
				return
			default:
			}
			id, began := l.nextID.Add(1), linearClock()
			ctx, cancel := context.WithTimeout(ctx, foreignPatience)
			err := call(ctx, p, id)
			cancel()
			l.note(p, foreignStored{id, began, linearClock()}, served, faults, err)
			if err != nil {
				l.rest()
			}
		}
	})
}

// rest is the pause of a caller that has failed.
func (l *foreignLoad) rest() {
	timer := time.NewTimer(restartPause)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.stopped:
	}
}

// errForeignRemoved ends a call whose row was removed again.
var errForeignRemoved = errors.New("removed")

func (l *foreignLoad) note(p *foreignProgram, row foreignStored, served *atomic.Int64, faults tally, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ensure *schema.EnsureError
	switch {
	case err == nil:
		l.stored = append(l.stored, row)
		served.Add(1)
		return
	case errors.Is(err, errForeignRemoved):
		l.removed = append(l.removed, row.id)
		served.Add(1)
		return
	case errors.As(err, &ensure) && !ensure.Retryable:
		l.mismatches = append(l.mismatches, err)
		p.refused.Add(1)
	case !schema.Transient(err) && !errors.Is(err, schema.ErrNotEnsured):
		l.wrong = append(l.wrong, err)
	}
	faults.add(err)
}

// aloneCall is a row's life outside of transactions: every kind of statement, each of which passes the gate.
func (l *foreignLoad) aloneCall(ctx context.Context, p *foreignProgram, id int64) error {
	row := foreignRow{ID: id, Label: fmt.Sprint("row ", id), Amount: 1}
	if err := p.node.Create(ctx, &row); err != nil {
		return err
	}
	row.Amount = 2
	if err := l.kept(p.node.Update(ctx, &row)); err != nil {
		return err
	}
	if _, err := p.node.Patch(ctx, id, nodes.Set{"amount": 3}); l.kept(err) != nil {
		return err
	}
	if _, err := p.node.Get(ctx, id); l.kept(err) != nil {
		return err
	}
	if _, err := p.node.List(ctx, nodes.Query{Limit: 3, OrderBy: []nodes.Order{nodes.Desc("id")}}); err != nil {
		return err
	}
	if id%3 != 0 {
		return nil
	}
	if err := l.kept(p.node.Delete(ctx, id)); err != nil {
		return err
	}
	return errForeignRemoved
}

// kept excuses a row that was acknowledged and is gone where the table is dropped, and there alone.
func (l *foreignLoad) kept(err error) error {
	if errors.Is(err, schema.ErrNotFound) && l.mayLose {
		return nil
	}
	return err
}

// withinCall is a row's life in a transaction of InTx.
func (l *foreignLoad) withinCall(ctx context.Context, p *foreignProgram, id int64) error {
	return p.coordinator.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		return foreignInside(ctx, p.node.In(tx), id)
	})
}

// ownedCall is the same in a transaction of the caller's own, who ensures the table first.
func (l *foreignLoad) ownedCall(ctx context.Context, p *foreignProgram, id int64) error {
	if err := p.coordinator.Ensure(ctx, foreignTable); err != nil {
		return err
	}
	tx, err := p.dialect.Begin(ctx)
	if err != nil {
		return p.dialect.Classify(err)
	}
	if err := foreignInside(ctx, p.node.In(tx), id); err != nil {
		return errors.Join(err, tx.Rollback(context.WithoutCancel(ctx)))
	}
	if err := tx.Commit(ctx); err != nil {
		return p.dialect.Classify(err)
	}
	return nil
}

// foreignInside creates a row and reads it back.
func foreignInside(ctx context.Context, node *nodes.Node[foreignRow, int64], id int64) error {
	if err := node.Create(ctx, &foreignRow{ID: id, Label: fmt.Sprint("row ", id), Amount: 1}); err != nil {
		return err
	}
	if _, err := node.Get(ctx, id); err != nil {
		return err
	}
	_, err := node.Count(ctx, nodes.Query{Where: nodes.Eq("id", id)})
	return err
}

// progress waits until every program has served so many more calls of each kind.
func (l *foreignLoad) progress(t *testing.T, what string, more int64) {
	type sums struct{ alone, within, owned int64 }
	var from []sums
	for _, p := range l.programs {
		from = append(from, sums{p.alone.Load(), p.within.Load(), p.owned.Load()})
	}
	waitFor(t, what, func() bool {
		for i, p := range l.programs {
			if p.alone.Load() < from[i].alone+more || p.within.Load() < from[i].within+more || p.owned.Load() < from[i].owned+more {
				return false
			}
		}
		return true
	})
}

// end stops the callers and the other process.
func (l *foreignLoad) end(t *testing.T) {
	close(l.stopped)
	l.callers.Wait()
	require.NoError(t, l.worker.End())
}
