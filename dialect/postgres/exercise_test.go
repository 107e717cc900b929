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
	address := postgrestest.Open(t)
	admin := open(t, address)
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			through := inMode(t, postgrestest.NewPooler(t, address, postgrestest.PoolerConfig{}), mode)
			dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect {
				exec(t, admin, emptied)
				return open(t, through)
			})
		})
	}
}

// emptied empties a database, which is much faster than to make another one.
const emptied = `DO $$ DECLARE space name; BEGIN
  FOR space IN SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\_%' AND nspname <> 'information_schema' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', space);
  END LOOP;
  CREATE SCHEMA public;
END $$`
