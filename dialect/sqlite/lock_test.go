package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// insert is what Locked runs in these tests.
func insert(ctx context.Context, tx dialect.Tx) error {
	_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
	return err
}

func rowsOf(t *testing.T, d *DB) int { return one[int](t, d.Writer(), "SELECT count(*) FROM t") }

func TestLockedAcrossHandles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first, second := open(t, path, nil), open(t, path, nil)
	run(t, first, "CREATE TABLE t (a)")
	held, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- first.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
			close(held)
			<-let
			return insert(ctx, tx)
		})
	}()
	<-held
	for name, d := range map[string]*DB{"the same handle": first, "another": second} {
		began := time.Now()
		err := d.Locked(within(t), nil, insert)
		took := time.Since(began)
		require.ErrorIs(t, err, schema.ErrLockTimeout, name)
		require.GreaterOrEqual(t, took, 290*time.Millisecond, name)
		require.Less(t, took, 3*time.Second, "%s: the connection's own wait of 5 s is not used", name)
	}
	require.Equal(t, "5000", one[string](t, second.Writer(), "PRAGMA busy_timeout"), "restored after a failure")
	close(let)
	require.NoError(t, <-done)
	require.NoError(t, second.Locked(t.Context(), nil, insert))
	require.Equal(t, 2, rowsOf(t, first))
	for _, d := range []*DB{first, second} {
		require.Equal(t, "5000", one[string](t, d.Writer(), "PRAGMA busy_timeout"))
	}
}

func TestLockedExcludes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	handles := []*DB{open(t, path, nil), open(t, path, nil)}
	run(t, handles[0], "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (0)")
	var group sync.WaitGroup
	for w := range 6 {
		group.Go(func() {
			for done := 0; done < 5; {
				switch err := handles[w%2].Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
					var n int
					if _, err := dialect.QueryRow(ctx, tx, "SELECT a FROM t", nil, &n); err != nil {
						return err
					}
					_, err := tx.Exec(ctx, "UPDATE t SET a = ?", n+1)
					return err
				}); {
				case err == nil:
					done++
				case !errors.Is(err, schema.ErrLockTimeout):
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, 30, one[int](t, handles[1].Reader(), "SELECT a FROM t"))
}

func TestLockedBehindAWriter(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a)")
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, d.Locked(within(t), nil, insert), schema.ErrLockTimeout, "the writer's connection is busy for too long")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, d.Locked(ctx, nil, insert), context.DeadlineExceeded)
		require.NoError(t, tx.Rollback(t.Context()))
		require.NoError(t, d.Locked(within(t), nil, insert))
		require.Equal(t, 1, rowsOf(t, d))
	})
}

// autocommit requires that the writer's next connection is outside any transaction.
func autocommit(t *testing.T, d *DB) {
	t.Helper()
	c, err := d.writer.take(within(t))
	require.NoError(t, err)
	require.True(t, c.autocommit())
	require.NoError(t, c.release(false))
}

func TestLockedLeavesNothingBehind(t *testing.T) {
	databases(t, leavesNothingBehind)
	t.Run("caller's pool", func(t *testing.T) {
		pool, err := sql.Open("sqlite3", filepath.Join(t.TempDir(), "a.db"))
		require.NoError(t, err)
		defer pool.Close()
		d, err := New(pool, nil, nil)
		require.NoError(t, err)
		leavesNothingBehind(t, d)
	})
}

func leavesNothingBehind(t *testing.T, d *DB) {
	run(t, d, "CREATE TABLE t (a)")
	failure := errors.New("no")
	require.Same(t, failure, d.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
		require.NoError(t, insert(ctx, tx))
		return failure
	}))
	autocommit(t, d)
	require.PanicsWithValue(t, "ouch", func() {
		_ = d.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
			require.NoError(t, insert(ctx, tx))
			panic("ouch")
		})
	})
	autocommit(t, d)
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, d.Locked(ctx, nil, func(ctx context.Context, tx dialect.Tx) error {
		require.NoError(t, insert(ctx, tx))
		cancel() // the function itself is content
		return nil
	}), context.Canceled)
	autocommit(t, d)
	require.ErrorIs(t, d.Locked(ctx, nil, insert), context.Canceled)
	autocommit(t, d)
	// Whatever the function did to the transaction, the connection comes back outside one.
	_ = d.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "ROLLBACK")
		return err
	})
	autocommit(t, d)
	require.NoError(t, d.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
		require.NoError(t, tx.Rollback(ctx), "does nothing")
		require.Error(t, tx.Commit(ctx))
		return insert(ctx, tx)
	}))
	autocommit(t, d)
	require.Equal(t, 1, rowsOf(t, d), "only the last one was committed")
	require.Equal(t, "5000", one[string](t, d.Writer(), "PRAGMA busy_timeout"))
}

func TestCommitFails(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE p (a INTEGER PRIMARY KEY)",
			"CREATE TABLE t (a INTEGER REFERENCES p (a) DEFERRABLE INITIALLY DEFERRED)")
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, insert(t.Context(), tx))
		require.ErrorIs(t, d.Classify(tx.Commit(t.Context())), schema.ErrForeignKey)
		require.NoError(t, tx.Rollback(t.Context()))
		autocommit(t, d)
		require.Equal(t, 0, rowsOf(t, d))
	})
}

func TestForgottenTransactionIsEnded(t *testing.T) {
	d := fresh(t)
	first, err := d.writer.take(t.Context())
	require.NoError(t, err)
	_, err = first.Exec(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	require.NoError(t, first.release(false), "somebody forgot to end a transaction")
	autocommit(t, d)
	again, err := d.writer.take(t.Context())
	require.NoError(t, err)
	require.Same(t, first, again)
	require.NoError(t, again.release(false))
}
