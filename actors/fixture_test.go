package actors

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// account is the model of most tests.
type account struct {
	ID    int64  `db:"id"    schema:"pk"`
	Email string `db:"email" schema:"unique,size=320"`
	Age   *int   `db:"age"   schema:"index,check=age >= 0"`
}

func accounts(t testing.TB, opts ...schema.TableOption) *schema.Table {
	return model[account](t, opts...)
}

func model[T any](t testing.TB, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	m, err := schema.TableOf[T](opts...)
	require.NoError(t, err)
	return m
}

func named(format string, args ...any) schema.TableOption {
	return schema.Named(fmt.Sprintf(format, args...))
}

// database is one empty real database that can be opened more than once.
type database struct {
	name string
	open func(t testing.TB) dialect.Dialect
}

// onEach runs a test on every kind of database.
func onEach(t *testing.T, test func(t *testing.T, db database)) {
	for _, kind := range []struct {
		name string
		make func(t testing.TB) database
	}{{"sqlite", onSQLite}, {"postgres", onPostgres}, {"mysql", onMySQL}} {
		t.Run(kind.name, func(t *testing.T) { test(t, kind.make(t)) })
	}
}

func onSQLite(t testing.TB) database {
	path := filepath.Join(t.TempDir(), "test.db")
	return database{name: "sqlite", open: func(t testing.TB) dialect.Dialect {
		d, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func onMySQL(t testing.TB) database {
	url := mysqltest.Open(t)
	return database{"mysql", func(t testing.TB) dialect.Dialect {
		d, err := mysql.Open(t.Context(), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func onPostgres(t testing.TB) database { return onPostgresURL(postgrestest.Open(t)) }

func onPostgresURL(url string) database {
	return database{name: "postgres", open: func(t testing.TB) dialect.Dialect {
		d, err := postgres.Open(t.Context(), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

// start gives a System that ends with the test.
func start(t testing.TB, d dialect.Dialect, cfg Config) *System {
	s := Start(d, cfg)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		require.NoError(t, s.Close(ctx))
	})
	return s
}

func add(t testing.TB, s *System, m *schema.Table) *Table {
	t.Helper()
	handle, err := s.Add(m)
	require.NoError(t, err)
	return handle
}

func ready(t testing.TB, handle *Table) *schema.Snapshot {
	t.Helper()
	seen, err := handle.Ready(t.Context())
	require.NoError(t, err)
	require.Same(t, seen, handle.Peek())
	require.Same(t, handle.Model(), seen.Table)
	require.Equal(t, schema.StateReady, handle.Status().State)
	return seen
}

func exec(t testing.TB, d dialect.Dialect, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		_, err := d.Writer().Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

// history reads a table's revisions from the database.
func history(t testing.TB, d dialect.Dialect, ref schema.Ref) []schema.Revision {
	t.Helper()
	revisions, err := dialect.LedgerOf(d).History(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	return revisions
}

// once asserts that the database's own history knows of exactly one creation of the table.
func once(t testing.TB, d dialect.Dialect, ref schema.Ref) {
	t.Helper()
	revisions := history(t, d, ref)
	require.Len(t, revisions, 1, ref.String())
	require.Equal(t, schema.RevisionApplied, revisions[0].State)
	require.NotEmpty(t, revisions[0].Statements)
}

// exists looks into the catalogue.
func exists(t testing.TB, d dialect.Dialect, ref schema.Ref) bool {
	t.Helper()
	lives, err := d.Inspect(t.Context(), d.Reader(), ref)
	require.NoError(t, err)
	return lives[0] != nil
}

// hooked is a real dialect that counts, and lets a test stand in the way.
type hooked struct {
	dialect.Dialect
	surveys, locks atomic.Int64
	panicked       atomic.Bool // a panic came out of the work, where a dialect may not expect it

	mu       sync.Mutex
	onSurvey func(ctx context.Context) error
	onLocked func(ctx context.Context, refs []schema.Ref) error
	onWork   func(ctx context.Context) error // inside the transaction
}

func (h *hooked) hook(set func(h *hooked)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	set(h)
}

func (h *hooked) Survey(ctx context.Context, refs []schema.Ref) (*dialect.Survey, error) {
	h.surveys.Add(1)
	h.mu.Lock()
	before := h.onSurvey
	h.mu.Unlock()
	if before != nil {
		if err := before(ctx); err != nil {
			return nil, err
		}
	}
	return h.Dialect.Survey(ctx, refs)
}

func (h *hooked) Locked(ctx context.Context, refs []schema.Ref, fn func(context.Context, dialect.Tx) error) error {
	h.mu.Lock()
	before, inside := h.onLocked, h.onWork
	h.mu.Unlock()
	for _, ref := range refs {
		if ref.Name == dialect.LedgerTable {
			// The library's own tables are in nobody's way.
			return h.Dialect.Locked(ctx, refs, fn)
		}
	}
	h.locks.Add(1)
	if before != nil {
		if err := before(ctx, refs); err != nil {
			return err
		}
	}
	return h.Dialect.Locked(ctx, refs, func(ctx context.Context, tx dialect.Tx) error {
		if inside != nil {
			if err := inside(ctx); err != nil {
				return err
			}
		}
		h.panicked.Store(true)
		err := fn(ctx, tx)
		h.panicked.Store(false)
		return err
	})
}

// gate holds whoever comes to it until it is opened, and tells of the first arrival.
type gate struct {
	arrived chan struct{}
	open    chan struct{}
	once    sync.Once
}

func newGate() *gate { return &gate{arrived: make(chan struct{}), open: make(chan struct{})} }

func (g *gate) pass() {
	g.once.Do(func() { close(g.arrived) })
	<-g.open
}

// hold makes every attempt wait at the gate before it takes its lock.
func (g *gate) hold(h *hooked) {
	h.hook(func(h *hooked) {
		h.onLocked = func(context.Context, []schema.Ref) error { g.pass(); return nil }
	})
}

// herd runs n calls at once and gives what each of them got.
func herd(n int, call func(i int) error) []error {
	var (
		begin sync.WaitGroup
		all   sync.WaitGroup
		errs  = make([]error, n)
	)
	begin.Add(1)
	for i := range n {
		all.Go(func() {
			begin.Wait()
			errs[i] = call(i)
		})
	}
	begin.Done()
	all.Wait()
	return errs
}

// fakeClock is a System's clock that moves when the test says so.
type fakeClock struct{ offset atomic.Int64 }

func (c *fakeClock) now() time.Time            { return time.Unix(1_700_000_000, c.offset.Load()) }
func (c *fakeClock) forward(by time.Duration)  { c.offset.Add(int64(by)) }
func (c *fakeClock) install(s *System) *System { s.now = c.now; return s }

// eventually waits for something that has no signal of its own.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, time.Millisecond, what)
}
