package dialecttest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// patience is how long a plan may take. Where things work it is never reached.
const patience = time.Minute

// everything allows all hazards.
func everything() schema.Policy {
	return schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "a test"}}}
}

// carry runs a plan. It looks at no policy and writes no ledger; that is for those above a dialect.
func carry(t tester, d dialect.Dialect, plan *schema.Plan) error {
	t.Helper()
	require.Empty(t, plan.Faults, plan.String())
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if !plan.Stepwise() {
		return again(ctx, func() error {
			return d.Locked(ctx, []schema.Ref{plan.Table}, func(ctx context.Context, tx dialect.Tx) error {
				return inTransaction(ctx, d, tx, plan.Statements)
			})
		})
	}
	applier, ok := d.(dialect.Applier)
	require.True(t, ok, "a plan of several steps, and nobody to take them:\n%s", plan)
	for _, step := range plan.Steps() {
		if err := again(ctx, func() error { return applier.Step(ctx, step, nil) }); err != nil {
			return fmt.Errorf("%s: %w", step[0].SQL, err)
		}
	}
	return nil
}

// again repeats what did not get a lock until the context ends. Waiting for the lock is the pause.
func again(ctx context.Context, do func() error) error {
	for {
		if err := do(); !errors.Is(err, schema.ErrLockTimeout) || ctx.Err() != nil {
			return err
		}
	}
}

// inTransaction runs the statements of a plan that is carried out as a whole.
func inTransaction(ctx context.Context, d dialect.Dialect, tx dialect.Tx, statements []schema.Statement) error {
	for _, st := range statements {
		var err error
		if st.Refuse == "" {
			_, err = tx.Exec(ctx, st.SQL)
		} else {
			err = refused(ctx, tx, st)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", st.SQL, classified(d, err))
		}
	}
	return nil
}

// refused runs a query that must give no row.
func refused(ctx context.Context, tx dialect.Tx, st schema.Statement) error {
	rows, err := tx.Query(ctx, st.SQL)
	if err != nil {
		return err
	}
	found := rows.Next()
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return err
	}
	if found {
		return &schema.Error{Op: "migrate", Kind: schema.ErrUnfitRows, Detail: st.Refuse}
	}
	return nil
}

// planned makes the plan for a table of a name, be it the model's or its former one.
func planned(t tester, d dialect.Dialect, model *schema.Table, at schema.Ref, policy schema.Policy) *schema.Plan {
	t.Helper()
	live := inspect(t, d, at)
	require.NotNil(t, live, "table %s is missing", at)
	transition := dialect.Transition{
		Model: model, Born: born(t, d, model), Live: live, Rows: rowCount(t, d, at), Policy: policy,
	}
	plan := d.Alter(transition)
	require.Equal(t, plan, d.Alter(transition), "a plan is pure")
	require.Equal(t, model.Ref(), plan.Table)
	require.Equal(t, model.Fingerprint(), plan.Model)
	require.Equal(t, live.Hash, plan.Base)
	require.Equal(t, transition.Rows, plan.Rows)
	if plan.Rows == 0 {
		require.False(t, plan.Stepwise(), "an empty table needs no steps:\n%s", plan)
	}
	return plan
}

// done shows that a plan was carried out: there is nothing left to do, and nothing in the model's way.
func done(t tester, d dialect.Dialect, model *schema.Table, policy schema.Policy, former *schema.Plan) {
	t.Helper()
	plan := planned(t, d, model, model.Ref(), policy)
	require.Empty(t, plan.Statements, "after\n%s\ncomes\n%s", former, plan)
	require.Empty(t, plan.Faults, "after\n%s\ncomes\n%s", former, plan)
	require.Empty(t, plan.Blocking(), "after\n%s\ncomes\n%s", former, plan)
}

func rowCount(t tester, d dialect.Dialect, table schema.Ref) (n int64) {
	t.Helper()
	_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM "+d.QuoteTable(table), nil, &n)
	require.NoError(t, err)
	return n
}
