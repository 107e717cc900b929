package faults_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"net"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/faults"
)

// open opens a database so that its statements are points, too, which also shows what steps are made of.
func (p *path) open(ctx context.Context, address string) (dialect.Dialect, error) {
	if strings.HasPrefix(address, "postgres") {
		return p.openPostgres(ctx, address)
	}
	if strings.HasPrefix(address, "mysql") {
		return p.openMySQL(ctx, address)
	}
	return p.openSQLite(address)
}

// wire is a connection to a PostgreSQL server. A statement has a point when it was sent, where the server does what it is
// told and nobody hears of it, and one when it was answered. What is sent for one that reads is no different from what was
// there before.
type wire struct {
	net.Conn
	path *path
	now  atomic.Pointer[string] // the statement that is under way
}

func (w *wire) Write(b []byte) (int, error) {
	n, err := w.Conn.Write(b)
	if now := w.now.Load(); now != nil && err == nil && !reads(*now) {
		w.path.hit("sent " + *now)
	}
	return n, err
}

// wireTracer tells a wire what goes over it.
type wireTracer struct{ *path }

func (wireTracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	head := faults.Head(data.SQL)
	if w, ok := conn.PgConn().Conn().(*wire); ok {
		w.now.Store(&head)
	}
	return ctx
}

func (t wireTracer) TraceQueryEnd(_ context.Context, conn *pgx.Conn, _ pgx.TraceQueryEndData) {
	if w, ok := conn.PgConn().Conn().(*wire); ok {
		t.hit("answer to " + *w.now.Swap(nil))
	}
}

func (p *path) openPostgres(ctx context.Context, address string) (dialect.Dialect, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	config.MaxConns = 4
	config.ConnConfig.Tracer = wireTracer{p}
	config.ConnConfig.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		var dialer net.Dialer
		conn, err := dialer.DialContext(ctx, network, address)
		return &wire{Conn: conn, path: p}, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	d, err := postgres.New(pool, nil)
	if err != nil {
		return nil, err
	}
	return pooledDialect{d, pool}, nil
}

// pooledDialect closes its pool.
type pooledDialect struct {
	*postgres.DB
	pool *pgxpool.Pool
}

func (d pooledDialect) Close() error {
	d.pool.Close()
	return nil
}

// file opens connections to a SQLite file, each statement of which has a point when it has run.
type file struct {
	*path
	source string
}

func (f file) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (f file) Connect(context.Context) (driver.Conn, error) {
	opened, err := f.Driver().Open(f.source)
	if err != nil {
		return nil, err
	}
	f.hit("opened")
	return &fileConn{opened.(*sqlite3.SQLiteConn), f.path}, nil
}

type fileConn struct {
	*sqlite3.SQLiteConn
	path *path
}

func (c *fileConn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.SQLiteConn.ExecContext(ctx, sql, args)
	c.path.hit("answer to " + faults.Head(sql))
	return result, err
}

func (c *fileConn) QueryContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.SQLiteConn.QueryContext(ctx, sql, args)
	if !reads(sql) {
		c.path.hit("answer to " + faults.Head(sql))
	}
	return rows, err
}

func (p *path) openSQLite(address string) (dialect.Dialect, error) {
	source := func(more ...string) file {
		query := url.Values{"_busy_timeout": {"5000"}, "_foreign_keys": {"on"}, "_synchronous": {"NORMAL"}}
		for i := 0; i < len(more); i += 2 {
			query.Set(more[i], more[i+1])
		}
		return file{p, "file:" + address + "?" + query.Encode()}
	}
	writer := sql.OpenDB(source("_txlock", "immediate", "_journal_mode", "WAL"))
	writer.SetMaxOpenConns(1)
	reader := sql.OpenDB(source("_query_only", "on"))
	d, err := sqlite.New(writer, reader, nil)
	if err != nil {
		return nil, err
	}
	return filedDialect{d, writer, reader}, nil
}

// filedDialect closes its connections.
type filedDialect struct {
	*sqlite.DB
	writer, reader *sql.DB
}

func (d filedDialect) Close() error { return errors.Join(d.reader.Close(), d.writer.Close()) }
