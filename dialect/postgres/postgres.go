package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// closeTimeout is how long Close waits for connections that are still in use.
	closeTimeout = 5 * time.Second

	// tablesAtOnce keeps a batch of new tables small in the server's lock table, which all sessions share and which has room
	// for 6,400 locks by default: a table with its indexes and TOAST takes eight or so.
	tablesAtOnce = 50
	// batchesAtOnce is no more than may hold locks in a pool of pgx's usual size.
	batchesAtOnce = 2
)

// Config shapes what Open makes. The zero value and nil are the defaults.
type Config struct {
	// MaxConns is the most connections that the pool opens. 0 is what the URL says in pool_max_conns, or else pgx's
	// default: the number of CPUs, and at least 4. New ignores it.
	MaxConns int32
	// Lazy has Open reach for no server: one that is down is noticed by the first call, and a program may start before its
	// database does. New ignores it.
	Lazy bool
}

// DB is one PostgreSQL database. It is safe for concurrent use.
type DB struct {
	Grammar

	pool  *pgxpool.Pool
	owned bool

	closeTimeout, acquireTimeout, fullTimeout, listenSilence, probeTimeout time.Duration

	// locking has a place for each connection that may hold tables' locks at the same time: half of the pool, for who
	// holds a lock may need a second connection, and would wait for it forever if all were held so.
	locking chan struct{}

	// epoch counts how often a prepared statement was found that the server no longer takes; see freshen. Each connection
	// has its own under the key, which is another one for each DB on the same pool.
	epoch    atomic.Int64
	epochKey string

	wary wary
}

var _ dialect.Dialect = (*DB)(nil)

// Open connects to the database of a postgres:// URL (or a "host=… dbname=…" string) once, to see that it answers, and
// gives a DB that owns its pool: the caller must Close it. The application_name is "schemactor" unless the URL says
// otherwise. ctx limits the connecting and nothing after it. Config.Lazy leaves the first connection to the first call.
//
// A URL that cannot be used is ErrInvalid, a server that cannot be reached ErrUnavailable, a refused password
// ErrPermission. The errors name host and database and never hold the password.
func Open(ctx context.Context, url string, cfg *Config) (*DB, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	if err := checkURL(url); err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(url)
	// Of a password with a bare @ the end is taken for the beginning of the host. A Unix socket may begin with one.
	if err != nil || strings.LastIndexByte(config.ConnConfig.Host, '@') > 0 {
		// pgx's own words may quote the URL with pieces of the password in it, so that the error is not even wrapped.
		return nil, invalidURL("cannot be read: reserved characters of the password must be percent-encoded, " +
			"and parameters have values that exist")
	}
	if cfg.MaxConns > 0 {
		config.MaxConns = cfg.MaxConns
	}
	if parameters := config.ConnConfig.RuntimeParams; parameters["application_name"] == "" {
		parameters["application_name"] = "schemactor"
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, opened(err)
	}
	d := newDB(pool, true)
	if cfg.Lazy {
		return d, nil
	}
	conn, err := d.connect(ctx)
	if err == nil {
		err = conn.Ping(ctx)
		conn.Release()
	}
	if err != nil {
		_ = d.Close()
		return nil, opened(err)
	}
	return d, nil
}

// New gives the database of a pool that stays the caller's: Close does not close it. It touches no database. cfg may be
// nil.
func New(pool *pgxpool.Pool, cfg *Config) (*DB, error) {
	if pool == nil {
		return nil, schema.Invalid("open", "", "", "the pool is nil")
	}
	return newDB(pool, false), nil
}

func newDB(pool *pgxpool.Pool, owned bool) *DB {
	d := &DB{
		pool: pool, owned: owned, closeTimeout: closeTimeout, acquireTimeout: acquireTimeout, fullTimeout: fullTimeout,
		listenSilence: listenSilence, probeTimeout: probeTimeout, epochKey: "schemactor " + rand.Text(), locking: make(chan struct{}, max(1, pool.Config().MaxConns/2)),
	}
	return d
}

// Name is "postgres".
func (d *DB) Name() string { return "postgres" }

// Capability tells what may differ between databases.
func (d *DB) Capability() dialect.Capability {
	return dialect.Capability{
		IdentifierLimit: identifierLimit, MaxParameters: 65535, Namespaces: true,
		TablesAtOnce: tablesAtOnce, BatchesAtOnce: batchesAtOnce,
	}
}

// Reader is the pool.
func (d *DB) Reader() dialect.Querier { return pooled{db: d} }

// Writer is the pool.
func (d *DB) Writer() dialect.Querier { return pooled{db: d, writes: true} }

// Close closes the pool if Open made it, and waits up to 5 seconds for connections that are still in use; after that it
// gives an error, and each of them is closed when it comes back. It may be called more than once.
func (d *DB) Close() error {
	if !d.owned {
		return nil
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.pool.Close()
	}()
	timer := time.NewTimer(d.closeTimeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return &schema.Error{Op: "close", Kind: schema.ErrUnavailable, Detail: fmt.Sprintf(
			"%d connections were still in use after %s", d.pool.Stat().AcquiredConns(), d.closeTimeout)}
	}
}

// checkURL refuses what is not meant for PostgreSQL. Its errors name the scheme and nothing else of the URL.
func checkURL(url string) error {
	scheme, _, ok := strings.Cut(url, "://")
	switch {
	case ok && (scheme == "postgres" || scheme == "postgresql"):
		return nil
	case ok && plain(scheme):
		return invalidURL(fmt.Sprintf("has the unknown scheme %q: postgres is wanted", scheme))
	case !ok && strings.Contains(url, "="):
		return nil
	}
	return invalidURL("has no scheme: postgres://user@host/database is wanted")
}

// plain reports whether s can be a scheme, and so cannot be a password that strayed.
func plain(s string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
	}
	return s != "" && len(s) <= 20 && !strings.ContainsFunc(s, odd)
}

func invalidURL(fault string) error {
	return schema.Invalid("open", "", "", "the database URL %s", fault)
}

// opened gives an error of connecting in the library's words.
func opened(err error) error {
	named := *Classify(err)
	named.Op = "open"
	return &named
}
