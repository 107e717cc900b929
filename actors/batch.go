package actors

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// batch makes missing tables in one transaction: what work does for one table, in the same order, for all of them at
// once. It belongs to the goroutine that leads.
type batch struct {
	system  *System
	riders  []*rider
	tx      dialect.Tx
	works   []*work // of the riders whose tables are made; each has one change
	of      []*rider
	spoiler *rider // whose table the transaction has failed for, where that is known
}

// run does all of it.
func (b *batch) run(ctx context.Context) error {
	s := b.system
	select {
	case s.turns <- struct{}{}:
		defer func() { <-s.turns }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return s.dialect.Locked(ctx, refsOf(b.riders), func(ctx context.Context, tx dialect.Tx) error {
		b.tx, b.works, b.of, b.spoiler = tx, nil, nil, nil
		return b.guarded(ctx)
	})
}

func refsOf(riders []*rider) []schema.Ref {
	refs := make([]schema.Ref, len(riders))
	for i, r := range riders {
		refs[i] = r.table.ref
	}
	return refs
}

// guarded turns a panic into an error while the dialect can still roll back.
func (b *batch) guarded(ctx context.Context) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = b.system.caught(fmt.Sprintf("a transaction for %d tables", len(b.riders)), b.riders[0].table.model.String(), value)
		}
		for _, w := range b.works {
			w.gaveUpAll(ctx, err)
		}
	}()
	for _, step := range []func(context.Context) error{b.look, b.apply, b.verify, b.record} {
		if err := step(ctx); err != nil {
			return err
		}
		if len(b.works) == 0 {
			return nil
		}
	}
	b.enter(schema.PhaseCommit)
	return nil
}

func (b *batch) enter(phase schema.Phase) {
	for _, w := range b.works {
		w.enter(phase, "")
	}
}

// look reads ledger and catalogue again. Who finds its table there, or gone to another name, goes on by itself.
func (b *batch) look(ctx context.Context) error {
	refs := refsOf(b.riders)
	for _, r := range b.riders {
		r.statements = 0
		r.enter(schema.PhaseLedger, "")
	}
	entries, err := b.system.ledger.Entries(ctx, b.tx, refs)
	if err != nil {
		return err
	}
	for _, r := range b.riders {
		r.enter(schema.PhaseInspect, "")
	}
	lives, err := b.system.inspect(ctx, b.tx, refs)
	if err != nil {
		return err
	}
	for i, r := range b.riders {
		r.seen = dialect.Sighting{Entry: entries[i]}
		switch {
		case lives[i] != nil:
			r.err, r.seen.CatalogHash = errRung, lives[i].Hash
			continue
		case entries[i] != nil && wentAway(entries[i]):
			r.err, r.alone = errSpoiled, true
			continue
		}
		w := &work{attempt: r.attempt, tx: b.tx, began: time.Now()}
		w.changes = []*change{{table: r.table, former: entries[i], plan: b.system.dialect.Create(r.table.model)}}
		b.works, b.of = append(b.works, w), append(b.of, r)
	}
	return nil
}

// apply sends the statements of all plans: first the tables, then what ties them to others.
func (b *batch) apply(ctx context.Context) error {
	for _, w := range b.works {
		if err := w.announceAll(ctx); err != nil {
			return err
		}
	}
	var commands []dialect.Command
	var owners []int // of the commands, as positions in works
	var statements []schema.Statement
	for _, deferred := range []bool{false, true} {
		for i, w := range b.works {
			for _, statement := range w.changes[0].plan.Statements {
				if statement.Deferred != deferred {
					continue
				}
				w.enter(schema.PhaseApply, statement.SQL)
				commands, owners = append(commands, dialect.Command{SQL: statement.SQL}), append(owners, i)
				statements = append(statements, statement)
			}
		}
	}
	began := time.Now()
	done, err := dialect.ExecAll(ctx, b.tx, commands)
	if err != nil {
		if done < len(owners) {
			b.spoiler = b.of[owners[done]]
		}
		return err
	}
	share := time.Since(began) / time.Duration(max(1, len(commands)))
	for at, i := range owners {
		b.works[i].ran(b.works[i].changes[0], statements[at], share)
	}
	return nil
}

// verify believes only what the catalogue shows now.
func (b *batch) verify(ctx context.Context) error {
	b.enter(schema.PhaseVerify)
	lives, err := b.system.inspect(ctx, b.tx, refsOf(b.of))
	if err != nil {
		return err
	}
	for i, w := range b.works {
		w.changes[0].live = lives[i]
		if err := w.verify(w.changes[0]); err != nil {
			b.spoiler = b.of[i]
			return err
		}
	}
	return nil
}

// record writes all entries and revisions.
func (b *batch) record(ctx context.Context) error {
	b.enter(schema.PhaseRecord)
	records := make([]dialect.Record, len(b.works))
	entries := make([]schema.Entry, len(b.works))
	for i, w := range b.works {
		record, err := w.account(w.changes[0], schema.RevisionApplied)
		if err != nil {
			b.spoiler = b.of[i]
			return err
		}
		records[i], entries[i] = record, record.Entry
		w.snapshot = w.attempt.snapshot(&record.Entry)
	}
	if err := b.system.ledger.Record(ctx, b.tx, records...); err != nil {
		return err
	}
	return b.system.tellOthers(ctx, b.tx, entries...)
}

// settle gives every rider its outcome.
func (b *batch) settle(ctx context.Context, err error) {
	if err == nil {
		for i, w := range b.works {
			w.enter(schema.PhasePublish, "")
			w.committed()
			b.of[i].snapshot = w.snapshot
		}
		return
	}
	err = b.system.classify(err)
	for _, r := range b.riders {
		if r.err == nil {
			r.err = b.failed(ctx, r, err)
		}
	}
}

// failed is what the failure of the transaction is to one of its riders. What is nobody's fault is everybody's to wait for,
// and what one of the tables cannot do without the others is not held against them.
func (b *batch) failed(ctx context.Context, r *rider, err error) error {
	switch {
	case ctx.Err() != nil: // of who leads; the others have their own
		return errSpoiled
	case b.spoiler == nil && (errors.Is(err, schema.ErrLockTimeout) || errors.Is(err, schema.ErrUnavailable)):
		return err
	case b.spoiler != nil && b.spoiler != r:
		r.tries.spoiled++
		r.alone = r.tries.spoiled >= aloneAfterSpoiled
	default:
		r.alone = true
	}
	return errSpoiled
}
