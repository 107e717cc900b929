package coordinator_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

type (
	shelf struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name"`
	}
	shelfIndexed struct {
		ID   int64  `db:"id"   schema:"pk"`
		Name string `db:"name" schema:"index"`
	}
)

// A step needs a connection beside the one that holds the lock. If all connections of a pool held locks, nobody would
// ever take a step; two are enough for any number of tables and coordinators.
func TestStepsOfManyTablesInASmallPool(t *testing.T) {
	const tables = 6
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), &postgres.Config{MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	name := func(i int) schema.TableOption { return schema.Named(fmt.Sprintf("shelves_%d", i)) }
	before := start(t, d, nil)
	for i := range tables {
		node := register[shelf, int64](t, before, name(i))
		require.NoError(t, node.Create(t.Context(), &shelf{ID: 1, Name: "x"}))
	}
	var waiting sync.WaitGroup
	errs := make([]error, 2)
	for i := range errs {
		c := start(t, d, nil)
		for j := range tables {
			register[shelfIndexed, int64](t, c, name(j))
		}
		waiting.Go(func() { errs[i] = c.EnsureAll(t.Context()) })
	}
	waiting.Wait()
	require.NoError(t, errs[0])
	require.NoError(t, errs[1])
	for i := range tables {
		history, err := before.History(t.Context(), fmt.Sprintf("shelves_%d", i))
		require.NoError(t, err)
		require.Len(t, history, 3, "made, announced, changed")
		require.Equal(t, schema.RevisionApplied, history[2].State)
	}
}
