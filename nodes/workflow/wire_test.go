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
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

// Values go from functions into operations and back, whole and in part.
func TestFunctionsBetweenOperations(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		w, err := workflow.New("sum").
			Step("users", workflow.Op("User", "bulk_upsert")).
			Func("pick", func(_ context.Context, in workflow.Input) (map[string]any, error) {
				if in["factor"] != 10 {
					return nil, errors.New("the constant is not there")
				}
				return map[string]any{
					"rows": []map[string]any{{"user_id": in["user"].(map[string]any)["id"], "total": 10}},
					"a.b":  "dotted",
				}, nil
			}, workflow.Input{"factor": 10}).
			Step("order", workflow.Op("Order", "create")).
			Func("see", func(_ context.Context, in workflow.Input) (map[string]any, error) {
				in["deep"].(map[string]any)["one"] = "changed" // its own
				return in, nil
			}).
			Connect("input.users", "users.rows").
			Connect("users.rows.1", "pick.user").
			Connect("pick.rows.0.user_id", "order.row.user_id").Connect("pick.rows.0.total", "order.row.total").
			Connect("pick.a.b", "see.dotted").Connect("order.row", "see.row").Connect("input.deep.here", "see.deep").
			Build(shop(t, d))
		require.NoError(t, err)
		first, second := uuid.NewString(), uuid.NewString()
		deep := map[string]any{"one": 1}
		in := workflow.Input{
			"users": []any{map[string]any{"id": first, "email": "a"}, map[string]any{"id": second, "email": "b"}},
			"deep":  map[string]any{"here": deep},
		}
		out, err := w.Run(t.Context(), in)
		require.NoError(t, err)
		order := out.Outputs["order"]["row"].(map[string]any)
		require.Equal(t, []any{second, int64(10)}, []any{order["user_id"], order["total"]})
		require.Equal(t, map[string]any{"dotted": "dotted", "row": order, "deep": map[string]any{"one": "changed"}}, out.Outputs["see"])
		require.Equal(t, map[string]any{"one": 1}, deep, "inputs stay the caller's")
	})
}

func TestValuesThatNeverCome(t *testing.T) {
	w, err := workflow.New("gap").
		Step("all", workflow.Op("User", "list")).
		Step("read", workflow.Op("User", "get")).
		Connect("all.rows.0.id", "read.key").
		Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, `step read: invalid input: there is no "all.rows.0.id"`)
	require.Equal(t, []string{"all"}, out.Completed)

	_, err = w.Run(t.Context(), workflow.Input{"extra": 1})
	require.ErrorContains(t, err, `unknown input "extra"`)
	w, err = purchase().Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err = w.Run(t.Context(), workflow.Input{"id": "x"})
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, `input "email" is missing`)
	require.Empty(t, out.Completed)
}

// A function uses nodes in the workflow's transaction, and a workflow becomes part of the transaction it is run in.
func TestTransactions(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		people := exposed[User, uuid.UUID](t, c, schema.Named("people"))
		w, err := workflow.New("typed", workflow.InTransaction()).
			Func("make", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
				tx, ok := workflow.Transaction(ctx)
				if !ok {
					return nil, errors.New("no transaction")
				}
				u := User{ID: uuid.New(), Email: "ada@example.org"}
				return map[string]any{"key": u.ID}, people.In(tx).Create(ctx, &u)
			}).
			Step("read", workflow.Op("people", "get")).
			Connect("make.key", "read.key").
			Build(c)
		require.NoError(t, err)
		no := errors.New("no")
		err = c.InTx(t.Context(), func(ctx context.Context, _ dialect.Tx) error {
			if _, err := w.Run(ctx, nil); err != nil {
				return err
			}
			return no
		})
		require.ErrorIs(t, err, no)
		require.Zero(t, rows(t, d, "people"))
		out, err := w.Run(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, []string{"make", "read"}, out.Completed)
		require.Equal(t, int64(1), rows(t, d, "people"))
		_, ok := workflow.Transaction(t.Context())
		require.False(t, ok)
	})
}

// Hooks are called where the node was exposed with them.
func TestHooksInWorkflows(t *testing.T) {
	c, err := coordinator.New(nodetest.SQLite(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
	users := exposed[User, uuid.UUID](t, c)
	b := workflow.New("hooked").Step("make", workflow.Op("User", "create")).
		Connect("input.id", "make.row.id").Connect("input.email", "make.row.email")
	before, err := b.Build(c)
	require.NoError(t, err)
	require.NoError(t, c.Expose(dynamic.New(users.WithHooks(nodes.Hooks[User, uuid.UUID]{
		Validate: func(context.Context, *User) error { return nodes.Field("email", "is not liked") },
	}))))
	after, err := b.Build(c)
	require.NoError(t, err)
	_, err = before.Run(t.Context(), buyer())
	require.NoError(t, err)
	_, err = after.Run(t.Context(), buyer())
	require.ErrorContains(t, err, "is not liked [email]")

	other := shop(t, nodetest.SQLite(t))
	require.ErrorIs(t, other.Expose(dynamic.New(users)), schema.ErrInvalid)
	require.ErrorIs(t, other.Expose(nil), schema.ErrInvalid)
}
