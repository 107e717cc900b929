package mysqltest_test

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/internal/shop"
	"github.com/schemactor/schemactor/coordinator/coordinatortest/mysqltest"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqlserver"
	server "github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// killed is set in a test binary that is to be killed in the middle of a test.
const killed = "SCHEMACTOR_MYSQLTEST_KILLED"

var shops = mysqltest.New(shop.Register, nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(m, shops)) }

func TestEachTestHasItsOwn(t *testing.T) {
	for i := range 4 {
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
	template := mysqltest.New(shop.Register, &mysqltest.Config{Coordinator: &coordinator.Config{Listener: heard}})
	t.Cleanup(func() { require.NoError(t, template.Close()) })
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
	template := mysqltest.New(shop.Register, &mysqltest.Config{
		Prepare: func(ctx context.Context, db *mysql.DB) error {
			_, err := db.Writer().Exec(ctx, "CREATE TABLE earlier (id INTEGER)")
			return err
		},
	})
	t.Cleanup(func() { require.NoError(t, template.Close()) })
	_, err := template.Open(t).Dialect.Writer().Exec(t.Context(), "INSERT INTO earlier VALUES (1)")
	require.NoError(t, err)
}

func TestNothingIsLeft(t *testing.T) {
	var name string
	t.Run("test", func(t *testing.T) {
		name = databaseOf(t, shops.Open(t).URL)
		require.True(t, there(t, name))
	})
	require.False(t, there(t, name))
}

func TestClosedTemplateIsDropped(t *testing.T) {
	template := mysqltest.New(shop.Register, nil)
	var name string
	shop.During(t, func(tb testing.TB) { name = databaseOf(t, template.Open(tb).URL) })
	name = name[:strings.LastIndex(name, "_")] + "_1" // the first that was made
	require.True(t, there(t, name))
	require.NoError(t, template.Close())
	require.NoError(t, template.Close())
	require.False(t, there(t, name))
	require.Contains(t, shop.Failure(t, func(tb testing.TB) { template.Open(tb) }), "the template is closed")
}

func TestNamedServer(t *testing.T) {
	template := mysqltest.New(shop.Register, &mysqltest.Config{URL: server.Open(t)})
	shop.During(t, func(tb testing.TB) {
		require.NoError(t, template.Open(tb).Nodes.Users.Create(t.Context(), &shop.User{Email: "ada@example.org"}))
	})
	require.NoError(t, template.Close())

	for _, url := range []string{"mysql://secret@127.0.0.1:1/none?timeout=5s", "nonsense"} {
		text := shop.Failure(t, func(tb testing.TB) {
			mysqltest.New(shop.Register, &mysqltest.Config{URL: url}).Open(tb)
		})
		require.Contains(t, text, "making the template")
	}
}

func databaseOf(t *testing.T, address string) string {
	u, err := url.Parse(address)
	require.NoError(t, err)
	return strings.TrimPrefix(u.Path, "/")
}

// there asks the server whether it has a database.
func there(t *testing.T, name string) bool {
	pool, err := mysqlserver.Pool(server.Admin(t), nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, pool.Close()) }()
	var n int
	row := pool.QueryRowContext(t.Context(), "SELECT count(*) FROM information_schema.schemata WHERE schema_name = ?", name)
	require.NoError(t, row.Scan(&n))
	return n == 1
}

func TestFaultsOfRegistration(t *testing.T) {
	text := shop.Failure(t, func(tb testing.TB) {
		mysqltest.New(func(*coordinator.Coordinator) (int, error) { return 0, fmt.Errorf("no models today") }, nil).Open(tb)
	})
	require.Contains(t, text, "no models today")

	calls := 0
	fickle := mysqltest.New(func(c *coordinator.Coordinator) (int, error) {
		calls++
		_, err := coordinator.Register[shop.User, int64](c, schema.Named(fmt.Sprintf("users_%d", calls)))
		return 0, err
	}, nil)
	t.Cleanup(func() { require.NoError(t, fickle.Close()) })
	text = shop.Failure(t, func(tb testing.TB) { fickle.Open(tb) })
	require.Contains(t, text, "gives other models than it gave for the template")
	require.Contains(t, text, "users_2")
}

// TestKilledRun kills a test binary in the middle of a test, and looks for what it has left after the next one began.
func TestKilledRun(t *testing.T) {
	if os.Getenv(killed) != "" {
		fmt.Println("path", databaseOf(t, shops.Open(t).URL))
		select {}
	}
	run := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledRun$")
	run.Env = append(os.Environ(), killed+"=1", "SCHEMACTOR_TEST_MYSQL="+server.Admin(t))
	out, err := run.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, run.Start())
	var name string
	_, err = fmt.Fscanf(bufio.NewReader(out), "path %s\n", &name)
	require.NoError(t, err)
	next := func() {
		template := mysqltest.New(shop.Register, nil)
		shop.During(t, func(tb testing.TB) { template.Open(tb) })
		require.NoError(t, template.Close())
	}

	mine := databaseOf(t, shops.Open(t).URL)
	next()
	require.True(t, there(t, name), "it runs still")
	require.NoError(t, run.Process.Kill())
	_ = run.Wait()
	require.True(t, there(t, name))
	// The server has yet to notice that the killed one's session has ended.
	require.Eventually(t, func() bool { next(); return !there(t, name) }, time.Minute, time.Millisecond)
	require.False(t, there(t, name[:strings.LastIndex(name, "_")]+"_1"))
	require.True(t, there(t, mine))
}

// BenchmarkOpen gives how long a test's database takes: made, opened, used by one query, and taken away again; and how many times as
// long it takes where every test makes its tables.
func BenchmarkOpen(b *testing.B) {
	use := func(template *mysqltest.Template[*shop.Shop]) func() {
		return func() {
			shop.During(b, func(tb testing.TB) {
				_, err := template.Open(tb).Nodes.Users.Count(tb.Context(), nodes.Query{})
				require.NoError(tb, err)
			})
		}
	}
	shop.Compare(b, use(shops), func() {
		url := server.Open(b)
		db, err := mysql.Open(b.Context(), url, nil)
		require.NoError(b, err)
		c, err := coordinator.New(db, &coordinator.Config{News: coordinator.NewsOff})
		require.NoError(b, err)
		_, err = shop.Register(c)
		require.NoError(b, err)
		require.NoError(b, c.EnsureAll(b.Context()))
		require.NoError(b, c.Close(b.Context()))
		require.NoError(b, db.Close())
	})
}
