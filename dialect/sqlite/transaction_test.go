package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const flood = "INSERT INTO t SELECT i FROM (WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n)"

// endings are statements that make SQLite roll the whole transaction back, not only what they did themselves.
func endings(t *testing.T) map[string]func(q dialect.Querier) error {
	interrupted := func(statement func(ctx context.Context) error) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		return statement(ctx)
	}
	return map[string]func(q dialect.Querier) error{
		"interrupted": func(q dialect.Querier) error {
			return interrupted(func(ctx context.Context) error {
				_, err := q.Exec(ctx, flood)
				return err
			})
		},
		"interrupted, returning": func(q dialect.Querier) error {
			return interrupted(func(ctx context.Context) error {
				_, err := dialect.QueryRow(ctx, q, flood+" RETURNING a", nil, new(int64))
				return err
			})
		},
		"conflict clause": func(q dialect.Querier) error {
			_, err := q.Exec(t.Context(), "INSERT OR ROLLBACK INTO t VALUES (1)")
			return err
		},
		"conflict clause, returning": func(q dialect.Querier) error {
			_, err := dialect.QueryRow(t.Context(), q, "INSERT OR ROLLBACK INTO t VALUES (1) RETURNING a", nil, new(int64))
			return err
		},
	}
}

// everywhere runs a test on every kind of database there is, with a table in it that holds the row 1.
func everywhere(t *testing.T, test func(t *testing.T, d *DB)) {
	prepared := func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		test(t, d)
	}
	databases(t, prepared)
	t.Run("caller's pool", func(t *testing.T) {
		pool, err := sql.Open("sqlite3", filepath.Join(t.TempDir(), "a.db"))
		require.NoError(t, err)
		defer pool.Close()
		pool.SetMaxOpenConns(1)
		d, err := New(pool, nil, nil)
		require.NoError(t, err)
		prepared(t, d)
	})
}

// afterEnding runs statements that all have to be refused, for each would be committed by itself.
func afterEnding(t *testing.T, q dialect.Querier) {
	t.Helper()
	for range 2 {
		_, err := q.Exec(t.Context(), "INSERT INTO t VALUES (3)")
		require.ErrorIs(t, err, schema.ErrSerialization)
		_, err = q.Query(t.Context(), "INSERT INTO t VALUES (4) RETURNING a")
		require.ErrorIs(t, err, schema.ErrSerialization)
	}
}

func TestTransactionThatSQLiteEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		for name, end := range endings(t) {
			tx, err := d.Begin(t.Context())
			require.NoError(t, err, name)
			_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (2)")
			require.NoError(t, err, name)
			require.Error(t, end(tx), name)
			afterEnding(t, tx)
			require.ErrorIs(t, d.Classify(tx.Commit(t.Context())), schema.ErrSerialization, name)
			require.NoError(t, tx.Rollback(t.Context()), name)
			autocommit(t, d)
			require.Equal(t, 1, rowsOf(t, d), "%s: all of the transaction or nothing", name)
		}
	})
}

func TestLockedThatSQLiteEnded(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		for name, end := range endings(t) {
			err := d.Locked(t.Context(), nil, func(ctx context.Context, tx dialect.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO t VALUES (2)")
				require.NoError(t, err, name)
				require.Error(t, end(tx), name)
				afterEnding(t, tx)
				return nil
			})
			require.ErrorIs(t, err, schema.ErrSerialization, name)
			autocommit(t, d)
			require.Equal(t, 1, rowsOf(t, d), "%s: all of the transaction or nothing", name)
		}
	})
}

func TestTransactionThatEndedUnderItsRows(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		run(t, d, "INSERT INTO t VALUES (2), (3)")
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "CREATE TABLE another (a)") // only then does a rollback end what is being read
		require.NoError(t, err)
		rows, err := tx.Query(t.Context(), "SELECT a FROM t")
		require.NoError(t, err)
		require.True(t, rows.Next())
		// As SQLite does where it cannot read on.
		_, err = tx.(*transaction).conn.Exec(t.Context(), "ROLLBACK")
		require.NoError(t, err)
		require.False(t, rows.Next())
		require.Error(t, rows.Err())
		require.NoError(t, rows.Close())
		afterEnding(t, tx)
		require.ErrorIs(t, d.Classify(tx.Commit(t.Context())), schema.ErrSerialization)
		require.Equal(t, 3, rowsOf(t, d))
	})
}

