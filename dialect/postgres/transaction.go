package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
)

// transaction is open on a connection. It takes note of prepared statements that have gone stale.
type transaction struct {
	db   *DB
	tx   pgx.Tx
	held *held // nil where another one sees to the connection
}

// held is the connection that came from the pool for a transaction, and goes back with its end.
type held struct{ conn *pgxpool.Conn } // nil once it was given back

func (h *held) release() {
	if h != nil && h.conn != nil {
		h.conn.Release()
		h.conn = nil
	}
}

// Exec implements dialect.Querier.
func (t transaction) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(ctx, sql, args...)
	if err != nil {
		t.db.noticed(t.tx.Conn(), err)
	}
	return tag.RowsAffected(), err
}

// Query implements dialect.Querier.
func (t transaction) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	result, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		t.db.noticed(t.tx.Conn(), err)
		return nil, err
	}
	return &rows{Rows: result, db: t.db, conn: t.tx.Conn()}, nil
}

// Commit implements dialect.Tx.
func (t transaction) Commit(ctx context.Context) error {
	defer t.held.release()
	if t.tx.Conn().IsClosed() {
		return t.tx.Commit(ctx) // sends nothing
	}
	return lost(t.tx.Commit(ctx))
}

// Rollback implements dialect.Tx.
func (t transaction) Rollback(ctx context.Context) error {
	defer t.held.release()
	if err := t.tx.Rollback(ctx); !errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return nil
}
