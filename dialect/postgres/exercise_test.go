package postgres_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

func TestExercise(t *testing.T) {
	dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return open(t, postgrestest.Open(t)) })
}

// TestExerciseThroughPooler runs the suite, with fewer random cases, where each transaction may meet another session.
func TestExerciseThroughPooler(t *testing.T) {
	short := flag.Lookup("test.short").Value
	former := short.String()
	require.NoError(t, short.Set("true"))
	defer func() { require.NoError(t, short.Set(former)) }()
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			pooler := inMode(t, postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{}), mode)
			dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return open(t, databaseAt(t, pooler, postgrestest.Open(t))) })
		})
	}
}
