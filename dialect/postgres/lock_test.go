package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// soon gives a context that ends before anything that waits for a lock or a connection would.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// expire runs what must end by its deadline.
func expire(t *testing.T, fn func(t *testing.T) error) error {
	t.Helper()
	err := fn(t)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	return err
}

func refs(names ...string) []schema.Ref {
	var out []schema.Ref
	for _, name := range names {
		out = append(out, schema.Ref{Name: name})
	}
	return out
}

func TestLockedIsHeldByOneAtATime(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	other := open(t, postgrestest.Open(t))
	enter := func(d *postgres.DB, refs []schema.Ref) (entered bool, err error) {
		err = d.Locked(t.Context(), refs, func(context.Context, dialect.Tx) error {
			entered = true
			return nil
		})
		return entered, err
	}
	err := d.Locked(t.Context(), refs("a", "b"), func(ctx context.Context, tx dialect.Tx) error {
		for _, taken := range [][]schema.Ref{refs("a"), refs("b"), refs("c", "a"), {{Namespace: "public", Name: "b"}}} {
			begun := time.Now()
			entered, err := enter(d, taken)
			require.ErrorIs(t, err, schema.ErrLockTimeout)
			require.False(t, entered)
			require.Less(t, time.Since(begun), 5*time.Second)
		}
		entered, err := enter(d, refs("c", "d"))
		require.NoError(t, err)
		require.True(t, entered, "another table's lock was in the way")
		entered, err = enter(d, []schema.Ref{{Namespace: "elsewhere", Name: "a"}})
		require.NoError(t, err)
		require.True(t, entered, "another namespace's lock was in the way")
		entered, err = enter(other, refs("a"))
		require.NoError(t, err)
		require.True(t, entered, "another database's lock was in the way")
		return nil
	})
	require.NoError(t, err)
	entered, err := enter(d, refs("a"))
	require.NoError(t, err)
	require.True(t, entered, "the lock outlived its transaction")
}

func TestLockedCommitsOrLeavesNothing(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	stop := errors.New("stop")
	for _, want := range []error{stop, nil} {
		err := d.Locked(t.Context(), refs("t"), func(ctx context.Context, tx dialect.Tx) error {
			_, err := tx.Exec(ctx, "CREATE TABLE t (id int)")
			require.NoError(t, err)
			return want
		})
		require.Equal(t, want, err, "the function's error is given as it is")
		require.Equal(t, want == nil, inspect(t, d, schema.Ref{Name: "t"}) != nil)
	}
	require.Panics(t, func() {
		_ = d.Locked(t.Context(), refs("t"), func(context.Context, dialect.Tx) error { panic("oh") })
	})
	require.NoError(t, d.Locked(t.Context(), refs("t"), func(context.Context, dialect.Tx) error { return nil }))
}

func TestLockedIsReadCommittedAndImpatient(t *testing.T) {
	d := open(t, postgrestest.Open(t)+"&default_transaction_isolation=serializable")
	exec(t, d, "CREATE TABLE t (id int)")
	holder, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = holder.Rollback(t.Context()) }()
	_, err = holder.Exec(t.Context(), "LOCK TABLE t")
	require.NoError(t, err)

	err = d.Locked(t.Context(), refs("t"), func(ctx context.Context, tx dialect.Tx) error {
		var level string
		_, err := dialect.QueryRow(ctx, tx, "SELECT current_setting('transaction_isolation')", nil, &level)
		require.NoError(t, err)
		require.Equal(t, "read committed", level)
		_, err = tx.Exec(ctx, "ALTER TABLE t ADD COLUMN n int")
		return err
	})
	require.ErrorIs(t, d.Classify(err), schema.ErrLockTimeout)
}

func TestLockedInManyOrdersNeverDeadlocks(t *testing.T) {
	url := postgrestest.Open(t)
	d, err := postgres.Open(t.Context(), url, &postgres.Config{MaxConns: 8})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	orders := [][]schema.Ref{refs("a", "b", "c"), refs("c", "b", "a"), {{Namespace: "public", Name: "c"}, {Name: "a"}}}
	var group sync.WaitGroup
	for i := range 24 {
		group.Go(func() {
			for {
				err := d.Locked(t.Context(), orders[i%len(orders)], func(context.Context, dialect.Tx) error { return nil })
				if errors.Is(err, schema.ErrLockTimeout) {
					continue
				}
				if err != nil {
					t.Errorf("locked: %v", err)
				}
				return
			}
		})
	}
	group.Wait()
}

func TestLockedLeavesNoConnectionBehind(t *testing.T) {
	p := pool(t, postgrestest.Open(t), nil)
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	_ = expire(t, func(t *testing.T) error {
		ctx := soon(t)
		return d.Locked(ctx, refs("t"), func(ctx context.Context, tx dialect.Tx) error {
			_, err := tx.Exec(ctx, "SELECT pg_sleep(60)")
			return err
		})
	})
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Locked(canceled, refs("t"), nil), context.Canceled)
	// The pool gives up a broken connection on a goroutine of its own.
	require.Eventually(t, func() bool { return p.Stat().AcquiredConns() == 0 }, 10*time.Second, time.Millisecond)
	require.NoError(t, d.Locked(t.Context(), refs("t"), func(context.Context, dialect.Tx) error { return nil }))
}

func TestCommitWithoutAnswerIsUnavailable(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	err := d.Locked(t.Context(), refs("t"), func(ctx context.Context, tx dialect.Tx) error {
		var pid int
		_, err := dialect.QueryRow(ctx, tx, "SELECT pg_backend_pid()", nil, &pid)
		require.NoError(t, err)
		_, err = d.Writer().Exec(ctx, "SELECT pg_terminate_backend($1, 5000)", pid)
		return err
	})
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.True(t, schema.Transient(err))
}

// The look at the catalogue takes longer to plan than to run, so a connection plans it once.
func TestLockedPlansOnce(t *testing.T) {
	one := pool(t, postgrestest.Open(t), func(c *pgxpool.Config) { c.MaxConns = 1 })
	d, err := postgres.New(one, nil)
	require.NoError(t, err)
	look := func(ctx context.Context, tx dialect.Tx) error {
		_, err := d.Inspect(ctx, tx, refs("a", "b")...)
		return err
	}
	for range 3 {
		require.NoError(t, d.Locked(t.Context(), refs("a"), look))
		require.NoError(t, d.Aside(t.Context(), look))
	}
	var statements, planned, reused int64
	_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*), sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements"+
		" WHERE strpos(statement, $1) > 0", []any{"indnullsnotdistinct"}, &statements, &planned, &reused)
	require.NoError(t, err)
	require.Equal(t, []int64{1, 0, 6}, []int64{statements, planned, reused})
}
