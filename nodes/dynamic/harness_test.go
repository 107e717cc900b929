package dynamic_test

import (
	"context"
	"log"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Main(m)) }

// each runs a test on a database of its own of every dialect.
func each(t *testing.T, fn func(t *testing.T, d dialect.Dialect)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, openSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, openPostgres(t)) })
}

func openSQLite(t testing.TB) dialect.Dialect {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func openPostgres(t testing.TB) dialect.Dialect {
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// open makes the node of a model with a system of its own.
func open[T any, K comparable](t testing.TB, d dialect.Dialect) *nodes.Node[T, K] {
	sys := actors.Start(d, actors.Config{})
	t.Cleanup(func() { require.NoError(t, sys.Close(context.WithoutCancel(t.Context()))) })
	table, err := schema.TableOf[T]()
	require.NoError(t, err)
	gate, err := sys.Add(table)
	require.NoError(t, err)
	node, err := nodes.New[T, K](d, table, gate)
	require.NoError(t, err)
	return node
}

// examplePeople gives a node with three people, for examples.
func examplePeople(ctx context.Context) (people *nodes.Node[person, uuid.UUID], closing func()) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	d, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	sys := actors.Start(d, actors.Config{})
	table, err := schema.TableOf[person]()
	must(err)
	gate, err := sys.Add(table)
	must(err)
	people, err = nodes.New[person, uuid.UUID](d, table, gate)
	must(err)
	for _, name := range []string{"Cy", "Ada", "Bob"} {
		p := newPerson(name, nil)
		must(people.Create(ctx, &p))
	}
	return people, func() {
		must(sys.Close(ctx))
		must(d.Close())
	}
}
