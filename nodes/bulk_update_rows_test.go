package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// makeTools stores so many tools.
func makeTools(t *testing.T, tools *nodes.Node[tool, int64], count int) []tool {
	rows := make([]tool, count)
	for i := range rows {
		rows[i] = tool{Code: fmt.Sprint("tool ", i), Count: i}
	}
	_, err := tools.BulkUpsert(t.Context(), rows)
	require.NoError(t, err)
	return rows
}

func TestBulkUpdateRows(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		rows := makeTools(t, tools, 1100)
		want := append([]tool(nil), rows...)
		for i := range rows {
			want[i].Count, want[i].Name, want[i].Double, want[i].Version = i+7, "", 2*(i+7), 2
			rows[i].Count, rows[i].Name = i+7, ""
			rows[i].Created, rows[i].Double = rows[i].Created.AddDate(1, 0, 0), -1
		}
		rows = rows[:1050]
		count, err := tools.BulkUpdateRows(ctx, rows)
		require.NoError(t, err)
		require.EqualValues(t, 1050, count)
		stored := byCode(t, tools)
		for i := range rows {
			require.False(t, rows[i].Updated.Before(want[i].Updated))
			want[i].Updated = rows[i].Updated
			require.Equal(t, want[i], stored[rows[i].Code])
			want[i].Created = rows[i].Created // the caller's, as with Update
			require.Equal(t, want[i], rows[i])
		}
		require.Equal(t, 1, stored["tool 1099"].Version)
		count, err = tools.BulkUpdateRows(ctx, nil)
		require.NoError(t, err)
		require.Zero(t, count)
	})
}

func TestBulkUpdateRowsTellsWhichFailed(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		rows := makeTools(t, tools, 9)
		require.NoError(t, tools.Delete(ctx, rows[7].ID))
		before := byCode(t, tools)
		for i := range rows {
			rows[i].Name = "changed"
		}
		rows[1].Version, rows[2].ID, rows[3].Count, rows[4].Code = 9, 12345, -1, "tool 0"
		rows[8] = rows[6]
		given := append([]tool(nil), rows...)
		kinds := map[int]error{
			1: schema.ErrConflict, 2: schema.ErrNotFound, 3: schema.ErrCheck, 4: schema.ErrDuplicate, 7: schema.ErrNotFound, 8: schema.ErrInvalid,
		}
		var failed *nodes.BulkError
		for i, kind := range kinds {
			part := []tool{rows[0], rows[i]}
			if i == 8 {
				part[0] = rows[6]
			}
			if i == 4 { // whose place is taken by a row that is not among them
				part[0] = rows[5]
			}
			want := append([]tool(nil), part...)
			err := try(func() error { return second(tools.BulkUpdateRows(ctx, part)) })
			require.ErrorIs(t, err, kind)
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 1, failed.Total)
			require.Equal(t, 1, failed.Rows[0].Index)
			require.ErrorContains(t, err, "bulk update rows tools: 1 row failed; row 1: ")
			require.Equal(t, want, part)
			require.Equal(t, before, byCode(t, tools), "nothing is stored")
		}
		count, err := tools.BulkUpdateRows(ctx, rows, nodes.PerRow())
		require.EqualValues(t, 3, count)
		require.ErrorAs(t, err, &failed)
		require.Equal(t, len(kinds), failed.Total)
		for at, i := range []int{1, 2, 3, 4, 7, 8} {
			require.Equal(t, i, failed.Rows[at].Index)
			require.ErrorIs(t, failed.Rows[at].Err, kinds[i])
			require.Equal(t, given[i], rows[i])
		}
		stored := byCode(t, tools)
		for _, i := range []int{0, 5, 6} {
			require.Equal(t, stored[rows[i].Code], rows[i])
			require.Equal(t, "changed", rows[i].Name)
		}
	})
}

