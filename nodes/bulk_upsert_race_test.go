package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// TestBulkUpsertsInOppositeOrderWaitForEachOther: whole slices, forwards and backwards, in transactions that are not run
// again. The counts that were told add up to the rows that are there.
func TestBulkUpsertsInOppositeOrderWaitForEachOther(t *testing.T) {
	const keys, rounds, writers = 300, 6, 4
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		require.NoError(t, tools.Create(t.Context(), &tool{Code: "0"}))
		var insertedRows, updatedRows atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for round := range rounds {
					rows := make([]tool, keys)
					for i := range rows {
						rows[i] = tool{Code: fmt.Sprint(i + 50*round), Count: w}
					}
					if w%2 == 1 {
						slices.Reverse(rows)
					}
					var result nodes.BulkResult
					err := nodes.Transact(t.Context(), nodes.Transaction{Dialect: d}, func(ctx context.Context, tx dialect.Tx) (err error) {
						result, err = tools.In(tx).BulkUpsert(ctx, rows, nodes.OnConflict("code"))
						if err == nil {
							_, err = tools.In(tx).BulkUpdateRows(ctx, rows)
						}
						return err
					})
					if err != nil {
						t.Errorf("bulk: %v", err)
						return
					}
					insertedRows.Add(result.Inserted)
					updatedRows.Add(result.Updated)
				}
			})
		}
		wg.Wait()
		count, err := tools.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, keys+50*(rounds-1), count)
		require.Equal(t, count-1, insertedRows.Load())
		require.EqualValues(t, keys*rounds*writers, insertedRows.Load()+updatedRows.Load())
		versions := 0
		rows, err := tools.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		for _, row := range rows {
			versions += row.Version
		}
		require.Equal(t, int(count)+int(updatedRows.Load())+keys*rounds*writers, versions, "no change was lost")
	})
}

// TestBulkUpdateRowsLoseNothing: of two that hold the same versions one is told of a conflict.
func TestBulkUpdateRowsLoseNothing(t *testing.T) {
	const keys, writers = 100, 4
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		rows := makeTools(t, tools, keys)
		var stored atomic.Int64
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				mine := slices.Clone(rows)
				if w%2 == 1 {
					slices.Reverse(mine)
				}
				count, err := tools.BulkUpdateRows(t.Context(), mine, nodes.PerRow())
				if err != nil && !errors.Is(err, schema.ErrConflict) {
					t.Errorf("bulk update rows: %v", err)
				}
				stored.Add(count)
			})
		}
		wg.Wait()
		require.EqualValues(t, keys, stored.Load())
		got, err := tools.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		for _, row := range got {
			require.Equal(t, 2, row.Version)
		}
	})
}

// TestBulkUpdateRowsInOppositeOrderWaitForEachOther, in transactions that are not run again.
func TestBulkUpdateRowsInOppositeOrderWaitForEachOther(t *testing.T) {
	const keys, rounds, writers = 500, 5, 4
	each(t, func(t *testing.T, d dialect.Dialect) {
		seats := open[seat, seatKey](t, d)
		rows := make([]seat, keys)
		for i := range rows {
			rows[i] = seat{Room: fmt.Sprint(i % 7), Number: int32(i)}
		}
		require.NoError(t, second(seats.BulkUpsert(t.Context(), rows)))
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				mine := slices.Clone(rows)
				for i := range mine {
					mine[i].Guest = ptr(fmt.Sprint("guest of ", w))
				}
				if w%2 == 1 {
					slices.Reverse(mine)
				}
				for range rounds {
					err := nodes.Transact(t.Context(), nodes.Transaction{Dialect: d}, func(ctx context.Context, tx dialect.Tx) error {
						return second(seats.In(tx).BulkUpdateRows(ctx, mine))
					})
					if err != nil {
						t.Errorf("bulk update rows: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		got, err := seats.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Len(t, got, keys)
		for _, row := range got {
			require.Equal(t, got[0].Guest, row.Guest, "all rows are those of one call")
		}
	})
}

// TestUpsertsThroughAPooler, whose connections change from transaction to transaction.
func TestUpsertsThroughAPooler(t *testing.T) {
	through := postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{})
	d, err := postgres.Open(t.Context(), through, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	tools := open[tool, int64](t, d)
	for i := range 3 {
		row := tool{Code: "saw"}
		created, err := tools.Upsert(t.Context(), &row, nodes.OnConflict("code"))
		require.NoError(t, err)
		require.Equal(t, i == 0, created)
		rows := []tool{{Code: "saw"}, {Code: fmt.Sprint(i)}, {Code: "saw", Name: `'; DROP TABLE tools; -- \ "`}}
		result, err := tools.BulkUpsert(t.Context(), rows, nodes.OnConflict("code"))
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 1, Updated: 1, Skipped: 1}, result)
		count, err := tools.BulkUpdateRows(t.Context(), rows[1:])
		require.NoError(t, err)
		require.EqualValues(t, 2, count)
		require.NoError(t, second(tools.BulkUpdate(t.Context(), nodes.AllRows(), nodes.Set{"count": i})))
	}
	require.Len(t, byCode(t, tools), 4)
}