func TestTransactionOutlivesOrdinaryFailures(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		fail := func(ctx context.Context, tx dialect.Tx) error {
			_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			require.ErrorIs(t, d.Classify(err), schema.ErrDuplicate)
			_, err = dialect.QueryRow(ctx, tx, "INSERT INTO t VALUES (1) RETURNING a", nil, new(int64))
			require.ErrorIs(t, d.Classify(err), schema.ErrDuplicate)
			_, err = tx.Query(ctx, "SELECT nosuch FROM nosuch")
			require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
			// An interrupted reading has nothing to roll back.
			short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
			defer cancel()
			_, err = dialect.QueryRow(short, tx, endless, nil, new(int))
			require.ErrorIs(t, d.Classify(err), context.DeadlineExceeded)
			_, err = tx.Exec(ctx, "INSERT INTO t VALUES (NULL)")
			return err
		}
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, fail(t.Context(), tx))
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 2, rowsOf(t, d))
		require.NoError(t, d.Locked(t.Context(), nil, fail))
		require.Equal(t, 3, rowsOf(t, d))
	})
}

func TestContextEndsBehindAnotherWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first, second := open(t, path, nil), open(t, path, &Config{BusyTimeout: 60 * time.Millisecond})
	run(t, first, "CREATE TABLE t (a)")
	tx, err := first.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(t.Context())
	for name, write := range map[string]func(ctx context.Context) error{
		"exec": func(ctx context.Context) error {
			_, err := second.Writer().Exec(ctx, "INSERT INTO t VALUES (1)")
			return err
		},
		"begin": func(ctx context.Context) error { _, err := second.Begin(ctx); return err },
		"returning": func(ctx context.Context) error {
			_, err := dialect.QueryRow(ctx, second.Writer(), "INSERT INTO t VALUES (1) RETURNING a", nil, new(int))
			return err
		},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		require.ErrorIs(t, second.Classify(write(ctx)), context.DeadlineExceeded, name)
		cancel()
		err := second.Classify(write(t.Context()))
		require.ErrorIs(t, err, schema.ErrLockTimeout, name)
		require.NotErrorIs(t, err, context.DeadlineExceeded, name)
	}
}

// A transaction ends with its context, whoever looks first.
func TestCommitAfterItsContext(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		cancel()
		for err = nil; !errors.Is(err, context.Canceled); {
			_, err = tx.Exec(t.Context(), "INSERT OR IGNORE INTO t VALUES (2)")
		}
		require.ErrorIs(t, tx.Commit(ctx), context.Canceled)
		require.NoError(t, tx.Rollback(t.Context()))
		var rows int64
		_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM t", nil, &rows)
		require.NoError(t, err)
		require.EqualValues(t, 1, rows)
	})
}

// tiring is a context that ends the moment it is asked for its channel once more than it may be.
type tiring struct {
	context.Context
	end  context.CancelFunc
	left atomic.Int64
}

func (c *tiring) Done() <-chan struct{} {
	if c.left.Add(-1) < 0 {
		c.end()
	}
	return c.Context.Done()
}

// Wherever in the beginning of a transaction its context ends, the connection comes back and may write as before.
func TestContextEndsWhileATransactionBegins(t *testing.T) {
	for name, options := range map[string]dialect.TxOptions{"writes": {}, "reads": {ReadOnly: true}} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, d *DB) {
				began := 0
				for asked := range int64(24) {
					inner, cancel := context.WithCancel(t.Context())
					ctx := &tiring{Context: inner, end: cancel}
					ctx.left.Store(asked)
					tx, err := d.BeginTx(ctx, options)
					cancel()
					if err == nil {
						began++
						for err == nil {
							_, err = dialect.QueryRow(t.Context(), tx, "SELECT a FROM t", nil, new(int64))
						}
						require.NoError(t, tx.Rollback(t.Context()))
					}
					require.ErrorIs(t, d.Classify(err), context.Canceled)
					run(t, d, "UPDATE t SET a = a")
				}
				require.Positive(t, began)
			})
		})
	}
}
