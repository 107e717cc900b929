package nodes_test

import (
	"context"
	"fmt"
	"iter"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// once is a sequence that gives each of its rows a single time, however often it is begun.
func once(rows int, make func(i int) tool) iter.Seq[tool] {
	next := 0
	return func(yield func(tool) bool) {
		for next < rows {
			row := make(next)
			next++
			if !yield(row) {
				return
			}
		}
	}
}

func coded(i int) tool { return tool{Code: fmt.Sprint("c", i), Count: i} }

// TestBulkCreateSeq draws 25,000 rows from a sequence that cannot be begun again, for a table that nobody has made.
func TestBulkCreateSeq(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		var told []int64
		stored, err := tools.BulkCreateSeq(t.Context(), once(25_000, coded), nodes.Progress(func(n int64) { told = append(told, n) }))
		require.NoError(t, err)
		require.EqualValues(t, 25_000, stored)
		require.IsIncreasing(t, told)
		require.EqualValues(t, 25_000, told[len(told)-1])
		there := byCode(t, tools)
		require.Len(t, there, 25_000)
		for i := range 25_000 {
			row := there[fmt.Sprint("c", i)]
			require.Equal(t, []any{i, 2 * i, "unnamed", 1}, []any{row.Count, row.Double, row.Name, row.Version})
		}
		stored, err = tools.BulkCreateSeq(t.Context(), func(func(tool) bool) {})
		require.NoError(t, err)
		require.Zero(t, stored)
	})
}

// TestBulkCreateSeqHeals loses none of the first rows when the table turns out to have been dropped.
func TestBulkCreateSeqHeals(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		require.NoError(t, tools.Create(t.Context(), &tool{Code: "before"}))
		_, err := d.Writer().Exec(t.Context(), "DROP TABLE tools")
		require.NoError(t, err)
		stored, err := tools.BulkCreateSeq(t.Context(), once(12_000, coded))
		require.NoError(t, err)
		require.EqualValues(t, 12_000, stored)
		require.Equal(t, 12_000, count(t, d.Reader(), "tools"))
	})
}

// TestBulkCreateSeqCannotBeginAgain: a hook needs a table that is not there when most rows were drawn already.
func TestBulkCreateSeqCannotBeginAgain(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		sys := nodetest.System(t, d)
		tools, people := add[tool, int64](t, d, sys), add[person, uuid.UUID](t, d, sys)
		hooked := tools.WithHooks(nodes.Hooks[tool, int64]{
			BeforeCreate: func(ctx context.Context, tx dialect.Tx, row *tool) error {
				if row.Count != 10_500 {
					return nil
				}
				p := newPerson("Ada", nil)
				return people.In(tx).Create(ctx, &p)
			},
		})
		_, err := hooked.BulkCreateSeq(t.Context(), once(11_000, coded))
		require.ErrorIs(t, err, schema.ErrSerialization)
		require.Zero(t, count(t, d.Reader(), "tools"))
		stored, err := hooked.BulkCreateSeq(t.Context(), once(11_000, coded))
		require.NoError(t, err)
		require.EqualValues(t, 11_000, stored)
		require.Equal(t, 1, count(t, d.Reader(), "people"))
	})
}

// TestBulkCreateSeqNamesTheRow counts the rows of the whole sequence.
func TestBulkCreateSeqNamesTheRow(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		spoiled := func(i int) tool {
			row := coded(i)
			if i == 12_345 || i == 12_999 {
				row.Count = -1
			}
			return row
		}
		_, err := tools.BulkCreateSeq(ctx, once(13_000, spoiled))
		var failed *nodes.BulkError
		require.ErrorAs(t, err, &failed)
		require.ErrorIs(t, err, schema.ErrCheck)
		require.Equal(t, []int{12_345, 1}, []int{failed.Rows[0].Index, failed.Total})
		there, err := tools.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Zero(t, there)

		stored, err := tools.BulkCreateSeq(ctx, once(13_000, spoiled), nodes.PerRow())
		require.EqualValues(t, 12_998, stored)
		require.ErrorAs(t, err, &failed)
		require.Equal(t, []int{12_345, 12_999, 2}, []int{failed.Rows[0].Index, failed.Rows[1].Index, failed.Total})
		require.Len(t, byCode(t, tools), 12_998)
	})
}

// TestBulkCreateSeqKeepsFewFailures: no more than a thousand of them, however many there are.
func TestBulkCreateSeqKeepsFewFailures(t *testing.T) {
	tools := open[tool, int64](t, nodetest.SQLite(t))
	stored, err := tools.BulkCreateSeq(t.Context(), once(4000, func(i int) tool { return tool{Code: fmt.Sprint(i), Count: i%2 - 1} }), nodes.PerRow())
	require.EqualValues(t, 2000, stored)
	var failed *nodes.BulkError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, []int{2000, 1000, 0, 1998}, []int{failed.Total, len(failed.Rows), failed.Rows[0].Index, failed.Rows[999].Index})
}

// TestBulkCreateSeqEndsEarly: a sequence that panics, and a caller who leaves.
func TestBulkCreateSeqEndsEarly(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		require.PanicsWithValue(t, "out of rows", func() {
			_, _ = tools.BulkCreateSeq(t.Context(), once(15_000, func(i int) tool {
				if i == 14_000 {
					panic("out of rows")
				}
				return coded(i)
			}))
		})
		require.Zero(t, count(t, d.Writer(), "tools"))

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := tools.BulkCreateSeq(ctx, once(15_000, func(i int) tool {
			if i == 14_000 {
				cancel()
			}
			return coded(i)
		}))
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, count(t, d.Writer(), "tools"))
	})
}
