package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// within gives a context that ends a test which would hang.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// databases runs a test on a file and in memory.
func databases(t *testing.T, test func(t *testing.T, d *DB)) {
	t.Run("file", func(t *testing.T) { test(t, fresh(t)) })
	t.Run("memory", func(t *testing.T) { test(t, open(t, ":memory:", nil)) })
}

func TestWriteWhileReading(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		ctx := within(t)
		run(t, d, "CREATE TABLE t (a INTEGER, b TEXT, c BLOB)", "INSERT INTO t VALUES (1, 'x', x'01ff'), (2, NULL, NULL), (3, 'z', x'')")
		for _, q := range []dialect.Querier{d.Reader(), d.Reader()} {
			rows, err := q.Query(ctx, "SELECT a, b, c FROM t WHERE a <= 3 ORDER BY a")
			require.NoError(t, err)
			var seen []string
			for rows.Next() {
				var a int64
				var b sql.NullString
				var c []byte
				require.NoError(t, rows.Scan(&a, &b, &c))
				seen = append(seen, fmt.Sprint(a, b, c, c == nil))
				n, err := d.Writer().Exec(ctx, "INSERT INTO t VALUES (?, 'new', NULL)", a+10)
				require.NoError(t, err)
				require.EqualValues(t, 1, n)
			}
			require.NoError(t, rows.Err())
			require.NoError(t, rows.Close())
			require.NoError(t, rows.Close())
			require.Equal(t, []string{"1 {x true} [1 255] false", "2 { false} [] true", "3 {z true} [] false"}, seen)
		}
	})
}

func TestReturningClosedEarlyIsKept(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a INTEGER PRIMARY KEY)")
		for _, cancelable := range []bool{false, true} {
			ctx, cancel := context.Background(), func() {}
			if cancelable {
				ctx, cancel = context.WithCancel(ctx)
			}
			rows, err := d.Writer().Query(ctx, "INSERT INTO t (a) VALUES (NULL), (NULL), (NULL) RETURNING a")
			require.NoError(t, err)
			require.True(t, rows.Next())
			require.NoError(t, rows.Close())
			cancel()
			rows, err = d.Writer().Query(t.Context(), "INSERT INTO t (a) VALUES (NULL) RETURNING a")
			require.NoError(t, err)
			require.NoError(t, rows.Close(), "not even one row read")
		}
		require.Equal(t, 8, one[int](t, d.Reader(), "SELECT count(*) FROM t"))
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		rows, err := tx.Query(t.Context(), "INSERT INTO t (a) VALUES (NULL), (NULL) RETURNING a")
		require.NoError(t, err)
		require.True(t, rows.Next())
		require.NoError(t, rows.Close())
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 10, one[int](t, d.Reader(), "SELECT count(*) FROM t"))
	})
}

func TestReturningTellsOfLateFailures(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE p (a INTEGER PRIMARY KEY)", "CREATE TABLE c (a INTEGER REFERENCES p (a))")
		var a int64
		_, err := dialect.QueryRow(t.Context(), d.Writer(), "INSERT INTO c VALUES (5) RETURNING a", nil, &a)
		require.ErrorIs(t, d.Classify(err), schema.ErrForeignKey)
		unread := func(q dialect.Querier) error {
			rows, err := q.Query(t.Context(), "INSERT INTO c VALUES (5) RETURNING a")
			if err != nil {
				return err // in memory the rows are read before they are given
			}
			return rows.Close()
		}
		require.ErrorIs(t, d.Classify(unread(d.Writer())), schema.ErrForeignKey, "also where nobody asks for a row")
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		require.ErrorIs(t, d.Classify(unread(tx)), schema.ErrForeignKey)
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM c"))
	})
}

func TestManyGoroutines(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL)")
		const workers, rounds = 64, 10
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for range rounds {
					if err := d.round(t.Context(), w); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
		require.Equal(t, workers*rounds*2, one[int](t, d.Reader(), "SELECT count(*) FROM t"))
	})
}

// round writes twice, once in a transaction that reads first, and reads.
func (d *DB) round(ctx context.Context, worker int) error {
	if _, err := d.Writer().Exec(ctx, "INSERT INTO t (worker) VALUES (?)", worker); err != nil {
		return err
	}
	tx, err := d.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	var n int
	if _, err := dialect.QueryRow(ctx, tx, "SELECT max(id) FROM t", nil, &n); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, "INSERT INTO t (id, worker) VALUES (?, ?)", n+1, worker); err != nil {
		return err
	}
	if err := tx.Commit(ctx); err != nil {
		return err
	}
	_, err = dialect.QueryRow(ctx, d.Reader(), "SELECT count(*) FROM t WHERE worker = ?", []any{worker}, &n)
	return err
}

func TestTwoHandlesOnOneFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	handles := []*DB{open(t, path, nil), open(t, path, nil)}
	run(t, handles[0], "CREATE TABLE t (id INTEGER PRIMARY KEY, worker INTEGER NOT NULL)")
	const workers, rounds = 8, 20
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for range rounds {
				if err := handles[w%2].round(t.Context(), w); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	require.Equal(t, workers*rounds*2, one[int](t, handles[0].Reader(), "SELECT count(*) FROM t"))
}

func TestMemoryIsOneDatabaseAndPrivate(t *testing.T) {
	d, other := open(t, ":memory:", nil), open(t, ":memory:", nil)
	run(t, d, "CREATE TABLE t (a)")
	_, err := other.Writer().Exec(t.Context(), "INSERT INTO t VALUES (1)")
	require.ErrorIs(t, other.Classify(err), schema.ErrMissing)
	require.Equal(t, "1", one[string](t, d.Reader(), "PRAGMA foreign_keys"))
}

func TestContextEndsDuringTransaction(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a)")
		for range 20 {
			ctx, cancel := context.WithCancel(t.Context())
			tx, err := d.Begin(ctx)
			require.NoError(t, err)
			_, err = tx.Exec(ctx, "INSERT INTO t VALUES (1)")
			require.NoError(t, err)
			cancel()
			// The transaction ends by itself, and the database in memory is still there.
			require.Equal(t, 0, one[int](t, d.Writer(), "SELECT count(*) FROM t"))
			require.Error(t, tx.Commit(t.Context()))
			require.NoError(t, tx.Rollback(t.Context()))
		}
		run(t, d, "INSERT INTO t VALUES (1)")
		require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM t"))
	})
}

const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

func TestStatementsEndWithTheirContext(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		for _, q := range []dialect.Querier{d.Reader(), d.Writer()} {
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			_, err := dialect.QueryRow(ctx, q, endless, nil, new(int))
			require.ErrorIs(t, d.Classify(err), context.DeadlineExceeded)
			require.NotErrorIs(t, d.Classify(err), context.Canceled)
			cancel()
			ctx, cancel = context.WithCancel(t.Context())
			time.AfterFunc(5*time.Millisecond, cancel)
			_, err = q.Exec(ctx, endless)
			require.ErrorIs(t, d.Classify(err), context.Canceled)
			require.NotErrorIs(t, d.Classify(err), context.DeadlineExceeded)
			require.Equal(t, 1, one[int](t, q, "SELECT 1"), "the connection is as good as before")
		}
	})
}

func TestPoolsOfTheCaller(t *testing.T) {
	_, err := New(nil, nil, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	path := filepath.Join(t.TempDir(), "a.db")
	writer, err := sql.Open("sqlite3", path+"?_txlock=immediate&_busy_timeout=4321")
	require.NoError(t, err)
	defer writer.Close()
	writer.SetMaxOpenConns(1)
	reader, err := sql.Open("sqlite3", path)
	require.NoError(t, err)
	defer reader.Close()
	_, err = New(writer, reader, &Config{BusyTimeout: -1})
	require.ErrorIs(t, err, schema.ErrInvalid)
	for name, readers := range map[string]*sql.DB{"two": reader, "one": nil} {
		t.Run(name, func(t *testing.T) {
			d, err := New(writer, readers, nil)
			require.NoError(t, err)
			refs := []schema.Ref{{Name: name}}
			require.NoError(t, d.Locked(within(t), refs, func(ctx context.Context, tx dialect.Tx) error {
				_, err := tx.Exec(ctx, "CREATE TABLE "+name+" (a)")
				return err
			}))
			require.Equal(t, "4321", one[string](t, d.Writer(), "PRAGMA busy_timeout"), "the caller's own wait is back")
			require.Equal(t, "delete", one[string](t, d.Writer(), "PRAGMA journal_mode"), "nothing of the caller's is changed")
			survey, err := d.Survey(within(t), refs)
			require.NoError(t, err)
			require.NotEmpty(t, survey.Sightings[0].CatalogHash)
			lives, err := d.Inspect(within(t), d.Reader(), refs...)
			require.NoError(t, err)
			require.Equal(t, survey.Sightings[0].CatalogHash, lives[0].Hash)
			require.NoError(t, d.Close())
			require.NoError(t, d.Close())
			require.NoError(t, writer.PingContext(t.Context()))
			require.NoError(t, reader.PingContext(t.Context()))
		})
	}
}
