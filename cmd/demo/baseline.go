package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// baseline is the flaw that schemactor was made to end: a gate that remembers nothing. Before every operation it does
// all that a careful "ensure the table exists" does, with the same primitives as the real thing and no delay of its
// own: bootstrap of the ledger, load of the history, survey, lock, ledger entry, inspection, comparison, unlock.
type baseline struct {
	d      dialect.Dialect
	model  *schema.Table
	checks int // how often it looked; one goroutine uses it
}

// Ready looks at everything, every time.
func (b *baseline) Ready(ctx context.Context) (*schema.Snapshot, error) {
	b.checks++
	if err := b.bootstrap(ctx); err != nil {
		return nil, fmt.Errorf("bootstrap the ledger: %w", err)
	}
	ref := b.model.Ref()
	history, err := dialect.LedgerOf(b.d).History(ctx, b.d.Reader(), ref)
	if err != nil {
		return nil, fmt.Errorf("load the history: %w", err)
	}
	if _, err := b.d.Survey(ctx, []schema.Ref{ref}); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	generation := int64(len(history))
	err = b.d.Locked(ctx, []schema.Ref{ref}, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := dialect.LedgerOf(b.d).Entry(ctx, tx, ref); err != nil {
			return err
		}
		began := time.Now()
		statements, live, err := b.settle(ctx, tx, b.model)
		if err != nil || len(statements) == 0 {
			return err
		}
		generation++
		return b.record(ctx, tx, generation, live, statements, time.Since(began))
	})
	if err != nil {
		return nil, err
	}
	return &schema.Snapshot{Table: b.model, Generation: generation, SeenAt: time.Now().UTC()}, nil
}

// Peek has nothing to give.
func (b *baseline) Peek() *schema.Snapshot { return nil }

// Invalidate has nothing to give up.
func (b *baseline) Invalidate(*schema.Snapshot, error) {}

// bootstrap looks whether the ledger's own tables are as they should be, and makes them if they are missing.
func (b *baseline) bootstrap(ctx context.Context) error {
	models := dialect.LedgerModels()
	refs := make([]schema.Ref, len(models))
	for i, m := range models {
		refs[i] = m.Ref()
	}
	lives, err := b.d.Inspect(ctx, b.d.Reader(), refs...)
	if err != nil {
		return err
	}
	missing := false
	for _, live := range lives {
		missing = missing || live == nil
	}
	if !missing {
		return nil
	}
	return b.d.Locked(ctx, refs, func(ctx context.Context, tx dialect.Tx) error {
		for _, m := range models {
			if _, _, err := b.settle(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle compares a table with its model and makes it if it is missing; it gives what it ran and what is there now.
func (b *baseline) settle(ctx context.Context, tx dialect.Tx, model *schema.Table) ([]string, *schema.Live, error) {
	lives, err := b.d.Inspect(ctx, tx, model.Ref())
	if err != nil {
		return nil, nil, err
	}
	plan := b.d.Create(model)
	if lives[0] != nil {
		born, err := b.d.Born(ctx, tx, model)
		if err != nil {
			return nil, nil, err
		}
		plan = b.d.Alter(dialect.Transition{Model: model, Born: born, Live: lives[0]})
		if blocking := plan.Blocking(); len(blocking) > 0 {
			return nil, nil, fmt.Errorf("%w: %s", schema.ErrSchemaMismatch, blocking[0])
		}
	}
	var ran []string
	for _, deferred := range []bool{false, true} {
		for _, s := range plan.Statements {
			if s.Deferred != deferred {
				continue
			}
			if _, err := tx.Exec(ctx, s.SQL); err != nil {
				return nil, nil, err
			}
			ran = append(ran, s.SQL)
		}
	}
	if len(ran) == 0 {
		return nil, lives[0], nil
	}
	lives, err = b.d.Inspect(ctx, tx, model.Ref())
	if err != nil {
		return nil, nil, err
	}
	return ran, lives[0], nil
}

// record writes ledger entry and revision.
func (b *baseline) record(
	ctx context.Context, tx dialect.Tx, generation int64, live *schema.Live, statements []string, took time.Duration,
) error {
	spec, err := json.Marshal(b.model)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	return dialect.LedgerOf(b.d).Record(ctx, tx, dialect.Record{Entry: schema.Entry{
		Ref: b.model.Ref(), Generation: generation, Fingerprint: b.model.Fingerprint(), CatalogHash: live.Hash,
		Spec: string(spec), UpdatedAt: now, UpdatedBy: "demo",
	}, Revision: schema.Revision{
		Ref: b.model.Ref(), Generation: generation, ToFingerprint: b.model.Fingerprint(), Statements: statements,
		State: schema.RevisionApplied, Duration: took, Application: "demo", AppliedAt: now,
	}})
}
