package postgrestest_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/internal/postgrestest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(postgrestest.Main(m)) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestEveryTestHasADatabaseOfItsOwn(t *testing.T) {
	var names []string
	for range 2 {
		t.Run("", func(t *testing.T) {
			conn := connect(t, postgrestest.Open(t))
			_, err := conn.Exec(t.Context(), "CREATE TABLE t (id int)")
			require.NoError(t, err, "an earlier test's table is in the way")
			var name string
			require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
			names = append(names, name)
		})
	}
	conn := connect(t, postgrestest.Open(t))
	var left int
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = ANY($1)", names).Scan(&left))
	require.Zero(t, left)
}

func TestRoleMayDoNothing(t *testing.T) {
	conn := connect(t, postgrestest.Role(t, postgrestest.Open(t)))
	_, err := conn.Exec(t.Context(), "CREATE TABLE t (id int)")
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, "42501", refused.Code)
}

func TestServerStopsAndStartsWithItsData(t *testing.T) {
	server := postgrestest.NewServer(t)
	conn := connect(t, server.URL())
	_, err := conn.Exec(t.Context(), "CREATE TABLE t AS SELECT 7 AS n")
	require.NoError(t, err)

	server.Stop()
	_, err = pgx.Connect(t.Context(), server.URL())
	require.Error(t, err)

	server.Start()
	var n int
	require.NoError(t, connect(t, server.URL()).QueryRow(t.Context(), "SELECT n FROM t").Scan(&n))
	require.Equal(t, 7, n)
}

func TestPasswordIsAskedFor(t *testing.T) {
	server := postgrestest.NewServer(t)
	right := server.PasswordURL("ada", "lovelace")
	connect(t, right)
	_, err := pgx.Connect(t.Context(), strings.Replace(right, "lovelace", "byron", 1))
	require.ErrorContains(t, err, "28P01")
}

func TestServersStartSideBySide(t *testing.T) {
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() { connect(t, postgrestest.NewServer(t).URL()) })
	}
	group.Wait()
}

// TestServerDiesWithItsTestBinary kills a process that has a server and waits for the server's socket to go away.
func TestServerDiesWithItsTestBinary(t *testing.T) {
	if os.Getenv("POSTGRESTEST_CHILD") != "" {
		_, _ = os.Stdout.WriteString("url " + postgrestest.NewServer(t).URL() + "\n")
		_, _ = os.Stdin.Read(make([]byte, 1)) // until killed
		return
	}
	postgrestest.NewServer(t) // skips where there are no binaries
	child := exec.Command(os.Args[0], "-test.run=^TestServerDiesWithItsTestBinary$")
	child.Env = append(os.Environ(), "POSTGRESTEST_CHILD=1")
	stdin, err := child.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())

	var url string
	for lines := bufio.NewScanner(stdout); url == "" && lines.Scan(); {
		url, _ = strings.CutPrefix(lines.Text(), "url ")
	}
	conn := connect(t, url)
	var dir string
	require.NoError(t, conn.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir))

	require.NoError(t, child.Process.Kill())
	_ = child.Wait()
	require.Error(t, conn.PgConn().WaitForNotification(t.Context()), "nothing but the server's end was to come")
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, 30*time.Second, 10*time.Millisecond, "the server's files are still there")
}
