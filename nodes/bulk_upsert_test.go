package nodes_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func byCode(t *testing.T, tools *nodes.Node[tool, int64]) map[string]tool {
	rows, err := tools.List(t.Context(), nodes.Query{})
	require.NoError(t, err)
	out := map[string]tool{}
	for _, row := range rows {
		out[row.Code] = row
	}
	require.Len(t, out, len(rows))
	return out
}

func TestBulkUpsert(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		for i := range 20 {
			require.NoError(t, tools.Create(ctx, &tool{Code: fmt.Sprint("c", i), Count: 1}))
		}
		old := byCode(t, tools)
		require.NoError(t, tools.Delete(ctx, old["c3"].ID))
		var rows []tool
		for i := range 2500 { // c0 to c1249, each twice
			rows = append(rows, tool{Code: fmt.Sprint("c", i%1250), Count: i})
		}
		before := append([]tool(nil), rows...)
		var told []int64
		result, err := tools.BulkUpsert(ctx, rows, nodes.OnConflict("code"), nodes.Progress(func(n int64) { told = append(told, n) }))
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 1230, Updated: 20, Skipped: 1250}, result)
		require.IsIncreasing(t, told)
		require.Equal(t, before[:1250], rows[:1250], "a row that another took the place of stays as it was")
		stored := byCode(t, tools)
		require.Len(t, stored, 1250)
		for _, row := range rows[1250:] {
			require.Equal(t, stored[row.Code], row)
			require.Equal(t, 2*row.Count, row.Double)
			require.GreaterOrEqual(t, row.Count, 1250, "the last one wins")
			if was, ok := old[row.Code]; ok {
				require.Equal(t, was.ID, row.ID)
				require.Equal(t, was.Created, row.Created)
				require.GreaterOrEqual(t, row.Version, 2)
			} else {
				require.Equal(t, 1, row.Version)
			}
		}

		result, err = tools.BulkUpsert(ctx, []tool{{Code: "c1", Count: 9, Name: "x"}}, nodes.OnConflict("code"), nodes.UpdateOnly("name"))
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Updated: 1}, result)
		require.Equal(t, stored["c1"].Count, byCode(t, tools)["c1"].Count)

		result, err = tools.BulkUpsert(ctx, nil)
		require.NoError(t, err)
		require.Zero(t, result)
	})
}

func TestBulkUpsertDoNothing(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		kept := tool{Code: "kept", Count: 1}
		require.NoError(t, tools.Create(ctx, &kept))
		rows := []tool{{Code: "new", Count: 2}, {Code: "kept", Count: 3}, {Code: "new", Count: 4}, {Code: "other"}}
		before := append([]tool(nil), rows...)
		result, err := tools.BulkUpsert(ctx, rows, nodes.OnConflict("code"), nodes.DoNothing())
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 2, Skipped: 2}, result)
		require.Equal(t, before[1:3], rows[1:3])
		stored := byCode(t, tools)
		require.Equal(t, map[string]tool{"kept": kept, "new": rows[0], "other": rows[3]}, stored)
		require.Equal(t, 2, stored["new"].Count, "the first one wins")
	})
}

// TestBulkUpsertOfRowsThatAreTheSameAsNone: keys to come, and nulls.
func TestBulkUpsertOfRowsThatAreTheSameAsNone(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		rows := []tool{{Code: "b"}, {Code: "a"}, {ID: 500, Code: "c"}}
		result, err := tools.BulkUpsert(ctx, rows)
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 3}, result)
		require.Less(t, rows[0].ID, rows[1].ID, "numbers are given in the order of the slice")
		rows = append(rows, tool{Code: "d"})
		result, err = tools.BulkUpsert(ctx, rows)
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 1, Updated: 3}, result)
		for _, opts := range [][]nodes.BulkUpsertOption{
			{nodes.OnConflict("shelf", "slot")}, {nodes.OnConflict("shelf", "slot"), nodes.DoNothing()},
		} {
			some := []tool{
				{Code: uuid.NewString(), Shelf: ptr(1)},
				{Code: uuid.NewString(), Shelf: ptr(1)},
				{Code: uuid.NewString(), Shelf: ptr(len(opts)), Slot: ptr(3)},
				{Code: uuid.NewString(), Shelf: ptr(len(opts)), Slot: ptr(3)},
			}
			result, err = tools.BulkUpsert(ctx, some, opts...)
			require.NoError(t, err)
			require.Equal(t, nodes.BulkResult{Inserted: 3, Skipped: 1}, result)
		}
		stored := byCode(t, tools)
		for _, row := range rows {
			require.Equal(t, stored[row.Code], row)
		}
	})
}

