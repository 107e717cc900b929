// Package nodetest has the models and databases that the tests of nodes, and of what is made of nodes, share.
package nodetest

import (
	"context"
	"log"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Each runs a test on a new database of every dialect.
func Each(t *testing.T, fn func(t *testing.T, d dialect.Dialect)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { fn(t, Postgres(t)) })
	t.Run("mysql", func(t *testing.T) { fn(t, MySQL(t)) })
}

// SQLite gives a new database in a file, which ends with the test.
func SQLite(t testing.TB) dialect.Dialect {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// Postgres gives a new database of the tests' server, which ends with the test.
func Postgres(t testing.TB) dialect.Dialect {
	d, err := postgres.Open(t.Context(), postgrestest.Open(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// MySQL gives a new database of the tests' MariaDB, which ends with the test.
func MySQL(t testing.TB) dialect.Dialect {
	d, err := mysql.Open(t.Context(), mysqltest.Open(t), nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// System starts the actors behind a test's gates.
func System(t testing.TB, d dialect.Dialect) *actors.System {
	sys := actors.Start(d, actors.Config{})
	t.Cleanup(func() { require.NoError(t, sys.Close(context.WithoutCancel(t.Context()))) })
	return sys
}

// Add makes the node of a model whose actor lives in sys.
func Add[T any, K comparable](t testing.TB, d dialect.Dialect, sys *actors.System) *nodes.Node[T, K] {
	node, err := add[T, K](d, sys)
	require.NoError(t, err)
	return node
}

func add[T any, K comparable](d dialect.Dialect, sys *actors.System) (*nodes.Node[T, K], error) {
	table, err := schema.TableOf[T]()
	if err != nil {
		return nil, err
	}
	gate, err := sys.Add(table)
	if err != nil {
		return nil, err
	}
	return nodes.New[T, K](d, table, gate)
}

// Open makes the node of a model with a system of its own.
func Open[T any, K comparable](t testing.TB, d dialect.Dialect) *nodes.Node[T, K] {
	return Add[T, K](t, d, System(t, d))
}

// People gives a node with three people, for examples. A failure ends the program.
func People(ctx context.Context) (people *nodes.Node[Person, uuid.UUID], closing func()) {
	must := func(err error) {
		if err != nil {
			log.Fatal(err)
		}
	}
	d, err := sqlite.Open(ctx, ":memory:", nil)
	must(err)
	sys := actors.Start(d, actors.Config{})
	people, err = add[Person, uuid.UUID](d, sys)
	must(err)
	for _, name := range []string{"Cy", "Ada", "Bob"} {
		p := NewPerson(name, nil)
		must(people.Create(ctx, &p))
	}
	return people, func() {
		must(sys.Close(ctx))
		must(d.Close())
	}
}
