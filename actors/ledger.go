package actors

import (
	"context"
	"slices"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// makeLedger makes the library's own tables where the last boot read found none, by the same inspect, plan and apply
// as everyone's, and once for all attempts of the System. They have no ledger row of their own.
func (a *attempt) makeLedger(ctx context.Context) error {
	s := a.system
	if s.hasLedger.Load() {
		return nil
	}
	select {
	case s.ledgerTurn <- struct{}{}:
		defer func() { <-s.ledgerTurn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.hasLedger.Load() {
		return nil
	}
	models := dialect.LedgerModels()
	refs := make([]schema.Ref, len(models))
	for i, model := range models {
		refs[i] = s.fit(model.Ref())
	}
	err := s.dialect.Locked(ctx, refs, func(ctx context.Context, tx dialect.Tx) (err error) {
		defer func() {
			if value := recover(); value != nil {
				err = s.caught("phase "+string(a.at.phase), a.table.model.String(), value)
			}
		}()
		return a.createLedger(ctx, tx, models, refs)
	})
	if err == nil {
		s.hasLedger.Store(true)
	}
	return err
}

func (a *attempt) createLedger(ctx context.Context, tx dialect.Tx, models []*schema.Table, refs []schema.Ref) error {
	s := a.system
	lives, err := s.inspect(ctx, tx, refs)
	if err != nil {
		return err
	}
	// The one by which others know that there is a ledger is made last: who dies in between leaves none.
	for i, model := range slices.Backward(models) {
		if lives[i] != nil {
			continue
		}
		for _, statement := range s.dialect.Create(model).Statements {
			a.enter(schema.PhaseLedger, statement.SQL)
			began := time.Now()
			if _, err := tx.Exec(ctx, statement.SQL); err != nil {
				return err
			}
			s.tell(s.listener().Applied, schema.Event{
				Table: model.Ref(), Phase: schema.PhaseLedger, SQL: statement.SQL, Duration: time.Since(began),
			})
		}
	}
	a.enter(schema.PhaseLedger, "")
	if lives, err = s.inspect(ctx, tx, refs); err != nil {
		return err
	}
	for i, model := range models {
		if changes := s.verify(model, lives[i]); len(changes) > 0 {
			return &mismatchError{changes: changes}
		}
	}
	return nil
}
