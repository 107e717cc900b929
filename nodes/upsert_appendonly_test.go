package nodes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestAppendOnlyTablesTakeUpsertsThatChangeNothing(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		table, err := schema.TableOf[tool](schema.AppendOnly())
		require.NoError(t, err)
		gate, err := nodetest.System(t, d).Add(table)
		require.NoError(t, err)
		tools, err := nodes.New[tool, int64](d, table, gate)
		require.NoError(t, err)
		rows, code := []tool{{Code: "saw"}, {Code: "drill"}}, nodes.OnConflict("code")
		for _, err := range []error{
			second(tools.Upsert(ctx, &rows[0], code)),
			second(tools.BulkUpsert(ctx, rows, code)),
			second(tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"count": 1})),
			second(tools.BulkUpdateRows(ctx, rows)),
		} {
			require.ErrorIs(t, err, schema.ErrInvalid)
			require.ErrorContains(t, err, "append-only")
		}
		require.Nil(t, gate.Peek(), "refused before anything is sent")
		created, err := tools.Upsert(ctx, &rows[0], code, nodes.DoNothing())
		require.NoError(t, err)
		require.True(t, created)
		result, err := tools.BulkUpsert(ctx, rows, code, nodes.DoNothing())
		require.NoError(t, err)
		require.Equal(t, nodes.BulkResult{Inserted: 1, Skipped: 1}, result)
	})
}
