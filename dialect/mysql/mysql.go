package mysql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// oldest is the first version whose DDL statements are carried out as a whole or not at all, also when the server dies.
	oldestMajor, oldestMinor = 10, 6

	// maxParameters is how many values the protocol has room for.
	maxParameters = 65535

	// batchesAtOnce is how many tables are made at the same time; each is a commit of its own, so that nothing is gained by
	// making several in one transaction, which could not take them back.
	batchesAtOnce = 2

	// coldConns is how many connections the looking at tables and the changing of them take at most, beside those of the
	// pool: half of them for locks, the others for what is done beside a lock.
	coldConns = 4
	// coldIdle is how long those are kept that nobody uses.
	coldIdle = 30 * time.Second
)

// Config shapes what Open makes. The zero value and nil are the defaults.
type Config struct {
	// MaxConns is the most connections that are opened for statements; 0 is four times the number of CPUs, at least 8. While
	// tables are made, changed or compared there are up to four more, and one for write lanes, which are closed when they have
	// had nothing to do for a while. For the pool given to New it means nothing: that has its own limit.
	MaxConns int
	// Lazy has Open reach for no server: one that is down is noticed by the first call, and a program may start before its
	// database.
	Lazy bool
	// LoadData has rows of BulkCreate and BulkCreateSeq that need nothing back from the database go by LOAD DATA LOCAL, whose warnings
	// are heeded: rows with which something is wrong go by INSERT after all, and fail there as without LoadData. The server must
	// have local_infile on; where it has not, INSERT does it.
	LoadData bool
}

// DB is one database of a MariaDB server. It is safe for concurrent use.
type DB struct {
	Grammar

	pool     *sql.DB
	lane     *sql.DB // one connection, for write lanes; nil where the pool is the caller's
	database string
	owned    bool
	loads    bool // see Config.LoadData
	programs programs
	wary     wary

	// cold is where the cold path has its connections. They are no part of the pool, in which writers may stand in line who
	// themselves wait for what a holder of a lock is about to do. Of a pool that is the caller's it is the pool.
	cold *sql.DB

	// locking has a place for each connection that may hold tables' locks at the same time: half of those of the cold path, for
	// who holds a lock may need a second connection, and would wait for it forever if all were held so.
	locking chan struct{}
}

var _ dialect.Dialect = (*DB)(nil)

// Open connects to the database of a mysql:// URL, as mysql://user:password@host:3306/database, or of the driver's own form,
// as user:password@tcp(host:3306)/database, once, to see that it answers, and gives a DB that owns its pool: the caller must
// Close it. Parameters are the driver's; those that Open sets itself, as the time zone, are refused. ctx limits the connecting
// and nothing after it. Config.Lazy leaves the first connection to the first call.
//
// A URL that cannot be used, a server that is no MariaDB from 10.6 on, and one that does not heed the case of tables' names are
// ErrInvalid, a server that cannot be reached ErrUnavailable, a refused password ErrPermission. The errors name host and database and
// never hold the password.
func Open(ctx context.Context, url string, cfg *Config) (*DB, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	if cfg.MaxConns < 0 {
		return nil, schema.Invalid("open", "", "MaxConns", "cannot be negative")
	}
	connector, err := connectorOf(url)
	if err != nil {
		return nil, err
	}
	most := cfg.MaxConns
	if most == 0 {
		most = max(8, 4*runtime.GOMAXPROCS(0))
	}
	pool, cold := sql.OpenDB(connector), sql.OpenDB(connector)
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	cold.SetMaxOpenConns(coldConns)
	cold.SetMaxIdleConns(coldConns)
	cold.SetConnMaxIdleTime(coldIdle)
	d := &DB{
		pool: pool, cold: cold, lane: openLane(connector), owned: true, loads: cfg.LoadData, database: connector.database,
		locking: make(chan struct{}, coldConns/2),
	}
	d.programs.numberAnew()
	if cfg.Lazy {
		return d, nil
	}
	if err := pool.PingContext(ctx); err != nil {
		_ = d.Close()
		return nil, d.unopened(err)
	}
	return d, nil
}

// New gives the database of a pool that stays the caller's: Close does not close it, and no other connections are opened. The
// pool is made of a Connector, as sql.OpenDB(connector), and has two connections at least: who holds a table's lock may need a
// second one. ctx limits a look at one connection, to see that it is set to what is needed, and nothing after it; Config.Lazy
// does not save it, for it tells the database's name. cfg may be nil.
//
// A pool of other connections, or of one, and a server that is no MariaDB from 10.6 on are ErrInvalid, a server that cannot
// be reached ErrUnavailable.
func New(ctx context.Context, pool *sql.DB, cfg *Config) (*DB, error) {
	if pool == nil {
		return nil, schema.Invalid("open", "", "", "the pool is nil")
	}
	places := coldConns / 2
	switch most := pool.Stats().MaxOpenConnections; {
	case most == 1:
		return nil, schema.Invalid("open", "", "", "the pool is limited to one connection, and two at least are wanted")
	case most > 1:
		places = min(places, most/2)
	}
	d := &DB{pool: pool, cold: pool, loads: cfg != nil && cfg.LoadData, locking: make(chan struct{}, places)}
	d.programs.numberAnew()
	if err := d.meet(ctx); err != nil {
		return nil, err
	}
	return d, nil
}

// meet finds out whether the sessions of a pool are set as they have to be, and what the database's name is.
func (d *DB) meet(ctx context.Context) error {
	var database *string
	var set bool
	_, err := dialect.QueryRow(ctx, d.Reader(), "SELECT database(), "+updatedMark+" IS NOT NULL", nil, &database, &set)
	switch {
	case err != nil:
		return d.unopened(err)
	case !set || database == nil:
		return schema.Invalid("open", "", "", "the pool's connections are not made by this package's Connector")
	}
	d.database = *database
	return nil
}

// unopened is why the first connection fails.
func (d *DB) unopened(err error) error {
	e := *d.Classify(err)
	e.Op = "open"
	return &e
}

// Name is "mysql".
func (d *DB) Name() string { return d.Grammar.Name() }

// Capability tells what may differ between databases.
func (*DB) Capability() dialect.Capability {
	return dialect.Capability{
		IdentifierLimit: identifierLimit, MaxParameters: maxParameters, ShapesCommit: true, NoSetDefault: true, BatchesRows: true,
		BatchesAtOnce: batchesAtOnce,
	}
}

// Reader is the pool.
func (d *DB) Reader() dialect.Querier { return pooled{db: d} }

// Writer is the pool.
func (d *DB) Writer() dialect.Querier { return pooled{db: d, writes: true} }

// Close closes the connections that Open made. Those that are still in use are closed when they come back. A second call does
// nothing, and neither does any of a DB that New made.
func (d *DB) Close() error {
	if !d.owned {
		return nil
	}
	return errors.Join(d.lane.Close(), d.pool.Close(), d.cold.Close())
}

// Location implements dialect.Located: the server's address and the database.
func (d *DB) Location(ctx context.Context) (where string, err error) {
	var host, database string
	var port int64
	_, err = dialect.QueryRow(ctx, d.Reader(), "SELECT @@hostname, @@port, database()", nil, &host, &port, &database)
	if err != nil {
		return "", d.Classify(err)
	}
	return fmt.Sprintf("database %s, port %d, host %s", database, port, host), nil
}
