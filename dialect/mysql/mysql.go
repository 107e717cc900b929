package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"runtime"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// oldest is the first version whose DDL statements are carried out as a whole or not at all, also when the server dies.
	oldestMajor, oldestMinor = 10, 6

	// batchesAtOnce is how many tables are made at the same time; each is a commit of its own, so that nothing is gained by
	// making several in one transaction, which could not take them back.
	batchesAtOnce = 2
)

// Config shapes what Open makes. The zero value and nil are the defaults.
type Config struct {
	// MaxConns is the most connections that the pool opens; 0 is four times the number of CPUs, at least 8.
	MaxConns int
}

// DB is one database of a MariaDB server. It is safe for concurrent use.
type DB struct {
	Grammar

	pool     *sql.DB
	config   *mysql.Config
	programs programs

	// locking has a place for each connection that may hold tables' locks at the same time: half of the pool, for who holds a
	// lock may need a second connection, and would wait for it forever if all were held so.
	locking chan struct{}
}

var _ dialect.Dialect = (*DB)(nil)

// Open connects to the database of a mysql:// URL, as mysql://user:password@host:3306/database, or of the driver's own form,
// as user:password@tcp(host:3306)/database, once, to see that it answers, and gives a DB that owns its pool: the caller must
// Close it. Parameters are the driver's; those that Open sets itself, as the time zone, are refused. ctx limits the connecting
// and nothing after it.
//
// A URL that cannot be used, a server that is no MariaDB from 10.6 on, and one that does not heed the case of tables' names are
// ErrInvalid, a server that cannot be reached
// ErrUnavailable, a refused password ErrPermission. The errors name host and database and never hold the password.
func Open(ctx context.Context, url string, cfg *Config) (*DB, error) {
	if cfg == nil {
		cfg = &Config{}
	}
	if cfg.MaxConns < 0 {
		return nil, schema.Invalid("open", "", "MaxConns", "cannot be negative")
	}
	config, err := parse(url)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, invalidURL("has parameters that do not go together")
	}
	most := cfg.MaxConns
	if most == 0 {
		most = max(8, 4*runtime.GOMAXPROCS(0))
	}
	pool := sql.OpenDB(connecting{connector})
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	d := &DB{pool: pool, config: config, locking: make(chan struct{}, max(1, most/2))}
	if err := d.meet(ctx); err != nil {
		_ = pool.Close()
		return nil, err
	}
	return d, nil
}

// meet finds out whether the server is one that this package knows.
func (d *DB) meet(ctx context.Context) error {
	var version string
	var lower int64
	_, err := dialect.QueryRow(ctx, d.Reader(), "SELECT version(), @@lower_case_table_names", nil, &version, &lower)
	if err != nil {
		e := *d.Classify(err)
		e.Op = "open"
		return &e
	}
	if !known(version) {
		return schema.Invalid("open", "", "", "the server is %q, and MariaDB from %d.%d on is wanted", clip(version), oldestMajor, oldestMinor)
	}
	if lower != 0 {
		return schema.Invalid("open", "", "", "the server has lower_case_table_names = %d, and 0 is wanted: it takes tables for one another "+
			"whose names differ in case only", lower)
	}
	return nil
}

// Name is "mysql".
func (d *DB) Name() string { return d.Grammar.Name() }

// Capability tells what may differ between databases.
func (*DB) Capability() dialect.Capability {
	return dialect.Capability{
		IdentifierLimit: identifierLimit, MaxParameters: 65535, ShapesCommit: true, NoSetDefault: true,
		BatchesAtOnce: batchesAtOnce,
	}
}

// Reader is the pool.
func (d *DB) Reader() dialect.Querier { return pooled{db: d} }

// Writer is the pool.
func (d *DB) Writer() dialect.Querier { return pooled{db: d, writes: true} }

// Close closes the pool. Connections that are still in use are closed when they come back. A second call does nothing.
func (d *DB) Close() error { return d.pool.Close() }

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
