package actors

import (
	"context"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// study is what is seen of one table that is there, and what would be done about it.
type study struct {
	entry    *schema.Entry // the ledger's word; may be nil
	standing schema.Standing
	born     *schema.Live
	live     *schema.Live // under its former name where it is to be renamed
	plan     *schema.Plan
}

// study compares a live table with its model and plans. It runs in the caller's transaction and changes nothing.
func (s *System) study(
	ctx context.Context, tx dialect.Tx, t *Table, entry *schema.Entry, live *schema.Live, policy schema.Policy,
) (*study, error) {
	out := &study{entry: entry, live: live}
	var err error
	if out.standing, err = s.standing(ctx, tx, t, entry); err != nil {
		return nil, err
	}
	if out.born, err = s.dialect.Born(ctx, tx, t.model); err != nil {
		return nil, err
	}
	out.plan = s.dialect.Alter(out.transition(t, policy, 0))
	if len(out.plan.Statements) > 0 && s.config.Mode == ModeMigrate {
		rows, err := s.rows(ctx, tx, live.Ref, policy)
		if err != nil {
			return nil, err
		}
		out.plan = s.dialect.Alter(out.transition(t, policy, rows))
	}
	if out.standing == schema.StandingBehind {
		for i := range out.plan.Statements {
			statement := &out.plan.Statements[i]
			statement.Hazards = append(statement.Hazards, schema.Hazard{Kind: schema.HazardRevert})
		}
	}
	return out, nil
}

func (y *study) transition(t *Table, policy schema.Policy, rows int64) dialect.Transition {
	return dialect.Transition{Model: t.model, Born: y.born, Live: y.live, Rows: rows, Policy: policy}
}

// standing says how the model stands to the ledger. An entry that somebody edited is no evidence; whether the model was
// ever the table's is still told by the revisions.
func (s *System) standing(ctx context.Context, q dialect.Querier, t *Table, entry *schema.Entry) (schema.Standing, error) {
	if entry == nil {
		return schema.StandingNew, nil
	}
	if !entry.Tampered && entry.Fingerprint == t.model.Fingerprint() {
		return s.overtaken(ctx, q, t)
	}
	seen, err := s.ledger.Seen(ctx, q, t.ref, t.model.Fingerprint())
	switch {
	case err != nil:
		return "", err
	case !seen:
		return schema.StandingNew, nil
	case entry.Tampered:
		return schema.StandingCurrent, nil
	}
	// The revision that was just read may be of a moment after the entry: then another program has this very model made,
	// and it is no older one.
	now, err := s.ledger.Entry(ctx, q, entry.Ref)
	if err != nil || now == nil || now.Generation != entry.Generation {
		return schema.StandingNew, err
	}
	return schema.StandingBehind, nil
}

// overtaken says how the ledger's present model stands: where a migration to another one was begun and has not come to
// its end, it is behind already. What is there of the newer shape is not to be undone, and serves or does not.
func (s *System) overtaken(ctx context.Context, q dialect.Querier, t *Table) (schema.Standing, error) {
	history, err := s.ledger.History(ctx, q, t.ref)
	if err != nil || len(history) == 0 {
		return schema.StandingCurrent, err
	}
	last := history[len(history)-1]
	begun := last.State == schema.RevisionApplying || last.State == schema.RevisionFailed
	if begun && !last.Tampered && last.ToFingerprint != t.model.Fingerprint() {
		return schema.StandingBehind, nil
	}
	return schema.StandingCurrent, nil
}

// rows counts a table's rows, no further than the policy needs.
func (s *System) rows(ctx context.Context, q dialect.Querier, ref schema.Ref, policy schema.Policy) (int64, error) {
	limit := policy.RowLimit()
	if limit < 0 {
		limit = schema.DefaultMaxRows
	}
	var n int64
	_, err := dialect.QueryRow(ctx, q, fmt.Sprintf("SELECT count(*) FROM (SELECT 1 FROM %s LIMIT %d) AS counted",
		s.dialect.QuoteTable(ref), limit+1), nil, &n)
	return n, err
}

// serves reports whether the model's statements work on the table as it is, and names what keeps them from it.
func (y *study) serves() (obstacles []schema.Change, ok bool) {
	for _, c := range y.plan.Changes {
		if !c.Serves {
			obstacles = append(obstacles, c)
		}
	}
	return obstacles, len(obstacles) == 0 && len(y.plan.Faults) == 0
}

// permit says whether a plan may be carried out, and why not.
func permit(plan *schema.Plan, policy schema.Policy, requestPath bool) error {
	switch refused := plan.Refused(policy); {
	case len(plan.Faults) > 0:
		return &mismatchError{changes: plan.Blocking(), plan: plan, faults: plan.Faults}
	case len(refused) > 0:
		return &schema.PolicyError{Plan: plan, Refused: refused, RequestPath: requestPath}
	case requestPath && plan.Long(policy):
		return &schema.PolicyError{Plan: plan, RequestPath: true}
	case len(plan.Statements) == 0 && len(plan.Blocking()) > 0:
		return &mismatchError{changes: plan.Blocking(), plan: plan}
	}
	return nil
}

// run runs one statement of a plan in a transaction. A Refuse statement that gives a row ends the plan.
func run(ctx context.Context, q dialect.Querier, table schema.Ref, statement schema.Statement) error {
	if statement.Refuse == "" {
		_, err := q.Exec(ctx, statement.SQL)
		return err
	}
	rows, err := q.Query(ctx, statement.SQL)
	if err != nil {
		return err
	}
	found := rows.Next()
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return err
	}
	if found {
		return &schema.Error{Op: "apply", Table: table.String(), Kind: schema.ErrUnfitRows, Detail: statement.Refuse}
	}
	return nil
}
