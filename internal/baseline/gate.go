// Package baseline is the flaw that schemactor was made to end, to be compared with: a gate that remembers nothing.
package baseline

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Gate is a gate that remembers nothing. Before every operation it does all that a careful "ensure the table exists" does, with
// the same primitives as the real thing and no delay of its own: bootstrap of the ledger, load of the history, survey, lock,
// ledger entry, inspection, comparison, unlock. It is safe for concurrent use.
type Gate struct {
	d           dialect.Dialect
	model       *schema.Table
	application string
	checks      atomic.Int64
}

// NewGate makes the gate of a table; the application is written into the history. The database stays the caller's.
func NewGate(d dialect.Dialect, model *schema.Table, application string) *Gate {
	return &Gate{d: d, model: model, application: application}
}

// Checks is how often it has looked.
func (g *Gate) Checks() int64 { return g.checks.Load() }

// pause is how long it waits, at most, before it tries again for a lock that others hold.
const pause = 50 * time.Millisecond

// Ready looks at everything, every time. It waits for the lock as long as the context lets it.
func (g *Gate) Ready(ctx context.Context) (*schema.Snapshot, error) {
	g.checks.Add(1)
	for {
		snapshot, err := g.look(ctx)
		if err == nil || !errors.Is(g.d.Classify(err), schema.ErrLockTimeout) {
			return snapshot, err
		}
		timer := time.NewTimer(rand.N(pause))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

func (g *Gate) look(ctx context.Context) (*schema.Snapshot, error) {
	if err := g.bootstrap(ctx); err != nil {
		return nil, fmt.Errorf("bootstrap the ledger: %w", err)
	}
	ref := g.model.Ref()
	history, err := dialect.LedgerOf(g.d).History(ctx, g.d.Reader(), ref)
	if err != nil {
		return nil, fmt.Errorf("load the history: %w", err)
	}
	if _, err := g.d.Survey(ctx, []schema.Ref{ref}); err != nil {
		return nil, fmt.Errorf("survey: %w", err)
	}
	generation := int64(len(history))
	err = g.d.Locked(ctx, []schema.Ref{ref}, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := dialect.LedgerOf(g.d).Entry(ctx, tx, ref); err != nil {
			return err
		}
		began := time.Now()
		statements, live, err := g.settle(ctx, tx, g.model)
		if err != nil || len(statements) == 0 {
			return err
		}
		generation++
		return g.record(ctx, tx, generation, live, statements, time.Since(began))
	})
	if err != nil {
		return nil, err
	}
	return &schema.Snapshot{Table: g.model, Generation: generation, SeenAt: time.Now().UTC()}, nil
}

// Peek has nothing to give.
func (g *Gate) Peek() *schema.Snapshot { return nil }

// Invalidate has nothing to give up.
func (g *Gate) Invalidate(*schema.Snapshot, error) {}

// bootstrap looks whether the ledger's own tables are as they should be, and makes them if they are missing.
func (g *Gate) bootstrap(ctx context.Context) error {
	models := dialect.LedgerModels()
	refs := make([]schema.Ref, len(models))
	for i, m := range models {
		refs[i] = m.Ref()
	}
	lives, err := g.d.Inspect(ctx, g.d.Reader(), refs...)
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
	return g.d.Locked(ctx, refs, func(ctx context.Context, tx dialect.Tx) error {
		for _, m := range models {
			if _, _, err := g.settle(ctx, tx, m); err != nil {
				return err
			}
		}
		return nil
	})
}

// settle compares a table with its model and makes it if it is missing; it gives what it ran and what is there now.
func (g *Gate) settle(ctx context.Context, tx dialect.Tx, model *schema.Table) ([]string, *schema.Live, error) {
	lives, err := g.d.Inspect(ctx, tx, model.Ref())
	if err != nil {
		return nil, nil, err
	}
	plan := g.d.Create(model)
	if lives[0] != nil {
		born, err := g.d.Born(ctx, tx, model)
		if err != nil {
			return nil, nil, err
		}
		plan = g.d.Alter(dialect.Transition{Model: model, Born: born, Live: lives[0]})
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
	lives, err = g.d.Inspect(ctx, tx, model.Ref())
	if err != nil {
		return nil, nil, err
	}
	return ran, lives[0], nil
}

// record writes ledger entry and revision.
func (g *Gate) record(
	ctx context.Context, tx dialect.Tx, generation int64, live *schema.Live, statements []string, took time.Duration,
) error {
	spec, err := json.Marshal(g.model)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	return dialect.LedgerOf(g.d).Record(ctx, tx, dialect.Record{Entry: schema.Entry{
		Ref: g.model.Ref(), Generation: generation, Fingerprint: g.model.Fingerprint(), CatalogHash: live.Hash,
		Spec: string(spec), UpdatedAt: now, UpdatedBy: g.application,
	}, Revision: schema.Revision{
		Ref: g.model.Ref(), Generation: generation, ToFingerprint: g.model.Fingerprint(), Statements: statements,
		State: schema.RevisionApplied, Duration: took, Application: g.application, AppliedAt: now,
	}})
}
