package actors

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Plan says what would be done to make the table match its model, with a note where somebody has begun a change. It writes nothing and takes no lock. A table that is
// there under its former name, too, is ErrSchemaMismatch.
func (s *System) Plan(ctx context.Context, t *Table) (*schema.Plan, error) {
	a := s.aside(t)
	var plan *schema.Plan
	err := a.observe(ctx, func(ctx context.Context, tx dialect.Tx, entry *schema.Entry, live *schema.Live) error {
		if live == nil {
			plan = s.dialect.Create(t.model)
		} else {
			found, err := s.study(ctx, tx, t, entry, live, s.config.Policy)
			if err != nil {
				return err
			}
			plan = found.plan
		}
		note, err := a.unended(ctx, tx)
		if note != "" {
			plan.Notes = append(plan.Notes, note)
		}
		return err
	})
	if err != nil {
		return nil, a.fail(err)
	}
	return plan, nil
}

// Migrate carries a plan out as it is, in the caller's goroutine. It is ErrStalePlan where table or model is not what the
// plan was made for, and ErrDestructive where neither the System's policy nor approve allows a hazard. Others who
// want the table meanwhile, here and elsewhere, wait for their turn.
func (s *System) Migrate(ctx context.Context, t *Table, plan *schema.Plan, approve schema.Policy) (err error) {
	if plan.Model != t.model.Fingerprint() {
		return stale(plan, "the model has changed since")
	}
	// Close waits for what runs here, and ends it.
	ended := make(chan struct{})
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !s.launch(func() {
		select {
		case <-s.ctx.Done():
			cancel(schema.ErrClosed)
			<-ended
		case <-ended:
		}
	}) {
		return t.closedError()
	}
	defer close(ended)
	a := s.aside(t)
	a.plan, a.policy, a.began = plan, s.config.Policy.And(approve), time.Now()
	defer func() {
		if value := recover(); value != nil {
			err = a.fail(s.caught("phase "+string(a.at.phase), t.model.String(), value))
		}
	}()
	if plan.Empty() || len(plan.Statements) == 0 && len(plan.Blocking()) == 0 {
		return t.Ensure(ctx)
	}
	snapshot, err := a.ensure(ctx)
	switch {
	case err != nil && s.ctx.Err() != nil:
		return t.closedError()
	case err != nil:
		return a.fail(err)
	}
	t.announce(&migrated{
		snapshot: snapshot, statements: a.statements, duration: time.Since(a.began), done: make(chan struct{}),
	})
	return nil
}

// announce has the actor remember what was achieved, unless it is working at the same itself.
func (t *Table) announce(message *migrated) {
	pid := t.start()
	if pid == nil {
		return
	}
	t.system.actors.Root.Send(pid, message)
	select {
	case <-message.done:
	case <-t.system.ctx.Done():
	}
}

// aside is an attempt that is no part of the actor's own work.
func (s *System) aside(t *Table) *attempt {
	return &attempt{
		system: s, table: t, byHand: true, policy: s.config.Policy, began: time.Now(), members: []*Table{t},
		at: position{phase: schema.PhaseSurvey},
	}
}

// observe reads what ledger and catalogue say of the table, and hands it to fn in a transaction that is rolled back.
// entry and live are nil for what is not there; where there is no ledger, fn may not ask for it.
func (a *attempt) observe(
	ctx context.Context, fn func(ctx context.Context, tx dialect.Tx, entry *schema.Entry, live *schema.Live) error,
) error {
	s, t := a.system, a.table
	a.looking = true
	survey, err := s.dialect.Survey(ctx, []schema.Ref{t.ref})
	if err != nil {
		return err
	}
	a.ledger = survey.HasLedger
	return s.dialect.Aside(ctx, func(ctx context.Context, tx dialect.Tx) error {
		seen, err := a.look(ctx, tx, survey.HasLedger)
		if err != nil {
			return err
		}
		return fn(ctx, tx, seen.entries[0], seen.lives[0])
	})
}
