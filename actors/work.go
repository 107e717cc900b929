package actors

import (
	"context"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// work is what an attempt does inside the transaction that holds the locks. It belongs to the attempt's goroutine.
//
// The table that was asked for is made, changed, or compared and adopted. Of the others in its group only those that
// are missing are made, with it or not at all; one that exists is left as it is, so that a difference of its own is an
// error of its own handle and of nobody else's.
type work struct {
	*attempt
	tx       dialect.Tx
	began    time.Time
	snapshot *schema.Snapshot // the outcome
	changes  []*change
}

// change is one table that the work makes or alters.
type change struct {
	table  *Table
	former *schema.Entry // what the ledger knew before; may be nil
	plan   *schema.Plan
	study  *study           // of a table that is there; nil for one that is made
	begun  *schema.Revision // an announcement that this ends; nil where there is none
	ran    []string
	live   *schema.Live
	entry  schema.Entry
}

// guarded runs the work and turns a panic into an error while the dialect can still roll back.
func (w *work) guarded(ctx context.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = w.system.caught("phase "+string(w.at.phase), w.table.model.String(), value)
		}
		w.gaveUpAll(ctx, err)
	}()
	if err := w.do(ctx); err != nil {
		return err
	}
	w.enter(schema.PhaseCommit, "")
	return nil
}

func (w *work) do(ctx context.Context) error {
	seen, err := w.look(ctx, w.tx, true)
	if err != nil {
		return err
	}
	w.sighted(seen)
	for i, m := range w.members {
		live, entry := seen.lives[i], seen.entries[i]
		switch {
		case m == w.table && live != nil:
			if err := w.compare(ctx, entry, live); err != nil {
				return err
			}
		case live == nil:
			if err := w.missed(ctx, m, entry); err != nil {
				return err
			}
			w.changes = append(w.changes, &change{table: m, former: entry, plan: w.system.dialect.Create(m.model)})
		}
	}
	if w.plan != nil && w.plan.Base != "" && seen.lives[0] == nil {
		return stale(w.plan, "the table has gone since")
	}
	if len(w.changes) == 0 {
		return nil
	}
	return w.alter(ctx)
}

// sighted notes what the outcome rests on: a refusal holds for the table as it is seen now, which may be another one than
// was seen before the lock.
func (w *work) sighted(seen *looked) {
	w.seen = dialect.Sighting{Entry: seen.entries[0]}
	if live := seen.lives[0]; live != nil && live.Ref == w.table.ref {
		w.seen.CatalogHash = live.Hash
	}
}

// compare decides about a table that exists: it is what the ledger says, or it serves the model and is written into
// the ledger as it is, or it is to be changed, or it is a mismatch.
func (w *work) compare(ctx context.Context, entry *schema.Entry, live *schema.Live) error {
	s, model := w.system, w.table.model
	known := entry != nil && !entry.Tampered && entry.Fingerprint == model.Fingerprint() && live.Ref == w.table.ref
	untouched := known && entry.CatalogHash == live.Hash
	switch {
	case w.plan != nil && w.plan.Base != live.Hash && (w.plan.Base != "" || !untouched):
		// A table that was missing may have been made together with another one of its group.
		return stale(w.plan, "the table has changed since")
	case untouched && (w.plan == nil || w.plan.Base == ""):
		w.snapshot = w.attempt.snapshot(entry)
		return nil
	}
	found, err := s.study(ctx, w.tx, w.table, entry, live, w.policy)
	if err != nil {
		return err
	}
	w.enter(schema.PhasePlan, "")
	if w.plan != nil {
		if w.plan.Rows == 0 && found.plan.Rows > 0 {
			return stale(w.plan, "it was made for an empty table, and rows have come since")
		}
		found.plan = w.plan // what people saw is what is done
	} else if found.standing == schema.StandingBehind {
		obstacles, ok := found.serves()
		if !ok {
			return &staleModelError{changes: obstacles, plan: found.plan}
		}
		w.snapshot = w.attempt.snapshot(entry)
		w.snapshot.Behind, w.snapshot.CatalogHash = true, live.Hash
		return nil
	}
	if err := permit(found.plan, w.policy, w.plan == nil); err != nil {
		return err
	}
	c := &change{table: w.table, former: entry, plan: found.plan, study: found, live: live}
	switch {
	case found.plan.Stepwise():
		return &stepwiseError{change: c}
	case len(found.plan.Statements) > 0:
		w.changes = append(w.changes, c)
		return nil
	}
	return w.adopt(ctx, c, known)
}

