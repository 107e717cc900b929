package nodes_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// toolHooks record which of them were called, and let names be changed on the way.
func toolHooks(called *[]string) nodes.Hooks[tool, int64] {
	hook := func(name string, change bool) func(context.Context, dialect.Tx, *tool) error {
		return func(_ context.Context, _ dialect.Tx, row *tool) error {
			*called = append(*called, name)
			if change {
				row.Name += " by " + name
			}
			return nil
		}
	}
	return nodes.Hooks[tool, int64]{
		BeforeCreate: hook("before create", true), AfterCreate: hook("after create", false),
		BeforeUpdate: hook("before update", true), AfterUpdate: hook("after update", false),
		Validate: func(_ context.Context, row *tool) error {
			*called = append(*called, "validate")
			if row.Count == 13 {
				return nodes.Field("count", "nobody has that many")
			}
			return nil
		},
	}
}

func TestUpsertCallsTheHooksOfWhatItDoes(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, plain *nodes.Node[tool, int64]) {
		ctx, called := t.Context(), []string(nil)
		tools := plain.WithHooks(toolHooks(&called))
		upsert := func(row tool, opts ...nodes.UpsertOption) (tool, bool) {
			called = nil
			created, err := tools.Upsert(ctx, &row, append(opts, nodes.OnConflict("code"))...)
			require.NoError(t, err)
			return row, created
		}
		row, created := upsert(tool{Code: "saw", Name: "Saw"})
		require.True(t, created)
		require.Equal(t, "Saw by before create", row.Name)
		require.Equal(t, []string{"before create", "validate", "after create"}, called)

		row, created = upsert(tool{Code: "saw", Name: "Saw"})
		require.False(t, created)
		require.Equal(t, "Saw by before update", row.Name)
		require.Equal(t, []string{"before update", "validate", "after update"}, called)
		got, err := tools.Get(ctx, row.ID)
		require.NoError(t, err)
		require.Equal(t, row, *got)

		row, created = upsert(tool{Code: "saw", Name: "Saw"}, nodes.DoNothing())
		require.False(t, created)
		require.Equal(t, tool{Code: "saw", Name: "Saw"}, row)
		require.Equal(t, []string{"validate"}, called, "nothing is created or updated")
		_, created = upsert(tool{Code: "drill"}, nodes.DoNothing())
		require.True(t, created)
		require.Equal(t, []string{"before create", "validate", "after create"}, called)

		err = try(func() error { return second(tools.Upsert(ctx, &tool{Code: "new", Count: 13})) })
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "upsert tools")
		require.ErrorContains(t, err, "[count]")
	})
}

func TestUpsertIsUndoneByItsHooks(t *testing.T) {
	refusal := errors.New("no")
	inAndOut(t, func(t *testing.T, try apart, plain *nodes.Node[tool, int64]) {
		ctx := t.Context()
		saw := tool{Code: "saw"}
		require.NoError(t, plain.Create(ctx, &saw))
		no := func(context.Context, dialect.Tx, *tool) error { return refusal }
		tools := plain.WithHooks(nodes.Hooks[tool, int64]{AfterCreate: no, AfterUpdate: no})
		for _, code := range []string{"saw", "drill"} {
			row := tool{Code: code, Count: 3}
			before := row
			err := try(func() error { return second(tools.Upsert(ctx, &row, nodes.OnConflict("code"))) })
			require.ErrorIs(t, err, refusal)
			require.Equal(t, before, row)
		}
		rows, err := plain.List(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Equal(t, []tool{saw}, rows)
	})
}

// TestHookedUpsertWhoseRowAppearsMeanwhile: what the hooks of a creation did is undone, and those of an update are called.
func TestHookedUpsertWhoseRowAppearsMeanwhile(t *testing.T) {
	d := nodetest.Postgres(t)
	ctx, plain := t.Context(), open[tool, int64](t, d)
	require.NoError(t, plain.Create(ctx, &tool{Code: "drill"}))
	var called []string
	hooks := toolHooks(&called)
	var once sync.Once
	hooks.BeforeCreate = func(ctx context.Context, tx dialect.Tx, row *tool) error {
		called = append(called, "before create")
		once.Do(func() { require.NoError(t, plain.Create(ctx, &tool{Code: "saw"})) })
		return plain.In(tx).Create(ctx, &tool{Code: "trace of the hook"})
	}
	row := tool{Code: "saw", Name: "Saw"}
	created, err := plain.WithHooks(hooks).Upsert(ctx, &row, nodes.OnConflict("code"))
	require.NoError(t, err)
	require.False(t, created)
	require.Equal(t, []string{"before create", "validate", "before update", "validate", "after update"}, called)
	require.Equal(t, "Saw by before update", row.Name)
	count, err := plain.Count(ctx, nodes.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 2, count)
}
