package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Begin opens a transaction as the server's default has it. It waits for a free connection as long as ctx lasts.
func (d *DB) Begin(ctx context.Context) (dialect.Tx, error) {
	return d.BeginTx(ctx, dialect.TxOptions{})
}

// BeginTx opens a transaction of a kind. It waits for a free connection as long as ctx lasts. The kind is said in BEGIN
// itself, so that it reaches the server's session also behind a pooler in transaction mode.
func (d *DB) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	kind, err := kindOfTx(options)
	if err != nil {
		return nil, err
	}
	conn, err := d.connect(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, kind)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return transaction{db: d, tx: tx, held: &held{conn}, readOnly: options.ReadOnly}, nil
}

func kindOfTx(options dialect.TxOptions) (pgx.TxOptions, error) {
	if err := options.Validate(); err != nil {
		return pgx.TxOptions{}, err
	}
	var kind pgx.TxOptions
	switch options.Isolation {
	case dialect.ReadCommitted:
		kind.IsoLevel = pgx.ReadCommitted
	case dialect.RepeatableRead:
		kind.IsoLevel = pgx.RepeatableRead
	case dialect.Serializable:
		kind.IsoLevel = pgx.Serializable
	}
	if options.ReadOnly {
		kind.AccessMode = pgx.ReadOnly
	}
	return kind, nil
}

// transaction is open on a connection. It takes note of prepared statements that have gone stale.
type transaction struct {
	db       *DB
	tx       pgx.Tx
	held     *held // nil where another one sees to the connection
	readOnly bool  // on purpose
}

// failed takes note of a statement's error and gives it. A write is refused under the same code where the server has
// become a standby, which is another matter.
func (t transaction) failed(err error) error {
	t.db.noticed(t.tx.Conn(), err)
	return refusedWrite(t.readOnly, err)
}

// refusedWrite says of a write in a transaction that is read-only on purpose that it is not allowed.
func refusedWrite(readOnly bool, err error) error {
	if !readOnly || err == nil {
		return err
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "25006" {
		return &schema.Error{Kind: schema.ErrPermission, Code: refused.Code, Detail: "the transaction is read-only", Cause: err}
	}
	return err
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
		err = t.failed(err)
	}
	return tag.RowsAffected(), err
}

// Query implements dialect.Querier.
func (t transaction) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	result, err := t.tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, t.failed(err)
	}
	return &rows{Rows: result, db: t.db, conn: t.tx.Conn(), readOnly: t.readOnly}, nil
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
