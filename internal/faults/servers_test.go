package faults_test

import (
	"context"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// eachServer runs a test on fresh databases of those that are servers.
func eachServer(t *testing.T, test func(t *testing.T, address string)) {
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.Open(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, mysqltest.Open(t)) })
}

// stoppable is a server for one test alone.
type stoppable interface {
	Stop()
	Crash()
	Start()
	Open(t testing.TB) string
}

// eachStoppable starts a server of each kind, which keeps what it has acknowledged, also when it crashes.
func eachStoppable(t *testing.T, test func(t *testing.T, s stoppable)) {
	t.Run("postgres", func(t *testing.T) { test(t, postgrestest.NewServer(t, "synchronous_commit=on")) })
	t.Run("mysql", func(t *testing.T) { test(t, mysqltest.NewServer(t, "--innodb-flush-log-at-trx-commit=1")) })
}

// commits gives how the drivers spell what ends a transaction.
func commits(address string) []byte {
	if strings.HasPrefix(address, "mysql") {
		return []byte("COMMIT")
	}
	return []byte("commit")
}

// terminate has the server end all sessions on a database but its own.
func terminate(t testing.TB, address string) int {
	if strings.HasPrefix(address, "postgres") {
		return postgrestest.Terminate(t, address, "true")
	}
	d, err := openAt(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	ended, err := mysqlEnd(t.Context(), d, "p.id <> connection_id()")
	require.NoError(t, err)
	return ended
}

// mysqlEnd ends the sessions on a database of MariaDB for which a condition over the list p of them holds.
func mysqlEnd(ctx context.Context, d dialect.Dialect, condition string) (ended int, err error) {
	ids, err := mysqlTexts(ctx, d.Writer(),
		"SELECT p.id FROM information_schema.processlist p WHERE p.db = database() AND "+condition)
	for _, id := range ids {
		if _, err := d.Writer().Exec(ctx, "KILL "+id); err == nil { // else it has gone by itself
			ended++
		}
	}
	return ended, err
}

// mysqlUser is the account in an address.
func mysqlUser(t testing.TB, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.User.Username()
}