// coin has a unique column with a default: what a zero one is the same as, the database alone knows.
type coin struct {
	ID   uuid.UUID `db:"id"   schema:"pk"`
	Mint string    `db:"mint" schema:"unique,default='A'"`
	Size int       `db:"size"`
}

func TestBulkUpsertByADefault(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, coins *nodes.Node[coin, uuid.UUID]) {
		rows := []coin{{ID: uuid.New(), Size: 1}, {ID: uuid.New(), Mint: "B", Size: 2}, {ID: uuid.New(), Size: 3}}
		result, err := coins.BulkUpsert(t.Context(), rows, nodes.OnConflict("mint"))
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 2, Updated: 1}, result)
		got, err := coins.Get(t.Context(), rows[0].ID)
		require.NoError(t, err)
		require.Equal(t, coin{rows[0].ID, "A", 3}, *got)
		require.Equal(t, *got, rows[2])
	})
}

func TestBulkUpsertOfMostKinds(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, parcels *nodes.Node[parcel, uuid.UUID]) {
		ctx := t.Context()
		rows := make([]parcel, 8)
		for i := range rows {
			rows[i] = newParcel()
			rows[i].Street = []string{"'; DROP TABLE parcels; --", `\`, `"`, `{a,"b"}`, "NULL", "", " ", "日本\n\t,"}[i]
			rows[i].City = &rows[i].Street
			rows[i].Tags = []string{rows[i].Street, `x"y`}
			rows[i].Meta = []byte(`{"a": "\"q\\", "b": [null, 1.5]}`)
			rows[i].SentAt = ptr(time.Date(i*1400, 3, 15, 12, 0, 0, 1000, time.UTC))
			rows[i].Weight, rows[i].Ratio = 1/3.0, 1/3.0
			rows[i].Label = []byte{0, '\\', '"', byte(i)}
			rows[i].Fragile = i%2 == 0
		}
		rows[7].Meta, rows[7].SentAt, rows[7].City, rows[7].Label = nil, nil, nil, nil
		one := append([]parcel(nil), rows...)
		result, err := parcels.BulkUpsert(ctx, rows)
		require.NoError(t, err)
		require.EqualValues(t, 8, result.Inserted)
		for i := range one {
			one[i].ID = uuid.New()
			require.NoError(t, parcels.Create(ctx, &one[i]))
			single, err := parcels.Get(ctx, one[i].ID)
			require.NoError(t, err)
			got, err := parcels.Get(ctx, rows[i].ID)
			require.NoError(t, err)
			require.Equal(t, *got, rows[i], "what comes back is what is stored")
			single.ID = got.ID
			require.Equal(t, single, got, "stored as Create stores it")
		}
		result, err = parcels.BulkUpsert(ctx, rows)
		require.NoError(t, err)
		require.EqualValues(t, 8, result.Updated)
		count, err := parcels.BulkUpdateRows(ctx, rows)
		require.NoError(t, err)
		require.EqualValues(t, 8, count)
		for i := range rows {
			got, err := parcels.Get(ctx, rows[i].ID)
			require.NoError(t, err)
			require.Equal(t, *got, rows[i])
		}
	})
}

