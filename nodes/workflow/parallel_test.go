package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/nodes/workflow"
)

// meeting gives a function that waits until so many are in it at the same time: serial callers wait for ever.
func meeting(guests int32) func(ctx context.Context) error {
	var arrived atomic.Int32
	all := make(chan struct{})
	return func(ctx context.Context) error {
		if arrived.Add(1) == guests {
			close(all)
		}
		select {
		case <-all:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Operations on nodes run at the same time, and one that waits for two others begins after both.
func TestOperationsOverlap(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c, err := coordinator.New(d, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.Close(context.WithoutCancel(t.Context()))) })
		users, err := coordinator.Register[User, uuid.UUID](c)
		require.NoError(t, err)
		meet := meeting(3)
		require.NoError(t, c.Expose(dynamic.New(users.WithHooks(nodes.Hooks[User, uuid.UUID]{
			Validate: func(ctx context.Context, _ *User) error { return meet(ctx) },
		}))))
		b := workflow.New("meeting").Step("all", workflow.Op("User", "count"))
		for i := range 3 {
			name := fmt.Sprint("guest", i)
			b.Step(name, workflow.Op("User", "create", workflow.Input{
				"row": map[string]any{"id": uuid.NewString(), "email": name},
			})).After("all", name)
		}
		w, err := b.Build(c)
		require.NoError(t, err)
		out, err := w.Run(t.Context(), nil)
		require.NoError(t, err)
		require.Equal(t, int64(3), out.Outputs["all"]["count"])
		require.Equal(t, "all", out.Completed[3])
		require.Equal(t, int64(1), applied(t, d, "users"))
	})
}

// In a transaction no two steps run at the same time, and they keep to the order they were given in where they may.
func TestTransactionIsSerial(t *testing.T) {
	var mu sync.Mutex // held by the step that runs
	var ran []string
	b := workflow.New("row", workflow.InTransaction(), workflow.Parallel(8))
	for _, name := range []string{"c", "a", "b", "d"} {
		b.Func(name, func(context.Context, workflow.Input) (map[string]any, error) {
			if !mu.TryLock() {
				return nil, errors.New("two at the same time")
			}
			defer mu.Unlock()
			ran = append(ran, name)
			return nil, nil
		})
	}
	w, err := b.After("c", "b").Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "d"}, w.Steps())
	out, err := w.Run(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, w.Steps(), ran)
	require.Equal(t, w.Steps(), out.Completed)
}

// A diamond is run layer by layer, the two in the middle at the same time.
func TestDiamond(t *testing.T) {
	meet := meeting(2)
	middle := func(ctx context.Context, in workflow.Input) (map[string]any, error) {
		return map[string]any{"n": in["n"].(int) + in["plus"].(int)}, meet(ctx)
	}
	w, err := workflow.New("diamond").
		Func("top", func(context.Context, workflow.Input) (map[string]any, error) { return map[string]any{"n": 1}, nil }).
		Func("left", middle, workflow.Input{"plus": 10}).
		Func("right", middle, workflow.Input{"plus": 100}).
		Func("bottom", func(_ context.Context, in workflow.Input) (map[string]any, error) {
			return map[string]any{"sum": in["a"].(int) + in["b"].(int)}, nil
		}).
		Connect("top.n", "left.n").Connect("top.n", "right.n").Connect("left.n", "bottom.a").Connect("right.n", "bottom.b").
		Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 112, out.Outputs["bottom"]["sum"])
	require.Equal(t, "top", out.Completed[0])
	require.Equal(t, "bottom", out.Completed[3])
}
