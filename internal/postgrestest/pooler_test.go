package postgrestest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/postgrestest"
)

// Two clients share one session of the server, transaction by transaction.
func TestPoolerLendsSessions(t *testing.T) {
	direct := postgrestest.Open(t)
	through := postgrestest.NewPooler(t, direct, postgrestest.PoolerConfig{PoolSize: 1})
	first, second := connect(t, through), connect(t, through)
	pid := func(c *pgx.Conn) (pid uint32) {
		require.NoError(t, c.QueryRow(t.Context(), "SELECT pg_backend_pid()::bigint").Scan(&pid))
		return pid
	}
	require.Equal(t, pid(first), pid(second))
	require.NotEqual(t, pid(first), first.PgConn().PID(), "what a client is told is the pooler's own number")
	require.Equal(t, 1, postgrestest.Terminate(t, direct, "true"), "all sessions there are")
}

func TestServerRecoversFromACrash(t *testing.T) {
	server := postgrestest.NewServer(t, "max_connections=17", "synchronous_commit=on")
	address := server.Open(t)
	conn := connect(t, address)
	_, err := conn.Exec(t.Context(), "CREATE TABLE t AS SELECT 7 AS n")
	require.NoError(t, err)
	server.Crash()
	_, err = pgx.Connect(t.Context(), address)
	require.Error(t, err)
	server.Start()
	var n int
	again := connect(t, address)
	require.NoError(t, again.QueryRow(t.Context(), "SELECT n FROM t").Scan(&n))
	require.Equal(t, 7, n)
	var most string
	require.NoError(t, again.QueryRow(t.Context(), "SHOW max_connections").Scan(&most))
	require.Equal(t, "17", most)
}
