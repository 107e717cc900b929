package workflow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

// purchase is five operations on three tables.
func purchase(opts ...workflow.Option) *workflow.Builder {
	return workflow.New("purchase", opts...).
		Step("user", workflow.Op("User", "create")).
		Step("order", workflow.Op("orders", "create", workflow.Input{"row": map[string]any{"total": 30}})).
		Step("pay", workflow.Op("Payment", "create")).
		Step("read", workflow.Op("User", "get")).
		Step("payments", workflow.Op("payments", "list")).
		Connect("input.id", "user.row.id").Connect("input.email", "user.row.email").
		Connect("user.key", "order.row.user_id").
		Connect("order.row.id", "pay.row.order_id").
		Connect("user.key", "read.key").
		Connect("order.key", "payments.where.order_id").
		After("payments", "pay")
}

func buyer() workflow.Input {
	id := uuid.NewString()
	return workflow.Input{"id": id, "email": id + "@example.org"}
}

func TestFiveOperationsOnUnseenTables(t *testing.T) {
	for _, way := range []string{"parallel", "transaction"} {
		t.Run(way, func(t *testing.T) {
			nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
				var opts []workflow.Option
				if way == "transaction" {
					opts = append(opts, workflow.InTransaction())
				}
				w, err := purchase(opts...).Build(shop(t, d))
				require.NoError(t, err)
				require.Equal(t, []string{"email", "id"}, w.Inputs())
				in := buyer()
				out, err := w.Run(t.Context(), in)
				require.NoError(t, err)
				require.ElementsMatch(t, []string{"user", "order", "pay", "read", "payments"}, out.Completed)
				require.False(t, out.Undone)
				require.Equal(t, out.Outputs["user"], out.Outputs["read"])
				require.Equal(t, in["id"], out.Outputs["order"]["row"].(map[string]any)["user_id"])
				require.Equal(t, []any{out.Outputs["pay"]["row"]}, out.Outputs["payments"]["rows"])
				id, err := uuid.Parse(out.RunID)
				require.NoError(t, err)
				require.Equal(t, uuid.Version(7), id.Version())

				for _, table := range []string{"users", "orders", "payments"} {
					require.Equal(t, int64(1), applied(t, d, table), table)
					require.Equal(t, int64(1), rows(t, d, table), table)
				}
			})
		})
	}
}

// One built workflow is run by many at once.
func TestRunManyTimesAtOnce(t *testing.T) {
	const runs = 20
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		w, err := purchase().Build(shop(t, d))
		require.NoError(t, err)
		ids := make([]string, runs)
		errs := make([]error, runs)
		var wg sync.WaitGroup
		for i := range runs {
			wg.Go(func() {
				var out *workflow.Result
				out, errs[i] = w.Run(t.Context(), buyer())
				ids[i] = out.RunID
			})
		}
		wg.Wait()
		require.NoError(t, errors.Join(errs...))
		seen := map[string]bool{}
		for _, id := range ids {
			require.False(t, seen[id])
			seen[id] = true
		}
		require.Equal(t, int64(runs), rows(t, d, "payments"))
		require.Equal(t, int64(1), applied(t, d, "payments"))
	})
}

func TestFailureInTheMiddle(t *testing.T) {
	fail := func(b *workflow.Builder) *workflow.Builder {
		return b.Step("refused", workflow.Op("Order", "create", workflow.Input{"row": map[string]any{"total": -1}})).
			Connect("user.key", "refused.row.user_id").After("refused", "pay").After("read", "refused").
			After("payments", "refused")
	}
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		for _, undone := range []bool{true, false} {
			var opts []workflow.Option
			if undone {
				opts = append(opts, workflow.InTransaction())
			}
			w, err := fail(purchase(opts...)).Build(c)
			require.NoError(t, err)
			out, err := w.Run(t.Context(), buyer())
			require.ErrorIs(t, err, schema.ErrCheck)
			var failed *workflow.Error
			require.ErrorAs(t, err, &failed)
			require.Equal(t, "refused", failed.Step)
			require.Equal(t, out.RunID, failed.RunID)
			require.ErrorContains(t, err, "workflow purchase, run "+out.RunID+": step refused: create orders: ")
			require.Equal(t, []string{"user", "order", "pay"}, out.Completed)
			require.Len(t, out.Outputs, 3)
			require.Equal(t, undone, out.Undone)
			left := int64(1)
			if undone {
				left = 0
			}
			for _, table := range []string{"users", "orders", "payments"} {
				require.Equal(t, left, rows(t, d, table), table)
			}
		}
	})
}

