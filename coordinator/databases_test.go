package coordinator_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

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

func TestMain(m *testing.M) {
	if part := os.Getenv(programPart); part != "" {
		if err := playPart(part, os.Getenv(programAddress)); err != nil {
			fmt.Fprintln(os.Stderr, part+":", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m)))
}

// User is the model of most tests.
type User struct {
	ID        uuid.UUID `db:"id"         schema:"pk"`
	Email     string    `db:"email"      schema:"unique,size=320"`
	Name      string    `db:"name"`
	Age       *int      `db:"age"        schema:"check=age >= 0"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
}

type userNode = nodes.Node[User, uuid.UUID]

func newUser() *User {
	id := uuid.New()
	return &User{ID: id, Email: id.String() + "@example.org", Name: "Ada"}
}

// database opens connections to one fresh database; each call is a program of its own.
type database struct {
	name    string
	address string // path or URL
	open    func(t testing.TB) dialect.Dialect
}

// eachDatabase runs a test on a fresh SQLite file, a fresh PostgreSQL database and a fresh one of MariaDB.
func eachDatabase(t *testing.T, test func(t *testing.T, db database)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteDatabase(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDatabase(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, mysqlDatabase(t)) })
}

func sqliteDatabase(t testing.TB) database {
	path := filepath.Join(t.TempDir(), "test.db")
	return database{name: "sqlite", address: path, open: func(t testing.TB) dialect.Dialect {
		d, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func mysqlDatabase(t testing.TB) database {
	url := mysqltest.Open(t)
	return database{name: "mysql", address: url, open: func(t testing.TB) dialect.Dialect {
		d, err := mysql.Open(t.Context(), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func postgresDatabase(t testing.TB) database {
	url := postgrestest.Open(t)
	return database{name: "postgres", address: url, open: func(t testing.TB) dialect.Dialect {
		return openPostgres(t, url)
	}}
}

func openPostgres(t testing.TB, url string) dialect.Dialect {
	d, err := postgres.Open(t.Context(), url, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// lazyPostgres is a pool of the program's own, which connects when it is first used.
func lazyPostgres(t testing.TB, url string) dialect.Dialect {
	pool, err := pgxpool.New(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	d, err := postgres.New(pool, nil)
	require.NoError(t, err)
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

// shut ends a program before its time: one that lives would notice what hands do to its tables, and mend it.
func shut(t testing.TB, c *coordinator.Coordinator) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(t, c.Close(ctx))
}

func register[T any, K comparable](
	t testing.TB, c *coordinator.Coordinator, opts ...schema.TableOption,
) *nodes.Node[T, K] {
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

// rows counts a table's rows.
func rows(t testing.TB, d dialect.Dialect, table string) int {
	return count(t, d, "SELECT count(*) FROM "+d.Quote(table))
}

// applied counts by SQL how often the history says that a table was made or changed.
func applied(t testing.TB, d dialect.Dialect, table string) int {
	return count(t, d, "SELECT count(*) FROM "+dialect.RevisionsTable+
		" WHERE state = 'applied' AND "+d.Quote(revisionTableColumn)+" = "+d.Placeholder(1), table)
}

// revisionTableColumn is the history's column for a table's name.
const revisionTableColumn = "table_name"

// exec runs a statement as somebody else would.
func exec(t testing.TB, d dialect.Dialect, sql string) {
	_, err := d.Writer().Exec(t.Context(), sql)
	require.NoError(t, err)
}

// statusOf finds a table's status.
func statusOf(t testing.TB, c *coordinator.Coordinator, table string) schema.Status {
	for _, s := range c.Status() {
		if s.Table.String() == table {
			return s
		}
	}
	require.FailNow(t, "no status", table)
	return schema.Status{}
}

// watched is a real database that counts what is asked of it.
type watched struct {
	dialect.Dialect
	surveys, locks, inspections, others atomic.Int64
}

func (w *watched) Survey(ctx context.Context, refs []schema.Ref) (*dialect.Survey, error) {
	w.surveys.Add(1)
	return w.Dialect.Survey(ctx, refs)
}

func (w *watched) Locked(
	ctx context.Context, refs []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error,
) error {
	w.locks.Add(1)
	return w.Dialect.Locked(ctx, refs, fn)
}

func (w *watched) Inspect(ctx context.Context, q dialect.Querier, refs ...schema.Ref) ([]*schema.Live, error) {
	w.inspections.Add(1)
	return w.Dialect.Inspect(ctx, q, refs...)
}

func (w *watched) Reader() dialect.Querier {
	w.others.Add(1)
	return w.Dialect.Reader()
}

func (w *watched) Writer() dialect.Querier {
	w.others.Add(1)
	return w.Dialect.Writer()
}

func (w *watched) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	w.others.Add(1)
	return w.Dialect.BeginTx(ctx, options)
}