// adopt writes a table that needs no change into the ledger as it is. What was known already is only refreshed, and what
// somebody has begun and not ended is recorded as what it is.
func (w *work) adopt(ctx context.Context, c *change, known bool) error {
	w.enter(schema.PhaseRecord, "")
	begun, err := w.begun(ctx, c.table)
	switch {
	case err != nil:
		return err
	case begun != nil:
		c.begun, c.ran = begun, begun.Statements
		err = w.record(ctx, w.tx, c, schema.RevisionApplied)
	case known:
		c.entry = *c.former
		w.system.sign(&c.entry, c.live)
		if err = w.system.ledger.Refresh(ctx, w.tx, c.entry); err == nil {
			err = w.system.tellOthers(ctx, w.tx, c.entry)
		}
	default:
		err = w.record(ctx, w.tx, c, schema.RevisionAdopted)
	}
	w.snapshot = w.attempt.snapshot(&c.entry)
	return err
}

// alter carries the plans out: first all tables, then what ties them to each other. It believes only what the
// catalogue shows afterwards.
func (w *work) alter(ctx context.Context) error {
	refs := make([]schema.Ref, len(w.changes))
	for i, c := range w.changes {
		refs[i] = c.table.ref
	}
	if err := w.announceAll(ctx); err != nil {
		return err
	}
	for _, deferred := range []bool{false, true} {
		for _, c := range w.changes {
			if err := w.apply(ctx, c, deferred); err != nil {
				return err
			}
		}
	}
	w.enter(schema.PhaseVerify, "")
	lives, err := w.system.inspect(ctx, w.tx, refs)
	if err != nil {
		return err
	}
	for i, c := range w.changes {
		c.live = lives[i]
		if err := w.verify(c); err != nil {
			return err
		}
	}
	w.enter(schema.PhaseRecord, "")
	for _, c := range w.changes {
		if err := w.record(ctx, w.tx, c, schema.RevisionApplied); err != nil {
			return err
		}
		if c.table == w.table {
			w.snapshot = w.attempt.snapshot(&c.entry)
		}
	}
	return nil
}

// verify holds a change to its promise: nothing is left to do. A table that is not there was dropped by somebody who asks for
// no lock, which can happen where a change of a shape is not part of a transaction; it is no reason to give up.
func (w *work) verify(c *change) error {
	if c.live == nil {
		return &schema.Error{Op: "verify", Table: c.table.model.String(), Kind: schema.ErrRaced, Detail: "somebody has dropped the table meanwhile"}
	}
	if c.study == nil {
		if changes := w.system.verify(c.table.model, c.live); len(changes) > 0 {
			return &mismatchError{changes: changes, plan: c.plan}
		}
		return nil
	}
	after := *c.study
	after.live = c.live
	// Which extras were to go is the policy's under which the plan was made; that nothing else is left is checked.
	second := w.system.dialect.Alter(after.transition(c.table, schema.Policy{}, c.plan.Rows))
	if len(second.Statements) > 0 || len(second.Blocking()) > 0 {
		return &mismatchError{changes: second.Changes, plan: second, faults: []string{"the plan was carried out and this is left"}}
	}
	return nil
}

// apply runs the statements of one half of a plan.
func (w *work) apply(ctx context.Context, c *change, deferred bool) error {
	for _, statement := range c.plan.Statements {
		if statement.Deferred != deferred {
			continue
		}
		w.enter(schema.PhaseApply, statement.SQL)
		began := time.Now()
		if err := run(ctx, w.tx, c.table.model.Ref(), statement); err != nil {
			return err
		}
		w.ran(c, statement, time.Since(began))
	}
	return nil
}

// ran notes that a statement was run.
func (w *work) ran(c *change, statement schema.Statement, took time.Duration) {
	if statement.Refuse != "" {
		return // it changed nothing
	}
	c.ran = append(c.ran, statement.SQL)
	w.statements++
	c.table.tell(w.system.listener().Applied, schema.Event{Phase: schema.PhaseApply, SQL: statement.SQL, Duration: took})
}

// committed tells the other handles what became of their tables.
func (w *work) committed() {
	for _, c := range w.changes {
		if c.former != nil {
			// Dropping a table may have taken the foreign keys of others with it.
			for _, child := range w.system.referencing(c.table) {
				if c.study == nil {
					child.Invalidate(child.Peek(), schema.ErrMissing)
				}
			}
		}
		if c.table == w.table {
			continue
		}
		// A memory of the table that was there before is void.
		if seen := c.table.Peek(); seen != nil && seen.Generation < c.entry.Generation {
			c.table.Invalidate(seen, schema.ErrMissing)
		}
		w.system.offer(c.table, dialect.Sighting{Entry: &c.entry, CatalogHash: c.entry.CatalogHash})
	}
}

// stale refuses a plan for a table that is not what it was.
func stale(plan *schema.Plan, why string) error {
	return &schema.Error{Op: "migrate", Table: plan.Table.String(), Kind: schema.ErrStalePlan, Detail: why}
}

// stepwiseError ends the locked transaction of a plan that has to be carried out step by step.
type stepwiseError struct{ change *change }

func (e *stepwiseError) Error() string {
	return fmt.Sprintf("the plan for %s goes beyond one transaction", e.change.table.model)
}
