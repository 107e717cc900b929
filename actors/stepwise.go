package actors

import (
	"context"
	"errors"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// stepwise carries out a plan that goes beyond one transaction. The lock's transaction stays idle on its connection
// while the steps run on others; it writes only at the end, so that a lock that was lost is noticed before anything is
// called done. It must hold no snapshot meanwhile, or CREATE INDEX CONCURRENTLY beside it waits for it for ever: only
// statements without arguments run in it before the steps, as a prepared one leaves its snapshot open.
// What the ledger learns before is an announcement; what was interrupted is found by inspection.
func (a *attempt) stepwise(ctx context.Context, planned *change) (*schema.Snapshot, error) {
	applier, ok := a.system.dialect.(dialect.Applier)
	if !ok {
		return nil, &schema.Error{Op: "apply", Table: a.table.model.String(), Detail: "the dialect cannot carry out single steps"}
	}
	var w *work
	err := a.lockedTurn(ctx, func(ctx context.Context, tx dialect.Tx) error {
		w = &work{attempt: a, tx: tx, began: time.Now()}
		return w.steps(ctx, applier, planned)
	})
	if err != nil {
		return nil, err
	}
	a.enter(schema.PhasePublish, "")
	w.committed()
	return w.snapshot, nil
}

func (w *work) steps(ctx context.Context, applier dialect.Applier, c *change) (err error) {
	s := w.system
	defer func() {
		if value := recover(); value != nil {
			err = s.caught("phase "+string(w.at.phase), w.table.model.String(), value)
		}
	}()
	seen, err := w.look(ctx, w.tx, true)
	if err != nil {
		return err
	}
	if live := seen.lives[0]; live == nil || live.Hash != c.plan.Base {
		return stale(c.plan, "the table has changed since")
	}
	if err := w.announceBeside(ctx, applier, c); err != nil {
		return err
	}
	if err = w.finish(ctx, applier, c); err != nil && !errors.Is(err, dialect.ErrBusy) {
		w.gaveUp(ctx, c, err)
	}
	return err
}

// finish runs the steps and records what came of them.
func (w *work) finish(ctx context.Context, applier dialect.Applier, c *change) error {
	for _, step := range c.plan.Steps() {
		if err := w.step(ctx, applier, c, step); err != nil {
			return err
		}
	}
	w.changes = []*change{c}
	w.enter(schema.PhaseVerify, "")
	lives, err := w.system.inspect(ctx, w.tx, []schema.Ref{c.table.ref})
	if err != nil {
		return err
	}
	c.live = lives[0]
	if err := w.verify(c); err != nil {
		return err
	}
	w.enter(schema.PhaseRecord, "")
	if err := w.record(ctx, w.tx, c, schema.RevisionApplied); err != nil {
		return err
	}
	w.snapshot = w.attempt.snapshot(&c.entry)
	w.enter(schema.PhaseCommit, "")
	return nil
}

// step runs one step, as often as it takes to get its locks.
func (w *work) step(ctx context.Context, applier dialect.Applier, c *change, step []schema.Statement) error {
	listener := w.system.listener()
	progress := func(rows int64) {
		c.table.tell(listener.Progress, schema.Event{Phase: schema.PhaseApply, SQL: step[0].SQL, Rows: rows, Duration: time.Since(w.began)})
	}
	for tries := 1; ; tries++ {
		// Whoever lost the lock may not go on: somebody else may be at the same table.
		w.enter(schema.PhaseLock, "")
		if _, err := w.tx.Exec(ctx, "SELECT 1"); err != nil {
			return err
		}
		w.enter(schema.PhaseApply, step[0].SQL)
		began := time.Now()
		err := applier.Step(ctx, step, progress)
		if err == nil {
			for _, statement := range step {
				w.ran(c, statement, time.Since(began)/time.Duration(len(step)))
			}
			return nil
		}
		lock := errors.Is(err, schema.ErrLockTimeout) && !errors.Is(err, dialect.ErrBusy)
		if !lock && !errors.Is(err, schema.ErrSerialization) {
			return err
		}
		c.table.tell(listener.LockWaiting, schema.Event{Phase: schema.PhaseApply, SQL: step[0].SQL, Duration: time.Since(w.began)})
		if !pause(ctx, backoff(tries, lockPauseMin, lockPauseMax), nil) {
			return err
		}
	}
}
