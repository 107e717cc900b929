package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// anything allows every hazard, and the removal of all extras.
func anything() schema.Policy {
	return schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Reason: "a test"}}}
}

// planned makes the plan for the table of a name.
func planned(t testing.TB, d *DB, m *schema.Table, name string, policy schema.Policy) *schema.Plan {
	t.Helper()
	born, err := d.Born(t.Context(), nil, m)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), schema.Ref{Name: name})
	require.NoError(t, err)
	require.NotNil(t, lives[0], name)
	rows := one[int64](t, d.Reader(), "SELECT count(*) FROM "+d.Quote(name))
	transition := dialect.Transition{Model: m, Born: born, Live: lives[0], Rows: rows, Policy: policy}
	plan := d.Alter(transition)
	require.Equal(t, plan, d.Alter(transition), "a plan is pure")
	require.False(t, plan.Stepwise())
	return plan
}

// carry runs a plan as those above a dialect do.
func carry(t testing.TB, d *DB, plan *schema.Plan) error {
	t.Helper()
	require.Empty(t, plan.Faults)
	return d.Locked(t.Context(), []schema.Ref{plan.Table}, func(ctx context.Context, tx dialect.Tx) error {
		for _, s := range plan.Statements {
			if s.Refuse == "" {
				if _, err := tx.Exec(ctx, s.SQL); err != nil {
					return fmt.Errorf("%s: %w: %w", s.SQL, d.Classify(err), err)
				}
				continue
			}
			rows, err := tx.Query(ctx, s.SQL)
			if err != nil {
				return fmt.Errorf("%s: %w", s.SQL, err)
			}
			found := rows.Next()
			if err := errors.Join(rows.Close(), rows.Err()); err != nil {
				return fmt.Errorf("%s: %w", s.SQL, err)
			}
			if found {
				return &schema.Error{Kind: schema.ErrUnfitRows, Detail: s.Refuse}
			}
		}
		return nil
	})
}

// becomes carries the plan for a model out, and requires that nothing is left to do.
func becomes(t testing.TB, d *DB, m *schema.Table, name string, policy schema.Policy) *schema.Plan {
	t.Helper()
	plan := planned(t, d, m, name, policy)
	require.NoError(t, carry(t, d, plan), plan.String())
	again := planned(t, d, m, m.Ref().Name, policy)
	require.Empty(t, again.Statements, "after\n%s\ncomes\n%s", plan, again)
	require.Empty(t, again.Blocking(), "after\n%s\ncomes\n%s", plan, again)
	whole(t, d)
	return plan
}

// whole requires that the database is as a plan must leave it, and its connection too.
func whole(t testing.TB, d *DB) {
	t.Helper()
	require.Equal(t, "ok", one[string](t, d.Writer(), "PRAGMA integrity_check"))
	require.Equal(t, 0, one[int](t, d.Writer(), "SELECT count(*) FROM pragma_foreign_key_check"))
	require.Equal(t, 0, one[int](t, d.Writer(), "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'schemactor%'"))
	require.Equal(t, "1", one[string](t, d.Writer(), "PRAGMA foreign_keys"))
	require.Equal(t, "0", one[string](t, d.Writer(), "PRAGMA legacy_alter_table"))
}

// hazardWords are a plan's hazards as people read them.
func hazardWords(plan *schema.Plan) []string {
	out := []string{}
	for _, h := range plan.Hazards() {
		out = append(out, h.String())
	}
	return out
}

// rewrites reports whether a plan writes the table anew.
func rewrites(plan *schema.Plan) bool {
	for _, s := range plan.Statements {
		if s.Rewrites {
			return true
		}
	}
	return false
}
