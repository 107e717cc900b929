package nodes_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// each runs a test on a database of its own of every dialect.
func each(t *testing.T, fn func(t *testing.T, d dialect.Dialect)) { nodetest.Each(t, fn) }

// gateOf gives a model's table and the gate in front of it, which nobody has passed yet.
func gateOf[T any](t testing.TB, d dialect.Dialect) (*schema.Table, schema.Gate) {
	table, err := schema.TableOf[T]()
	require.NoError(t, err)
	gate, err := nodetest.System(t, d).Add(table)
	require.NoError(t, err)
	return table, gate
}

// add makes the node of a model whose actor lives in sys.
func add[T any, K comparable](t testing.TB, d dialect.Dialect, sys *actors.System) *nodes.Node[T, K] {
	return nodetest.Add[T, K](t, d, sys)
}

// open makes the node of a model with a system of its own.
func open[T any, K comparable](t testing.TB, d dialect.Dialect) *nodes.Node[T, K] {
	return nodetest.Open[T, K](t, d)
}
