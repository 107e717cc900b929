package workflow_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

// refused is a function that the database seems to refuse, so many times.
func refused(times int) workflow.Func {
	return func(context.Context, workflow.Input) (map[string]any, error) {
		if times--; times >= 0 {
			return nil, &schema.Error{Op: "test", Kind: schema.ErrSerialization}
		}
		return map[string]any{"left": times}, nil
	}
}

// What the database refuses is run again from the start, and the result is that of the last run alone.
func TestTransactionIsRunAgain(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		w, err := purchase(workflow.InTransaction()).Func("late", refused(2)).After("late", "payments", "read").Build(c)
		require.NoError(t, err)
		out, err := w.Run(t.Context(), buyer())
		require.NoError(t, err)
		require.Len(t, out.Completed, 6)
		require.Equal(t, -1, out.Outputs["late"]["left"])
		for _, table := range []string{"users", "orders", "payments"} {
			require.Equal(t, int64(1), rows(t, d, table), table)
		}

		w, err = purchase(workflow.InTransaction(coordinator.RetryFor(0))).Func("late", refused(1)).
			After("late", "payments", "read").Build(c)
		require.NoError(t, err)
		out, err = w.Run(t.Context(), buyer())
		require.ErrorIs(t, err, schema.ErrSerialization)
		require.ErrorContains(t, err, "step late: ")
		require.True(t, out.Undone)
		require.Equal(t, int64(1), rows(t, d, "payments"), "those of the first run")
	})
}

func TestTransactionOptions(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		w, err := purchase(workflow.InTransaction(coordinator.ReadOnly())).Build(c)
		require.NoError(t, err)
		out, err := w.Run(t.Context(), buyer())
		require.ErrorIs(t, err, schema.ErrPermission)
		require.ErrorContains(t, err, "step user: ")
		require.Empty(t, out.Completed)

		w, err = purchase(workflow.InTransaction(coordinator.Isolation(dialect.Serializable))).Build(c)
		require.NoError(t, err)
		_, err = w.Run(t.Context(), buyer())
		require.NoError(t, err)
	})
}

// In the transaction of another, a workflow that fails undoes what it did and leaves the rest, also on tables that nobody
// has used; one that is refused by the database has the whole transaction run again.
func TestNestedWorkflows(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		no := errors.New("no")
		inner, err := purchase(workflow.InTransaction()).
			Func("fail", func(context.Context, workflow.Input) (map[string]any, error) { return nil, no }).
			After("fail", "payments", "read").Build(c)
		require.NoError(t, err)
		again, err := workflow.New("again", workflow.InTransaction()).Func("once", refused(1)).Build(c)
		require.NoError(t, err)
		users := exposed[User, uuid.UUID](t, c, schema.Named("people"))
		attempts := 0
		outer, err := workflow.New("outer", workflow.InTransaction()).
			Func("kept", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
				attempts++
				tx, _ := workflow.Transaction(ctx)
				return nil, users.In(tx).Create(ctx, &User{ID: uuid.New(), Email: "ada@example.org"})
			}).
			Func("nested", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
				out, err := inner.Run(ctx, buyer())
				if !errors.Is(err, no) {
					return nil, err
				}
				return map[string]any{"completed": len(out.Completed), "undone": out.Undone}, nil
			}).After("nested", "kept").
			Func("again", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
				_, err := again.Run(ctx, nil)
				return nil, err
			}).After("again", "nested").
			Build(c)
		require.NoError(t, err)
		out, err := outer.Run(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"completed": 5, "undone": true}, out.Outputs["nested"])
		require.Greater(t, attempts, 1)
		require.Equal(t, int64(1), rows(t, d, "people"))
		for _, table := range []string{"users", "orders", "payments"} {
			require.Zero(t, rows(t, d, table), table)
			require.Equal(t, int64(1), applied(t, d, table), table)
		}
	})
}
