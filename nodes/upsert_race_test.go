package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// TestUpsertIsCreatedByExactlyOne: many goroutines, few keys; every key is created once, and each other call counts up.
func TestUpsertIsCreatedByExactlyOne(t *testing.T) {
	const keys, writers = 12, 8
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		var created [keys]atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range keys {
					key := (i + w) % keys
					row := tool{Code: fmt.Sprint("tool ", key), Count: w}
					fresh, err := tools.Upsert(t.Context(), &row, nodes.OnConflict("code"))
					if err != nil {
						t.Errorf("upsert: %v", err)
						return
					}
					if fresh != (row.Version == 1) {
						t.Errorf("created is %v at version %d", fresh, row.Version)
					}
					if fresh {
						created[key].Add(1)
					}
				}
			})
		}
		wg.Wait()
		rows, err := tools.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Len(t, rows, keys)
		for _, row := range rows {
			require.Equal(t, writers, row.Version, "one created it, the others counted up")
		}
		for key := range created {
			require.EqualValues(t, 1, created[key].Load(), "key %d", key)
		}
	})
}

// TestUpsertBesideForeignKeys: rows that others point to are locked by them while they are upserted.
func TestUpsertBesideForeignKeys(t *testing.T) {
	const writers, rounds = 4, 25
	each(t, func(t *testing.T, d dialect.Dialect) {
		sys := nodetest.System(t, d)
		houses, tenants := add[house, int64](t, d, sys), add[tenant, int64](t, d, sys)
		require.NoError(t, houses.Create(t.Context(), &house{ID: 1, Name: "first"}))
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range rounds {
					row := tenant{ID: int64(1000*w + i), HouseID: 1, Name: "t"}
					if err := tenants.Create(t.Context(), &row); err != nil {
						t.Errorf("create: %v", err)
					}
					fresh, err := houses.Upsert(t.Context(), &house{ID: 1, Name: fmt.Sprint(w, i)})
					if err != nil || fresh {
						t.Errorf("upsert of a row that is there: %v, %v", fresh, err)
					}
				}
			})
		}
		wg.Wait()
		count, err := tenants.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, writers*rounds, count)
	})
}

// TestUpsertTellsTheTruthAboutLockedRows goes through what may stand in the mark that the answer is read from.
func TestUpsertTellsTheTruthAboutLockedRows(t *testing.T) {
	d := nodetest.Postgres(t)
	ctx, tools := t.Context(), open[tool, int64](t, d)
	row := tool{Code: "saw"}
	require.NoError(t, tools.Create(ctx, &row))
	lock := func(tx dialect.Querier, how string) {
		var one int64
		_, err := dialect.QueryRow(ctx, tx, "SELECT 1::bigint FROM tools WHERE code = 'saw' FOR "+how, nil, &one)
		require.NoError(t, err)
	}
	upsert := func(n *nodes.Node[tool, int64], want bool, what string) {
		again := tool{Code: "saw"}
		// A column of another unique index would make it wait for the locks of foreign keys.
		created, err := n.Upsert(ctx, &again, nodes.OnConflict("code"), nodes.UpdateOnly("count", "name"))
		require.NoError(t, err, what)
		require.Equal(t, want, created, what)
	}
	for _, how := range []string{"KEY SHARE", "SHARE", "NO KEY UPDATE", "UPDATE"} {
		_, err := inTx(t, d, func(tx *listening) error {
			lock(tx, how)
			upsert(tools.In(tx), false, "locked by ourselves")
			upsert(tools.In(tx), false, "updated by ourselves")
			require.NoError(t, dialect.Nested(ctx, tx, "nested_here", func(context.Context) error {
				upsert(tools.In(tx), false, "in a savepoint")
				return nil
			}))
			return nil
		})
		require.NoError(t, err)
		other, err := d.Begin(ctx)
		require.NoError(t, err)
		lock(other, how)
		require.NoError(t, other.Rollback(ctx))
		upsert(tools, false, "after a lock that was rolled back")
	}
	for range 2 { // one locker, then a list of them
		other, err := d.Begin(ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Rollback(context.WithoutCancel(ctx))) }()
		lock(other, "KEY SHARE")
		upsert(tools, false, "locked by others that go on")
	}
	_, err := d.Writer().Exec(ctx, "UPDATE tools SET deleted_at = now()")
	require.NoError(t, err)
	upsert(tools, false, "marked deleted")
}

