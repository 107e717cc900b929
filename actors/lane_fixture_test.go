package actors_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// rack is what jars stand in.
type rack struct {
	ID int64 `db:"id" schema:"pk"`
}

// jar has a number from the database, and all that can be violated.
type jar struct {
	ID      int64   `db:"id"      schema:"pk,auto"`
	Label   string  `db:"label"   schema:"unique"`
	Grams   int64   `db:"grams"   schema:"check=grams >= 0"`
	Grade   string  `db:"grade"   schema:"default='plain'"`
	Double  int64   `db:"doubled" schema:"generated=grams * 2"`
	Owner   *string `db:"owner"   schema:"notnull"`
	Rack    *int64  `db:"rack_id" schema:"references=racks.id"`
	Version int64   `db:"version" schema:"version"`
}

// pupil has a key of the program's own: PostgreSQL can leave single ones out of a batch.
type pupil struct {
	Key   string `db:"key"   schema:"pk,size=40"`
	Email string `db:"email" schema:"unique"`
	Age   int64  `db:"age"   schema:"check=age >= 0"`
	Grade string `db:"grade" schema:"default='plain'"`
}

// laneSite is a database that is reached through a pool of few connections by what is tested, and by another one.
type laneSite struct {
	address string
	conns   int // of the pool
	dialect.Dialect
	other  dialect.Dialect // for who looks on
	system *actors.System
	lane   *actors.Lane
}

// onLanes runs a test on each database, which lets one write at a time.
func onLanes(t *testing.T, config actors.LaneConfig, test func(t *testing.T, s *laneSite)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, newLaneSite(t, filepath.Join(t.TempDir(), "lane.db"), 1, config))
	})
	t.Run("postgres", func(t *testing.T) { test(t, newLaneSite(t, postgrestest.Open(t), 1, config)) })
}

// onAllLanes is onLanes with MariaDB, whose lane has a connection of its own and lets others write beside it.
func onAllLanes(t *testing.T, config actors.LaneConfig, test func(t *testing.T, s *laneSite)) {
	onLanes(t, config, test)
	t.Run("mysql", func(t *testing.T) { test(t, newLaneSite(t, mysqltest.Open(t), 4, config)) })
}

func newLaneSite(t *testing.T, address string, conns int32, config actors.LaneConfig) *laneSite {
	s := &laneSite{address: address, conns: int(conns), Dialect: openSite(t, address, conns), other: openSite(t, address, 4)}
	s.system = actors.Start(s, actors.Config{News: actors.NewsOff})
	t.Cleanup(func() { s.close(t) })
	s.lane = s.system.Lane(s.Dialect, config)
	require.NotNil(t, s.lane)
	s.lane.SetPatience(time.Hour) // so that who waits goes together, however slow the machine is
	return s
}

func (s *laneSite) close(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	require.NoError(t, s.system.Close(ctx))
}

