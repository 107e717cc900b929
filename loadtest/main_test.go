package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/loadtest/load"
)

// The workers of the tests are processes of the test binary, as those of the program are processes of the program's.
func TestMain(m *testing.M) {
	if code, worker := fleet.Main(load.Roles()); worker {
		os.Exit(code)
	}
	goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m)))
}

// play runs the program.
func play(t *testing.T, args ...string) (code int, out, errOut string) {
	var outBuffer, errBuffer bytes.Buffer
	code = run(t.Context(), args, &outBuffer, &errBuffer)
	return code, outBuffer.String(), errBuffer.String()
}

// field is a database for a test, with its address and a way in.
type field struct {
	dialect.Dialect
	t       *testing.T
	address string
}

// eachDatabase runs a test on each, side by side.
func eachDatabase(t *testing.T, test func(t *testing.T, f *field)) {
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		path := filepath.Join(t.TempDir(), "test.db")
		d, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		test(t, &field{d, t, path})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		address := postgrestest.Open(t)
		d, err := postgres.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		test(t, &field{d, t, address})
	})
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		address := mysqltest.Open(t)
		d, err := mysql.Open(t.Context(), address, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		test(t, &field{d, t, address})
	})
}

// count runs a query for one number; a table that is missing has none.
func (f *field) count(sql string) int {
	var n int64
	if _, err := dialect.QueryRow(f.t.Context(), f.Reader(), sql, nil, &n); err != nil {
		return 0
	}
	return int(n)
}

func (f *field) run(statements ...string) {
	for _, sql := range statements {
		_, err := f.Writer().Exec(f.t.Context(), sql)
		require.NoError(f.t, err, sql)
	}
}

// left counts what a run may leave: its tables, its namespaces, and the ledger.
func (f *field) left() int {
	switch f.Name() {
	case "mysql":
		return f.count("SELECT count(*) FROM information_schema.tables WHERE table_schema = database()")
	case "postgres":
		return f.count(`SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'loadtest%')
			+ (SELECT count(*) FROM pg_class WHERE relname LIKE 'schemactor%' OR relname LIKE 'loadtest%')`)
	}
	return f.count("SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%'")
}

// table gives the quoted name of a run's n-th table, which is there.
func (f *field) table(n string) string {
	var name string
	sql := "SELECT table_name FROM schemactor_tables WHERE table_name LIKE 'loadtest%" + n + "'"
	if f.Name() == "postgres" {
		sql = "SELECT namespace || '.' || table_name FROM schemactor_tables WHERE table_name LIKE 'loadtest%" + n + "'"
	}
	found, err := dialect.QueryRow(f.t.Context(), f.Reader(), sql, nil, &name)
	require.NoError(f.t, err)
	require.True(f.t, found)
	return name
}

// waitFor waits until a condition holds.
func waitFor(t *testing.T, what string, holds func() bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-limit.C:
			require.FailNow(t, "waited in vain", what)
		}
	}
}

// during runs the program, does something to the database while its writers write, and has it come to its end.
func during(t *testing.T, f *field, meanwhile func(), args ...string) (code int, out, errOut string) {
	all := append([]string{"--writers", "4", "--tables", "2", "--processes", "2"}, args...)
	return until(t, f, func(func() string) {
		waitFor(t, "both tables", func() bool {
			return f.count("SELECT count(*) FROM schemactor_tables WHERE table_name LIKE 'loadtest%'") == 2
		})
		table := f.table("000")
		waitFor(t, "pairs", func() bool { return f.count("SELECT count(*) FROM "+table+" WHERE part = 1") > 5 })
		meanwhile()
	}, all...)
}

// until runs the program as long as a function runs, which may look at what the program has written so far.
func until(t *testing.T, f *field, last func(written func() string), args ...string) (code int, out, errOut string) {
	ctx, interrupt := context.WithCancel(t.Context())
	var outBuffer, errBuffer buffer
	var group sync.WaitGroup
	args = append([]string{"--database", f.address, "--duration", "1m"}, args...)
	group.Go(func() { code = run(ctx, args, &outBuffer, &errBuffer) })
	defer group.Wait()
	defer interrupt()
	last(outBuffer.String)
	interrupt()
	group.Wait()
	return code, outBuffer.String(), errBuffer.String()
}

// buffer may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(text)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