func TestUpsertAfterAnInsertThatWasRolledBack(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, tools := t.Context(), open[tool, int64](t, d)
		_, err := tools.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, tools.In(tx).Create(ctx, &tool{Code: "saw"}))
		done := make(chan bool)
		go func() {
			created, err := tools.Upsert(ctx, &tool{Code: "saw"}, nodes.OnConflict("code"))
			if err != nil {
				t.Errorf("upsert: %v", err)
			}
			done <- created
		}()
		require.NoError(t, tx.Rollback(ctx))
		require.True(t, <-done)
		created, err := tools.Upsert(ctx, &tool{Code: "saw"}, nodes.OnConflict("code"))
		require.NoError(t, err)
		require.False(t, created)
	})
}

// TestUpsertOfARowThatTheTransactionCannotSee: a snapshot from before the row was committed can neither update nor pass
// over it.
func TestUpsertOfARowThatTheTransactionCannotSee(t *testing.T) {
	d := nodetest.Postgres(t)
	ctx, tools := t.Context(), open[tool, int64](t, d)
	_, err := tools.Count(ctx, nodes.Query{})
	require.NoError(t, err)
	for _, opts := range [][]nodes.UpsertOption{
		{nodes.OnConflict("code")},
		{nodes.OnConflict("code"), nodes.DoNothing()},
	} {
		tx, err := d.BeginTx(ctx, dialect.TxOptions{Isolation: dialect.RepeatableRead})
		require.NoError(t, err)
		_, err = tools.In(tx).Count(ctx, nodes.Query{})
		require.NoError(t, err)
		code := fmt.Sprint("saw ", len(opts))
		require.NoError(t, tools.Create(ctx, &tool{Code: code}))
		row := tool{Code: code}
		before := row
		created, err := tools.In(tx).Upsert(ctx, &row, opts...)
		require.ErrorIs(t, err, schema.ErrSerialization)
		require.False(t, created)
		require.Equal(t, before, row)
		require.NoError(t, tx.Rollback(ctx))
	}
}

// TestUpsertInRepeatableReadIsCreatedByExactlyOne runs whole transactions again that the database refuses.
func TestUpsertInRepeatableReadIsCreatedByExactlyOne(t *testing.T) {
	const keys, writers = 6, 4
	d := nodetest.Postgres(t)
	ctx, tools := t.Context(), open[tool, int64](t, d)
	var created atomic.Int64
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for key := range keys {
				var fresh bool
				err := nodes.Transact(ctx, nodes.Transaction{
					Dialect: d, Options: dialect.TxOptions{Isolation: dialect.RepeatableRead}, RetryFor: 1 << 40, Rounds: 9,
				}, func(ctx context.Context, tx dialect.Tx) (err error) {
					row := tool{Code: fmt.Sprint("tool ", key)}
					fresh, err = tools.In(tx).Upsert(ctx, &row, nodes.OnConflict("code"))
					return err
				})
				if err != nil {
					t.Errorf("upsert: %v", err)
				}
				if fresh {
					created.Add(1)
				}
			}
		})
	}
	wg.Wait()
	require.EqualValues(t, keys, created.Load())
	rows, err := tools.List(ctx, nodes.Query{})
	require.NoError(t, err)
	require.Len(t, rows, keys)
	for _, row := range rows {
		require.Equal(t, writers, row.Version)
	}
}

// TestWritesOfOneRowSurviveDeadlocks: a write by itself is a transaction that nobody but the node can run again. MariaDB locks gaps
// between keys, so that such writes meet all the time.
func TestWritesOfOneRowSurviveDeadlocks(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, tools := t.Context(), open[tool, int64](t, d)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for i := range 25 {
					row := tool{Code: fmt.Sprint("tool ", i%3)}
					_, err := tools.Upsert(ctx, &row, nodes.OnConflict("code"))
					assert.NoError(t, err)
					if err := tools.Delete(ctx, row.ID); !errors.Is(err, schema.ErrNotFound) {
						assert.NoError(t, err)
					}
				}
			})
		}
		wg.Wait()
	})
}