func TestBulkUpsertIsolatesFailingRows(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		require.NoError(t, tools.Create(ctx, &tool{Code: "there", Shelf: ptr(1), Slot: ptr(1)}))
		rows := []tool{
			{Code: "a", Count: 1},
			{Code: "b", Count: -1},
			{Code: "c", Shelf: ptr(1), Slot: ptr(1)},
			{Code: "there", Count: 5},
			{Code: "a", Count: 2},
			{Code: "bad\x00", Count: 3},
		}
		before := append([]tool(nil), rows...)
		var failed *nodes.BulkError
		err := try(func() error { return second(tools.BulkUpsert(ctx, rows[:5], nodes.OnConflict("code"))) })
		require.ErrorAs(t, err, &failed)
		require.Len(t, failed.Rows, 1)
		require.Contains(t, []int{1, 2}, failed.Rows[0].Index)
		require.Equal(t, before, rows)
		require.Len(t, byCode(t, tools), 1)

		result, err := tools.BulkUpsert(ctx, rows, nodes.OnConflict("code"), nodes.PerRow())
		require.ErrorAs(t, err, &failed)
		require.Equal(t, nodes.BulkResult{Inserted: 1, Updated: 1, Skipped: 1}, result)
		require.Equal(t, 3, failed.Total)
		for i, kind := range map[int]error{0: schema.ErrCheck, 1: schema.ErrDuplicate, 2: schema.ErrInvalid} {
			require.Equal(t, []int{1, 2, 5}[i], failed.Rows[i].Index)
			require.ErrorIs(t, failed.Rows[i].Err, kind)
			require.ErrorIs(t, err, kind)
		}
		require.ErrorContains(t, err, "bulk upsert tools: 3 rows failed; row 1: ")
		stored := byCode(t, tools)
		require.Len(t, stored, 2)
		require.Equal(t, stored["a"], rows[4])
		require.Equal(t, stored["there"], rows[3])
		for _, i := range []int{0, 1, 2, 5} {
			require.Equal(t, before[i], rows[i])
		}
	})
}

func TestBulkUpsertRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](over, table, gate)
		require.NoError(t, err)
		for words, opts := range badUpserts() {
			all := []nodes.BulkUpsertOption{nodes.PerRow()}
			for _, o := range opts {
				all = append(all, o)
			}
			_, err := tools.BulkUpsert(t.Context(), []tool{{Code: "canary"}}, all...)
			require.ErrorIs(t, err, schema.ErrInvalid, words)
			require.ErrorContains(t, err, words)
			require.ErrorContains(t, err, "bulk upsert tools")
		}
		_, err = tools.BulkUpsert(t.Context(), nil, nodes.PerRow(), nodes.PerRow())
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = tools.BulkUpsert(t.Context(), []tool{{Code: "bad\x00"}})
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.Nil(t, gate.Peek())
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}

func TestBulkUpsertHealsAndGivesUp(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](d, table, gate)
		require.NoError(t, err)
		rows := []tool{{Code: "a"}, {Code: "b"}}
		for _, opts := range [][]nodes.BulkUpsertOption{{}, {nodes.PerRow()}} {
			opts = append(opts, nodes.OnConflict("code"))
			require.NoError(t, second(tools.BulkUpsert(ctx, rows, opts...)))
			dropTable(t, d, table)
			told, err := inTx(t, d, func(tx *listening) error { return second(tools.In(tx).BulkUpsert(ctx, rows, opts...)) })
			require.ErrorIs(t, err, schema.ErrNotEnsured)
			require.Equal(t, []schema.Gate{gate}, told)
			_, err = gate.Ready(ctx)
			require.NoError(t, err)
			dropTable(t, d, table)
			fresh := []tool{{Code: "a"}, {Code: "b"}}
			result, err := tools.BulkUpsert(ctx, fresh, opts...)
			require.NoError(t, err)
			require.EqualValues(t, 2, result.Inserted)
			dropTable(t, d, table)
			_, err = tools.BulkUpdateRows(ctx, fresh)
			require.ErrorIs(t, err, schema.ErrNotFound, "the table is made again, without rows")
		}
		ended, cancel := context.WithCancel(ctx)
		cancel()
		_, err = tools.BulkUpsert(ended, rows)
		require.ErrorIs(t, err, context.Canceled)
		_, err = tools.BulkUpdateRows(ended, rows)
		require.ErrorIs(t, err, context.Canceled)
	})
}