func openSite(t *testing.T, address string, conns int32) dialect.Dialect {
	var d interface {
		dialect.Dialect
		Close() error
	}
	var err error
	switch {
	case filepath.IsAbs(address):
		d, err = sqlite.Open(t.Context(), address, nil)
	case strings.HasPrefix(address, "mysql:"):
		var db *mysql.DB
		db, err = mysql.Open(t.Context(), address, &mysql.Config{MaxConns: int(conns)})
		d = &heldMySQL{DB: db}
	default:
		d, err = postgres.Open(t.Context(), address, &postgres.Config{MaxConns: conns})
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

// heldMySQL is a MariaDB whose batches, which have a connection of their own, wait for the transactions that a test has begun as
// they do elsewhere. It counts who writes by itself.
type heldMySQL struct {
	*mysql.DB
	held  sync.RWMutex
	alone atomic.Int64
}

func (h *heldMySQL) Batch(ctx context.Context, take func() []*dialect.Write) {
	h.held.Lock()
	defer h.held.Unlock()
	h.DB.Batch(ctx, take)
}

func (h *heldMySQL) Begin(ctx context.Context) (dialect.Tx, error) {
	h.alone.Add(1)
	defer h.alone.Add(-1)
	tx, err := h.DB.Begin(ctx)
	if err != nil {
		return nil, err
	}
	h.held.RLock()
	return &heldTx{Tx: tx, release: h.held.RUnlock}, nil
}

func (h *heldMySQL) Writer() dialect.Querier { return &aloneQuerier{h.DB.Writer(), &h.alone} }

type heldTx struct {
	dialect.Tx
	once    sync.Once
	release func()
}

func (h *heldTx) Commit(ctx context.Context) error {
	defer h.once.Do(h.release)
	return h.Tx.Commit(ctx)
}

func (h *heldTx) Rollback(ctx context.Context) error {
	defer h.once.Do(h.release)
	return h.Tx.Rollback(ctx)
}

// aloneQuerier counts the statements that have begun and have no answer yet.
type aloneQuerier struct {
	dialect.Querier
	n *atomic.Int64
}

func (a *aloneQuerier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	a.n.Add(1)
	defer a.n.Add(-1)
	return a.Querier.Exec(ctx, sql, args...)
}

func (a *aloneQuerier) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	a.n.Add(1)
	defer a.n.Add(-1)
	return a.Querier.Query(ctx, sql, args...)
}

// through makes a model's node, whose table is there and whose writes pass the lane.
func through[T any, K comparable](t *testing.T, s *laneSite, opts ...schema.TableOption) *nodes.Node[T, K] {
	table, err := schema.TableOf[T](opts...)
	require.NoError(t, err)
	gate, err := s.system.Add(table)
	require.NoError(t, err)
	node, err := nodes.New[T, K](s.Dialect, table, gate)
	require.NoError(t, err)
	_, err = gate.Ready(t.Context())
	require.NoError(t, err)
	return node.Through(s.lane)
}

// pile has callers wait at the same moment: it holds all connections that write until each of them has come. What
// every call gave comes back in order.
func (s *laneSite) pile(t *testing.T, calls []func() error) []error {
	release, errs := s.piled(t, calls)
	release()
	return errs()
}

// piled is pile with the moment of the release left to the test.
func (s *laneSite) piled(t *testing.T, calls []func() error) (release func(), errs func() []error) {
	holds := make([]dialect.Tx, max(1, s.conns))
	for i := range holds {
		var err error
		holds[i], err = s.Begin(t.Context())
		require.NoError(t, err)
	}
	out := make([]error, len(calls))
	var all sync.WaitGroup
	for i, call := range calls {
		all.Go(func() { out[i] = call() })
	}
	waitFor(t, "all to have come", func() bool { return s.come() == len(calls) })
	release = func() {
		for _, hold := range holds {
			require.NoError(t, hold.Rollback(context.WithoutCancel(t.Context())))
		}
	}
	return release, func() []error { all.Wait(); return out }
}

// come is how many callers are there: in the lane, or, where some writes go past it, at the pool.
func (s *laneSite) come() int {
	status := s.lane.Status()
	if mariaDB, ok := s.Dialect.(*heldMySQL); ok {
		return status.Waiting + int(mariaDB.alone.Load())
	}
	return status.Waiting + status.Direct
}

// waitFor waits until a condition holds, which it looks at every millisecond, and fails the test after half a minute.
func waitFor(t testing.TB, what string, holds func() bool) {
	t.Helper()
	require.Eventually(t, holds, 30*time.Second, time.Millisecond, what)
}

// each makes a call for each number from 0.
func each(n int, call func(i int) error) (calls []func() error) {
	for i := range n {
		calls = append(calls, func() error { return call(i) })
	}
	return calls
}

// commits is how many transactions the database has of something that has happened in between, by its own account.
func (s *laneSite) commits(t *testing.T, table string, something func()) int {
	if s.Name() == "mysql" {
		const commits = "SELECT CAST(variable_value AS SIGNED) FROM information_schema.global_status WHERE variable_name = 'Handler_commit'"
		before := number(t, s.other, commits)
		something()
		return number(t, s.other, commits) - before
	}
	if s.Name() == "postgres" {
		before := number(t, s.other, "SELECT count(DISTINCT xmin::text) FROM "+table)
		something()
		return number(t, s.other, "SELECT count(DISTINCT xmin::text) FROM "+table) - before
	}
	before := s.logged(t)
	something()
	return s.logged(t) - before
}

// logged counts the commits in SQLite's write-ahead log: a frame that ends one tells the size of the database.
func (s *laneSite) logged(t *testing.T) (count int) {
	log, err := os.ReadFile(s.address + "-wal")
	require.NoError(t, err)
	const header, frame = 32, 24
	page := int(binary.BigEndian.Uint32(log[8:]))
	for at := header; at+frame+page <= len(log); at += frame + page {
		if string(log[at+8:at+16]) != string(log[16:24]) {
			break // of an earlier round through the file
		}
		if binary.BigEndian.Uint32(log[at+4:]) > 0 {
			count++
		}
	}
	return count
}

// number runs a query for one number.
func number(t testing.TB, d dialect.Dialect, sql string, args ...any) int {
	var n int64
	found, err := dialect.QueryRow(t.Context(), d.Reader(), sql, args, &n)
	require.NoError(t, err)
	require.True(t, found)
	return int(n)
}

// run runs statements as somebody else would.
func run(t testing.TB, d dialect.Dialect, statements ...string) {
	for _, sql := range statements {
		_, err := d.Writer().Exec(t.Context(), sql)
		require.NoError(t, err, sql)
	}
}

func ptr[V any](v V) *V { return &v }

// jars are read by plain SQL, as text by their label.
func jars(t testing.TB, d dialect.Dialect) map[string]string {
	rows, err := d.Reader().Query(t.Context(),
		"SELECT id, label, grams, grade, doubled, owner, rack_id, version FROM jars")
	require.NoError(t, err)
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var j jar
		require.NoError(t, rows.Scan(&j.ID, &j.Label, &j.Grams, &j.Grade, &j.Double, &j.Owner, &j.Rack, &j.Version))
		out[j.Label] = j.String()
	}
	require.NoError(t, rows.Err())
	return out
}

func (j jar) String() string {
	rack := "-"
	if j.Rack != nil {
		rack = fmt.Sprint(*j.Rack)
	}
	return fmt.Sprint(j.ID, " ", j.Label, " ", j.Grams, " ", j.Grade, " ", j.Double, " ", *j.Owner, " ", rack, " v", j.Version)
}
