package sqlitetest_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/internal/shop"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/sqlitetest"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// killed is set in a test binary that is to be killed in the middle of a test.
const killed = "SCHEMACTOR_SQLITETEST_KILLED"

var shops = sqlitetest.New(shop.Register, nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachTestHasItsOwn(t *testing.T) {
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			db := shops.Open(t)
			// The same unique value everywhere: it would be refused if anything were shared.
			require.NoError(t, db.Nodes.Users.Create(t.Context(), &shop.User{Email: "ada@example.org", Name: "Ada"}))
			n, err := db.Nodes.Users.Count(t.Context(), nodes.Query{})
			require.NoError(t, err)
			require.Equal(t, int64(1), n)
		})
	}
}

// TestTablesAreMadeOnce counts in the database: the copy brings the template's history along, and nothing comes to it.
func TestTablesAreMadeOnce(t *testing.T) {
	var applied atomic.Int64
	heard := &schema.Listener{Applied: func(schema.Event) { applied.Add(1) }}
	template := sqlitetest.New(shop.Register, &sqlitetest.Config{Coordinator: &coordinator.Config{Listener: heard}})
	for range 2 {
		db := template.Open(t)
		require.NoError(t, db.Coordinator.EnsureAll(t.Context()))
		history, err := db.Coordinator.History(t.Context(), "orders")
		require.NoError(t, err)
		require.Len(t, history, 1)
		require.Equal(t, "coordinatortest", history[0].Application)
	}
	require.Zero(t, applied.Load())
}

func TestPrepareComesFirst(t *testing.T) {
	template := sqlitetest.New(shop.Register, &sqlitetest.Config{
		Prepare: func(ctx context.Context, db *sqlite.DB) error {
			_, err := db.Writer().Exec(ctx, "CREATE TABLE before (id INTEGER)")
			return err
		},
	})
	_, err := template.Open(t).Dialect.Writer().Exec(t.Context(), "INSERT INTO before VALUES (1)")
	require.NoError(t, err)
}

func TestNothingIsLeft(t *testing.T) {
	var path string
	t.Run("test", func(t *testing.T) {
		path = shops.Open(t).Path
		require.FileExists(t, path)
	})
	require.NoDirExists(t, filepath.Dir(path))
}

func TestFaultsOfRegistration(t *testing.T) {
	text := shop.Failure(t, func(tb testing.TB) {
		sqlitetest.New(func(*coordinator.Coordinator) (int, error) { return 0, fmt.Errorf("no models today") }, nil).Open(tb)
	})
	require.Contains(t, text, "no models today")

	calls := 0
	fickle := sqlitetest.New(func(c *coordinator.Coordinator) (int, error) {
		calls++
		_, err := coordinator.Register[shop.User, int64](c, schema.Named(fmt.Sprintf("users_%d", calls)))
		return 0, err
	}, nil)
	text = shop.Failure(t, func(tb testing.TB) { fickle.Open(tb) })
	require.Contains(t, text, "gives other models than it gave for the template")
	require.Contains(t, text, "users_2")
}

// TestKilledRun kills a test binary in the middle of a test, and looks for what it has left after the next one began.
func TestKilledRun(t *testing.T) {
	if os.Getenv(killed) != "" {
		fmt.Println("path", shops.Open(t).Path)
		select {}
	}
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledRun$")
	run.Env = append(os.Environ(), killed+"=1")
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	var path string
	_, err = fmt.Fscanf(bufio.NewReader(out), "path %s\n", &path)
	require.NoError(t, err)

	mine := shops.Open(t).Path
	sqlitetest.New(shop.Register, nil).Open(t)
	require.FileExists(t, path, "it runs still")
	require.NoError(t, run.Process.Kill())
	_ = run.Wait()
	require.FileExists(t, path)
	sqlitetest.New(shop.Register, nil).Open(t)
	require.NoDirExists(t, filepath.Dir(path))
	require.FileExists(t, mine)
}

// BenchmarkOpen gives how long a test's database takes: made, opened, used by one query, and taken away again; and how many times as
// long it takes where every test makes its tables.
func BenchmarkOpen(b *testing.B) {
	use := func(template *sqlitetest.Template[*shop.Shop]) func() {
		return func() {
			shop.During(b, func(tb testing.TB) {
				_, err := template.Open(tb).Nodes.Users.Count(tb.Context(), nodes.Query{})
				require.NoError(tb, err)
			})
		}
	}
	shop.Compare(b, use(shops), func() { use(sqlitetest.New(shop.Register, nil))() })
}
