package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
)

// runner is what pgx's connections and transactions have in common.
type runner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// querier runs statements on one connection.
type querier struct{ runner runner }

// Exec implements dialect.Querier.
func (q querier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := q.runner.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// Query implements dialect.Querier.
func (q querier) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	result, err := q.runner.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: result}, nil
}

// pooled runs each statement on a connection of the pool.
type pooled struct {
	db     *DB
	writes bool // a statement whose connection breaks may have changed something
}

// Exec implements dialect.Querier.
func (q pooled) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	conn, err := q.db.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Release()
	tag, err := conn.Conn().Exec(ctx, sql, args...)
	return tag.RowsAffected(), q.ended(conn.Conn(), err)
}

// Query implements dialect.Querier. The connection goes back to the pool with the last row, or with Close.
func (q pooled) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	conn, err := q.db.connect(ctx)
	if err != nil {
		return nil, err
	}
	result, err := conn.Conn().Query(ctx, sql, args...)
	if err != nil {
		err = q.ended(conn.Conn(), err)
		conn.Release()
		return nil, err
	}
	return &pooledRows{rows: rows{Rows: result}, from: q, held: conn}, nil
}

// ended takes note of what became of a statement, and gives its error.
func (q pooled) ended(conn *pgx.Conn, err error) error {
	if err == nil {
		return nil
	}
	q.db.noticed(conn, err)
	if q.writes {
		return lost(err)
	}
	return err
}

// rows adapts pgx's rows, whose Close tells no error.
type rows struct {
	pgx.Rows

	db   *DB       // that takes note of what the connection's statement failed for; nil for none
	conn *pgx.Conn // set with db

	readOnly bool // the transaction that the rows come from is so on purpose
	lasting  bool // a row that cannot be read does not end the result, as it does with pgx
}

// Close implements dialect.Rows. pgx learns of a failed statement at the latest here.
func (r *rows) Close() error {
	r.Rows.Close()
	err := r.Rows.Err()
	if err != nil && r.db != nil {
		r.db.noticed(r.conn, err)
	}
	return refusedWrite(r.readOnly, err)
}

// Err implements dialect.Rows.
func (r *rows) Err() error { return refusedWrite(r.readOnly, r.Rows.Err()) }

// pooledRows hold a connection of the pool until they end.
type pooledRows struct {
	rows
	from pooled
	held *pgxpool.Conn // nil once it was given back
	err  error         // of the statement, readable then
}

// Next implements dialect.Rows.
func (r *pooledRows) Next() bool {
	if r.rows.Next() {
		return true
	}
	r.end()
	return false
}

// Scan implements dialect.Rows. A row that cannot be scanned is the last one.
func (r *pooledRows) Scan(dest ...any) error {
	err := r.rows.Scan(dest...)
	if err != nil {
		r.end()
	}
	return err
}

// Err implements dialect.Rows.
func (r *pooledRows) Err() error {
	if r.held != nil {
		return r.rows.Err()
	}
	return r.err
}

// Close implements dialect.Rows.
func (r *pooledRows) Close() error {
	r.end()
	return r.err
}

func (r *pooledRows) end() {
	if r.held == nil {
		return
	}
	r.err = r.from.ended(r.held.Conn(), r.rows.Close())
	r.held.Release()
	r.held = nil
}
