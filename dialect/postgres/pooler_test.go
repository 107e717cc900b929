package postgres_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// inMode gives a URL with another way to speak to the server.
func inMode(t *testing.T, through, mode string) string {
	t.Helper()
	u, err := url.Parse(through)
	require.NoError(t, err)
	query := u.Query()
	query.Set("default_query_exec_mode", mode)
	u.RawQuery = query.Encode()
	return u.String()
}

// throughPooler runs a test in each mode that a pooler bears. Its sessions are two, which are lent to all.
func throughPooler(t *testing.T, test func(t *testing.T, d, direct *postgres.DB)) {
	for _, mode := range []string{"exec", "simple_protocol"} {
		t.Run(mode, func(t *testing.T) {
			address := postgrestest.Open(t)
			through := postgrestest.NewPooler(t, address, postgrestest.PoolerConfig{PoolSize: 2})
			test(t, open(t, inMode(t, through, mode)), open(t, address))
		})
	}
}

func TestStepsThroughPooler(t *testing.T) {
	throughPooler(t, func(t *testing.T, d, direct *postgres.DB) { stepsUnderLock(t, d, direct) })
}

// TestPoolerKeepsTheServersTimeouts looks at what is said of a timeout that cannot be lifted.
func TestPoolerKeepsTheServersTimeouts(t *testing.T) {
	throughPooler(t, func(t *testing.T, d, direct *postgres.DB) {
		tableOfRows(t, direct)
		name := one[string](t, direct, "SELECT current_database()::text")
		exec(t, direct, "ALTER DATABASE "+name+" SET lock_timeout = '50ms'",
			"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()")
		postgres.Forget(d)
		hold(t, direct, "UPDATE t SET n = n") // which the index waits for, and the cleaning up does not
		err := d.Step(t.Context(), concurrent(buildIndex, dropIndex), nil)
		require.ErrorIs(t, err, schema.ErrLockTimeout)
		require.ErrorContains(t, err, "lock_timeout of 50ms cannot be lifted behind a connection pooler")
	})
}

// TestPreparedElsewhereIsExplained uses named statements where sessions are lent.
func TestPreparedElsewhereIsExplained(t *testing.T) {
	address := postgrestest.Open(t)
	through := postgrestest.NewPooler(t, address, postgrestest.PoolerConfig{PoolSize: 1})
	ask := func(d *postgres.DB) *schema.Error {
		_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT $1::int", []any{1}, new(int))
		return d.Classify(err)
	}
	first, second := open(t, inMode(t, through, "cache_statement")), open(t, inMode(t, through, "cache_statement"))
	require.Nil(t, ask(first))
	e := ask(second)
	require.Equal(t, "42P05", e.Code, "already exists")
	require.ErrorContains(t, e, "default_query_exec_mode=exec")
	postgrestest.Terminate(t, address, "true")
	// The pooler may have noticed the end of its session before, and has another one then.
	if _, err := second.Writer().Exec(t.Context(), "SELECT 1"); err != nil {
		requireUnsaved(t, err)
	}
	e = ask(first)
	require.Equal(t, "26000", e.Code, "does not exist")
	require.ErrorContains(t, e, "default_query_exec_mode=exec")
	require.False(t, schema.Transient(e))
}

// TestPoolerRefusesARole for good.
func TestPoolerRefusesARole(t *testing.T) {
	through := postgrestest.NewPooler(t, postgrestest.Open(t), postgrestest.PoolerConfig{})
	_, err := postgres.Open(t.Context(), as(t, through, "nobody", ""), nil)
	require.ErrorIs(t, err, schema.ErrPermission)
	require.False(t, schema.Transient(err))
}