func TestBulkUpdateRowsOfCompositeKeys(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, seats *nodes.Node[seat, seatKey]) {
		rows := []seat{{Room: "b", Number: 2}, {Room: "a", Number: 1}, {Room: "a", Number: 10, Guest: ptr("x")}}
		require.NoError(t, second(seats.BulkUpsert(t.Context(), rows)))
		for i := range rows {
			rows[i].Guest = ptr(fmt.Sprint("guest ", i))
		}
		count, err := seats.BulkUpdateRows(t.Context(), rows)
		require.NoError(t, err)
		require.EqualValues(t, 3, count)
		got, err := seats.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Equal(t, []seat{rows[1], rows[2], rows[0]}, got)
	})
	inAndOut(t, func(t *testing.T, _ apart, pairs *nodes.Node[pair, pairKey]) {
		rows := []pair{{1, 2}, {2, 1}}
		for i := range 2 {
			result, err := pairs.BulkUpsert(t.Context(), rows)
			require.NoError(t, err)
			require.EqualValues(t, 2*i, result.Updated)
		}
		count, err := pairs.BulkUpdateRows(t.Context(), append(rows, pair{3, 3}), nodes.PerRow())
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.EqualValues(t, 2, count)
	})
}

// TestBulkWithHooksCallsThemForEachRow, and undoes what a failing one did.
func TestBulkWithHooksCallsThemForEachRow(t *testing.T) {
	refusal := errors.New("not this one")
	inAndOut(t, func(t *testing.T, try apart, plain *nodes.Node[tool, int64]) {
		ctx, called := t.Context(), []string(nil)
		hooks := toolHooks(&called)
		hooks.AfterUpdate = func(_ context.Context, _ dialect.Tx, row *tool) error {
			if row.Count == 12 {
				return refusal
			}
			return nil
		}
		tools := plain.WithHooks(hooks)
		rows := []tool{{Code: "a", Name: "A"}, {Code: "b", Name: "B", Count: 13}, {Code: "c", Name: "C"}}
		result, err := tools.BulkUpsert(ctx, rows, nodes.OnConflict("code"), nodes.PerRow())
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.EqualValues(t, 2, result.Inserted)
		require.Equal(t, "A by before create", rows[0].Name)
		require.Len(t, called, 8)

		rows = []tool{rows[0], rows[2]}
		rows[1].Count = 12
		var failed *nodes.BulkError
		for _, call := range []func() error{
			func() error { return second(tools.BulkUpdateRows(ctx, rows)) },
			func() error { return second(tools.BulkUpsert(ctx, rows, nodes.OnConflict("code"))) },
		} {
			before := append([]tool(nil), rows...)
			err = try(call)
			require.ErrorIs(t, err, refusal)
			require.ErrorAs(t, err, &failed)
			require.Equal(t, 1, failed.Rows[0].Index)
			require.Equal(t, before, rows)
			require.Equal(t, 1, byCode(t, plain)["a"].Version)
		}
		count, err := tools.BulkUpdateRows(ctx, rows, nodes.PerRow())
		require.ErrorIs(t, err, refusal)
		require.EqualValues(t, 1, count)
		stored := byCode(t, plain)
		require.Equal(t, stored["a"], rows[0])
		require.Equal(t, "A by before create by before update", rows[0].Name)
		require.Equal(t, 1, stored["c"].Version)
	})
}

// Rows that take over unique values from each other are all stored, or none of them is and it is a duplicate; never some.
func TestBulkUpdateRowsThatHandValuesOn(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		for round, by := range []int{1, -1, 7} {
			rows := makeTools(t, tools, 50)
			was := byCode(t, tools)
			codes := make([]string, len(rows))
			for i := range rows {
				codes[i] = rows[(i+by+len(rows))%len(rows)].Code
			}
			want := map[int64]string{}
			for i := range rows {
				rows[i].Code = codes[i]
				want[rows[i].ID] = codes[i]
			}
			count, err := tools.BulkUpdateRows(t.Context(), rows)
			if err != nil {
				require.ErrorIs(t, err, schema.ErrDuplicate)
				require.Zero(t, count)
				require.Equal(t, was, byCode(t, tools), "round %d", round)
			} else {
				require.EqualValues(t, 50, count)
				for code, stored := range byCode(t, tools) {
					require.Equal(t, want[stored.ID], code)
				}
			}
			_, err = tools.BulkPurge(t.Context(), nodes.AllRows())
			require.NoError(t, err)
		}
	})
}