// Both sides of a meeting wait for each other, which only works at the same time.
func TestStepsOverlap(t *testing.T) {
	const steps = 3
	var arrived atomic.Int32
	all := make(chan struct{})
	meet := func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
		if arrived.Add(1) == steps {
			close(all)
		}
		select {
		case <-all:
			return nil, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	b := workflow.New("meeting", workflow.Parallel(steps))
	for i := range steps {
		b.Func(fmt.Sprint("guest", i), meet)
	}
	w, err := b.Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	_, err = w.Run(t.Context(), nil)
	require.NoError(t, err)
}

func TestParallelIsBounded(t *testing.T) {
	var mu sync.Mutex
	running, most := 0, 0
	step := func(context.Context, workflow.Input) (map[string]any, error) {
		mu.Lock()
		running++
		most = max(most, running)
		mu.Unlock()
		runtime.Gosched()
		mu.Lock()
		running--
		mu.Unlock()
		return nil, nil
	}
	b := workflow.New("queue", workflow.Parallel(2))
	for i := range 50 {
		b.Func(fmt.Sprint("step", i), step)
	}
	w, err := b.Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, out.Completed, 50)
	require.LessOrEqual(t, most, 2)
}

// The first failure cancels what runs, which is waited for, and nothing else begins.
func TestFirstFailureStopsTheRun(t *testing.T) {
	boom := errors.New("boom")
	started, stopped := make(chan struct{}), make(chan struct{})
	w, err := workflow.New("stop").
		Func("slow", func(ctx context.Context, _ workflow.Input) (map[string]any, error) {
			close(started)
			<-ctx.Done()
			close(stopped)
			return nil, ctx.Err()
		}).
		Func("bad", func(context.Context, workflow.Input) (map[string]any, error) {
			<-started
			return nil, boom
		}).
		Func("never", func(context.Context, workflow.Input) (map[string]any, error) {
			panic("was begun")
		}).After("never", "slow").
		Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), nil)
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "step bad: boom")
	require.Empty(t, out.Completed)
	select {
	case <-stopped:
	default:
		t.Fatal("a step was left running")
	}
}

func TestCancelledBeforeAndDuring(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w, err := workflow.New("stop").
		Func("first", func(context.Context, workflow.Input) (map[string]any, error) {
			cancel()
			return nil, nil
		}).
		Func("second", func(context.Context, workflow.Input) (map[string]any, error) { panic("was begun") }).
		After("second", "first").
		Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	for range 2 {
		out, err := w.Run(ctx, nil)
		require.ErrorIs(t, err, context.Canceled)
		require.NotNil(t, out)
	}
}

// A panic, or a function that ends its goroutine, is an error of its step, and tells no values.
func TestPanicsBecomeErrors(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := shop(t, d)
		for _, opts := range [][]workflow.Option{nil, {workflow.InTransaction()}} {
			w, err := purchase(opts...).
				Func("bad", func(context.Context, workflow.Input) (map[string]any, error) {
					panic("secret of a row")
				}).After("bad", "payments", "read").
				Build(c)
			require.NoError(t, err)
			out, err := w.Run(t.Context(), buyer())
			require.ErrorContains(t, err, "step bad: panic with a Go string")
			require.NotContains(t, err.Error(), "secret")
			var panicked *workflow.PanicError
			require.ErrorAs(t, err, &panicked)
			require.Contains(t, string(panicked.Stack), "TestPanicsBecomeErrors")
			require.Len(t, out.Completed, 5)
			require.Equal(t, opts != nil, out.Undone)
		}
		require.Equal(t, int64(1), rows(t, d, "users"), "that of the run without a transaction")
	})
	w, err := workflow.New("gone").
		Func("exit", func(context.Context, workflow.Input) (map[string]any, error) {
			runtime.Goexit()
			return nil, nil
		}).
		Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	_, err = w.Run(t.Context(), nil)
	require.ErrorContains(t, err, "step exit: the function ended its goroutine")
}
