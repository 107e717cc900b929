package nodes_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// owned is a transaction of the program's own, and what the library was told of it.
type owned struct {
	joined        dialect.Tx
	exec          func(sql string) error
	commit, abort func() error
}

// eachOwned runs a test on every dialect, with a way to begin transactions by the driver alone.
func eachOwned(t *testing.T, test func(t *testing.T, d dialect.Dialect, begin func() owned)) {
	t.Run("sqlite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "test.db")
		d, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		own, err := sql.Open("sqlite3", "file:"+path+"?_foreign_keys=1&_busy_timeout=5000")
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, own.Close()) })
		test(t, d, func() owned {
			tx, err := own.BeginTx(t.Context(), nil)
			require.NoError(t, err)
			exec := func(text string) error { _, err := tx.ExecContext(t.Context(), text); return err }
			return owned{joined: d.Join(tx), exec: exec, commit: tx.Commit, abort: tx.Rollback}
		})
	})
	t.Run("postgres", func(t *testing.T) {
		pool, err := pgxpool.New(t.Context(), postgrestest.Open(t))
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		d, err := postgres.New(pool, nil)
		require.NoError(t, err)
		test(t, d, func() owned {
			tx, err := pool.Begin(t.Context())
			require.NoError(t, err)
			exec := func(text string) error { _, err := tx.Exec(t.Context(), text); return err }
			end := func(fn func(context.Context) error) func() error { return func() error { return fn(t.Context()) } }
			return owned{joined: d.Join(tx), exec: exec, commit: end(tx.Commit), abort: end(tx.Rollback)}
		})
	})
}

// A transaction of the program's own takes part in everything but its own end.
func TestJoin(t *testing.T) {
	own := errors.New("mine")
	eachOwned(t, func(t *testing.T, d dialect.Dialect, begin func() owned) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		notes, trails := add[note, int64](t, d, sys), add[trail, int64](t, d, sys)
		titles := func() (out []string) {
			rows, err := notes.List(ctx, nodes.Query{})
			require.NoError(t, err)
			for _, n := range rows {
				out = append(out, n.Title)
			}
			return out
		}
		tx := begin()
		err := notes.In(tx.joined).Create(ctx, &note{Title: "too soon"})
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.ErrorContains(t, err, `Ensure(ctx, "notes")`)
		require.NoError(t, tx.abort())
		require.Empty(t, titles())
		require.Empty(t, seen(t, trails))

		failing := notes.WithHooks(nodes.Hooks[note, int64]{
			AfterCreate: func(ctx context.Context, tx dialect.Tx, n *note) error {
				return errors.Join(own, trails.In(tx).Create(ctx, &trail{What: n.Title}))
			},
		})
		tx = begin()
		n := note{Title: "by the node"}
		require.NoError(t, notes.In(tx.joined).Create(ctx, &n))
		require.ErrorIs(t, failing.In(tx.joined).Create(ctx, &note{Title: "undone"}), own)
		require.NoError(t, tx.exec("UPDATE notes SET title = 'by hand' WHERE title = 'by the node'"))
		got, err := notes.In(tx.joined).Get(ctx, n.ID)
		require.NoError(t, err)
		require.Equal(t, "by hand", got.Title)
		require.ErrorIs(t, tx.joined.Commit(ctx), schema.ErrInvalid)
		require.ErrorIs(t, tx.joined.Rollback(ctx), schema.ErrInvalid)
		require.Empty(t, titles())
		require.NoError(t, tx.commit())
		require.Equal(t, []string{"by hand"}, titles())
		require.Empty(t, seen(t, trails))

		for _, late := range []error{
			notes.In(tx.joined).Create(ctx, &note{Title: "too late"}), second(notes.In(tx.joined).Get(ctx, n.ID)),
			failing.In(tx.joined).Create(ctx, &note{Title: "too late"}),
		} {
			require.ErrorIs(t, late, schema.ErrInvalid)
			require.ErrorContains(t, late, "the transaction has ended")
		}
		tx = begin()
		require.NoError(t, notes.In(tx.joined).Delete(ctx, n.ID))
		require.NoError(t, tx.abort())
		require.Equal(t, []string{"by hand"}, titles())
	})
}

func TestJoinNothing(t *testing.T) {
	s, p := nodetest.SQLite(t).(*sqlite.DB), nodetest.Postgres(t).(*postgres.DB)
	for d, tx := range map[dialect.Dialect]dialect.Tx{s: s.Join(nil), p: p.Join(nil)} {
		require.ErrorIs(t, open[note, int64](t, d).In(tx).Create(t.Context(), &note{}), schema.ErrInvalid)
	}
}

// A savepoint of pgx itself can be joined as well.
func TestJoinASavepoint(t *testing.T) {
	pool, err := pgxpool.New(t.Context(), postgrestest.Open(t))
	require.NoError(t, err)
	defer pool.Close()
	d, err := postgres.New(pool, nil)
	require.NoError(t, err)
	notes := open[note, int64](t, d)
	require.NoError(t, notes.Create(t.Context(), &note{Title: "before"}))
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(outer pgx.Tx) error {
		inner, err := outer.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, notes.In(d.Join(inner)).Delete(t.Context(), 1))
		require.NoError(t, inner.Rollback(t.Context()))
		return notes.In(d.Join(outer)).Create(t.Context(), &note{Title: "after"})
	}))
	count, err := notes.Count(t.Context(), nodes.Query{})
	require.NoError(t, err)
	require.EqualValues(t, 2, count)
}

// A SQLite transaction that began by reading may find at its first write that others were faster.
func TestJoinThatReadBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	d, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer d.Close()
	notes := open[note, int64](t, d)
	require.NoError(t, notes.Create(t.Context(), &note{Title: "before"}))
	own, err := sql.Open("sqlite3", "file:"+path)
	require.NoError(t, err)
	defer own.Close()
	tx, err := own.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer tx.Rollback()
	_, err = notes.In(d.Join(tx)).Get(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, notes.Create(t.Context(), &note{Title: "faster"}))
	require.ErrorIs(t, notes.In(d.Join(tx)).Delete(t.Context(), 1), schema.ErrSerialization)
}
