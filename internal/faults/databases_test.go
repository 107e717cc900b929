package faults_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// openAt opens the database at a path or a URL, for tests and workers alike. The caller closes it.
func openAt(ctx context.Context, address string) (dialect.Dialect, error) {
	if strings.HasPrefix(address, "postgres") {
		return postgres.Open(ctx, address, nil)
	}
	if strings.HasPrefix(address, "mysql") {
		return mysql.Open(ctx, address, nil)
	}
	return sqlite.Open(ctx, address, nil)
}

// eachDatabase runs a test on a fresh SQLite file and on fresh databases of PostgreSQL and MariaDB, given by their addresses.
func eachDatabase(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "test.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.Open(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, mysqltest.Open(t)) })
}

// open opens the database at an address until the test ends.
func open(t testing.TB, address string) dialect.Dialect {
	d, err := openAt(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// start makes a coordinator that ends with the test.
func start(t testing.TB, d dialect.Dialect, cfg *coordinator.Config) *coordinator.Coordinator {
	c, err := coordinator.New(d, cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, c.Close(ctx))
	})
	return c
}

func register[T any, K comparable](t testing.TB, c *coordinator.Coordinator, opts ...schema.TableOption) *nodes.Node[T, K] {
	node, err := coordinator.Register[T, K](c, opts...)
	require.NoError(t, err)
	return node
}

// count runs a query for one number.
func count(t testing.TB, d dialect.Dialect, sql string, args ...any) int {
	var n int64
	found, err := dialect.QueryRow(t.Context(), d.Reader(), sql, args, &n)
	require.NoError(t, err)
	require.True(t, found)
	return int(n)
}

// applied counts by SQL how often the history says that a table was made or changed.
func applied(t testing.TB, d dialect.Dialect, table string) int {
	return count(t, d, "SELECT count(*) FROM "+dialect.RevisionsTable+" WHERE state = 'applied' AND table_name = "+d.Placeholder(1), table)
}

// waitFor waits until a condition holds, which it looks at every few milliseconds, and fails the test after a minute.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			require.FailNow(t, "waited in vain", what)
		case <-t.Context().Done():
			require.FailNow(t, "the test has ended", what)
		}
	}
}
