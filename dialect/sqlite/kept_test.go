package sqlite

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// A statement that gives rows is committed when its last row was read or it is closed, and that can fail: of a deferred
// foreign key SQLite tells only there.
func TestFailedCommitOfARowThatCameBack(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE p (id INTEGER PRIMARY KEY)",
			"CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)")
		for _, ctx := range contexts(t) {
			for range 3 { // prepared anew, and kept
				var id int64
				_, err := dialect.QueryRow(ctx, d.Writer(), "INSERT INTO c (p) VALUES (?) RETURNING id", []any{int64(7)}, &id)
				require.Error(t, err)
				require.ErrorIs(t, d.Classify(err), schema.ErrForeignKey)
				require.Zero(t, one[int](t, d.Reader(), "SELECT count(*) FROM c"))
			}
		}
	})
}

// endsAt is a context that has ended when it is asked for its error for the n-th time.
type endsAt struct {
	context.Context
	never chan struct{}
	n     int64
	asked atomic.Int64
}

func (e *endsAt) Done() <-chan struct{} { return e.never }

func (e *endsAt) Err() error {
	if e.asked.Add(1) >= e.n {
		return context.Canceled
	}
	return nil
}

// A context may end before, in and after the step in which a statement does its work: what the caller is told is so.
func TestOutcomeOfAWriteWhoseContextEnds(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a INTEGER PRIMARY KEY)")
		there := func(i int64) bool {
			return one[bool](t, d.Reader(), fmt.Sprintf("SELECT count(*) FROM t WHERE a = %d", i))
		}
		done, ended := 0, 0
		for i := range int64(20) {
			n, err := d.Writer().Exec(&endsAt{Context: t.Context(), never: make(chan struct{}), n: i}, "INSERT INTO t VALUES (?)", i)
			if err == nil {
				require.EqualValues(t, 1, n)
				done++
			} else {
				require.ErrorIs(t, err, context.Canceled)
				ended++
			}
			require.Equal(t, err == nil, there(i), "%d: %v", i, err)
		}
		require.NotZero(t, done)
		require.NotZero(t, ended)
		unknown := 0
		for i := int64(100); i < 120; i++ {
			var a int64
			ctx := &endsAt{Context: t.Context(), never: make(chan struct{}), n: i - 100}
			found, err := dialect.QueryRow(ctx, d.Writer(), "INSERT INTO t VALUES (?) RETURNING a", []any{i}, &a)
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
			switch {
			case err == nil:
				require.True(t, found && a == i && there(i))
			case there(i):
				require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
				unknown++
			}
		}
		require.NotZero(t, unknown)
	})
}

func TestStatementsAreKept(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)", "INSERT INTO t VALUES (1, 'x'), (2, 'y')")
	taken, err := d.reader.take(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.release(false)) }()
	c := taken.(*conn)
	const text = "SELECT b FROM t WHERE a >= ?"
	ask := func() *rows {
		r, err := c.query(t.Context(), text, []any{int64(1)})
		require.NoError(t, err)
		return r
	}
	first := ask()
	second := ask()
	require.NotSame(t, first.statement, second.statement, "one that is being read is left alone")
	require.True(t, first.Next() && second.Next() && second.Next())
	require.NoError(t, second.Close())
	require.True(t, first.Next())
	require.NoError(t, first.Close())
	third := ask()
	require.Same(t, first.statement, third.statement)
	require.NoError(t, third.Close())

	for _, args := range [][]any{nil, {1, 2}} {
		_, err := c.query(t.Context(), text, args)
		require.ErrorContains(t, err, "binds 1 values")
	}
	for i := range 2 * mostKept {
		require.Equal(t, i, one[int](t, c, fmt.Sprintf("SELECT %d", i)))
	}
	require.Len(t, c.kept.byText, mostKept)
	require.NotContains(t, c.kept.byText, text)

	large, err := c.query(t.Context(), text+" AND b < ?", []any{int64(1), strings.Repeat("z", mostBound+1)})
	require.NoError(t, err)
	require.NoError(t, large.Close())
	require.NotContains(t, c.kept.byText, text+" AND b < ?")
}
