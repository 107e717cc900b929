package nodes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

type pointer struct {
	ID     int64 `schema:"pk"`
	Target int64 `schema:"references=nowheres.id"`
}

// SQLite lets a foreign key point at a table that is not there; PostgreSQL refuses it. MariaDB says of each row that it points
// nowhere, which is nothing to heal.
func TestWhatHealingCannotMendIsNotHealedAtEveryCall(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		want := schema.ErrMissing
		if d.Name() == "mysql" {
			want = schema.ErrForeignKey
		}
		sys := actors.Start(d, actors.Config{})
		defer func() { require.NoError(t, sys.Close(t.Context())) }()
		model, err := schema.TableOf[pointer]()
		require.NoError(t, err)
		table, err := sys.Add(model)
		require.NoError(t, err)
		node, err := nodes.New[pointer, int64](d, model, table)
		require.NoError(t, err)
		for range 20 {
			require.ErrorIs(t, node.Create(t.Context(), &pointer{ID: 1, Target: 1}), want)
		}
		require.LessOrEqual(t, table.Status().Attempts, int64(4), "the table itself was looked at again and again")
	})
}
