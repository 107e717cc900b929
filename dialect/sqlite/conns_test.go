package sqlite

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// contexts gives one that cannot end and one that can: the driver has another way for each.
func contexts(t *testing.T) []context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return []context.Context{context.Background(), ctx}
}

// waits returns once a goroutine that was started waits for a connection.
func waits(t *testing.T, p *conns, before int) {
	t.Helper()
	require.Eventually(t, func() bool { return p.waiting.Load() == int64(before+1) }, 10*time.Second, time.Millisecond)
}

func TestWhoWaitsLongestIsServedFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := fresh(t).writer.(*conns)
		c, err := p.take(t.Context())
		require.NoError(t, err)
		var (
			order []int
			mu    sync.Mutex
			group sync.WaitGroup
		)
		for i := range 10 {
			group.Go(func() {
				c, err := p.take(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				if err := c.release(false); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait() // until it stands in line
		}
		require.NoError(t, c.release(false))
		group.Wait()
		require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, order)
	})
}

func TestAffectedRowsAreCounted(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a INTEGER PRIMARY KEY)", "INSERT INTO t VALUES (1), (2), (3)")
		for _, ctx := range contexts(t) {
			for statement, want := range map[string]int64{
				"UPDATE t SET a = a WHERE a > 1":     2,
				"DELETE FROM t WHERE a = 5":          0,
				"INSERT OR IGNORE INTO t VALUES (1)": 0,
			} {
				n, err := d.Writer().Exec(ctx, statement)
				require.NoError(t, err)
				require.Equal(t, want, n, statement)
			}
		}
	})
}

// A statement that a connection has kept follows the table's changes.
func TestKeptStatementsFollowTheTable(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		run(t, d, "CREATE TABLE t (a INTEGER)", "INSERT INTO t VALUES (1)")
		for i := range 5 {
			rows, err := d.Reader().Query(t.Context(), "SELECT * FROM t")
			require.NoError(t, err)
			require.True(t, rows.Next())
			dest := make([]any, i+1)
			for j := range dest {
				dest[j] = new(int)
			}
			require.NoError(t, rows.Scan(dest...))
			require.False(t, rows.Next())
			require.NoError(t, rows.Close())
			run(t, d, fmt.Sprintf("ALTER TABLE t ADD COLUMN c%d INTEGER NOT NULL DEFAULT %d", i, i))
		}
		run(t, d, "DROP TABLE t")
		_, err := d.Reader().Query(t.Context(), "SELECT * FROM t")
		require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
		run(t, d, "CREATE TABLE t (b TEXT)", "INSERT INTO t VALUES ('new')")
		require.Equal(t, "new", one[string](t, d.Reader(), "SELECT * FROM t"))
	})
}

func TestClosedWhileOthersWait(t *testing.T) {
	d := fresh(t)
	p := d.writer.(*conns)
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "CREATE TABLE t (a)")
	require.NoError(t, err)
	waiter := make(chan error, 1)
	go func() {
		_, err := d.Writer().Exec(context.Background(), "SELECT 1")
		waiter <- err
	}()
	waits(t, p, 0)
	require.NoError(t, d.Close())
	require.ErrorIs(t, d.Classify(<-waiter), schema.ErrUnavailable)
	for _, q := range []dialect.Querier{d.Reader(), d.Writer()} {
		_, err = q.Exec(t.Context(), "SELECT 1")
		require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
		require.ErrorContains(t, d.Classify(err), "closed")
	}
	_, err = d.Begin(t.Context())
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
	require.NoError(t, tx.Commit(t.Context()), "what runs is not cut off")
	require.Empty(t, p.places)
	require.Empty(t, p.idle)
	require.NoError(t, d.Close())
}

func TestWhoLeavesTheQueueTakesNoConnection(t *testing.T) {
	d := fresh(t)
	p := d.reader.(*conns)
	connections(t, p, cap(p.places)-1)
	last, err := p.take(t.Context())
	require.NoError(t, err)
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			c, err := p.take(ctx)
			if err == nil {
				err = c.release(false)
			}
			done <- err
		}()
		waits(t, p, 0)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	}
	require.NoError(t, last.release(false))
	require.Equal(t, 1, one[int](t, p, "SELECT 1"))
}

func TestBrokenConnectionIsReplaced(t *testing.T) {
	d := fresh(t)
	first, err := d.writer.take(t.Context())
	require.NoError(t, err)
	require.NoError(t, first.release(true))
	next, err := d.writer.take(t.Context())
	require.NoError(t, err)
	require.NotSame(t, first, next)
	require.NoError(t, next.release(false))
}

// Rows that nobody has closed end with their transaction, and keep nothing of the connection.
func TestRowsEndWithTheirTransaction(t *testing.T) {
	ends := map[string]func(tx dialect.Tx, cancel func()) error{
		"commit":   func(tx dialect.Tx, _ func()) error { return tx.Commit(t.Context()) },
		"rollback": func(tx dialect.Tx, _ func()) error { return tx.Rollback(t.Context()) },
		"context": func(tx dialect.Tx, cancel func()) error {
			cancel()
			return tx.Rollback(t.Context())
		},
	}
	everywhere(t, func(t *testing.T, d *DB) {
		run(t, d, "INSERT INTO t VALUES (2), (3)")
		for name, end := range ends {
			for _, only := range []bool{false, true} {
				ctx, cancel := context.WithCancel(t.Context())
				tx, err := d.BeginTx(ctx, dialect.TxOptions{ReadOnly: only})
				require.NoError(t, err)
				rows, err := tx.Query(ctx, "SELECT a FROM t")
				require.NoError(t, err)
				require.True(t, rows.Next())
				require.NoError(t, end(tx, cancel), name)
				require.False(t, rows.Next())
				require.Error(t, rows.Err(), name)
				require.NoError(t, rows.Close())
				require.Equal(t, 3, rowsOf(t, d))
				cancel()
			}
		}
	})
}
