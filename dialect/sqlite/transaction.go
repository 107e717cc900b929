package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// session is a Querier inside one transaction. After some failures — an interrupted write, a full disk, ROLLBACK in a
// conflict clause — SQLite ends the transaction by itself, and each statement that followed would be committed on its
// own. A session sees to it that none follows.
type session struct {
	querier
	ended    bool
	readOnly bool // on purpose
}

// lost is the answer to all that is asked of a transaction which SQLite has ended.
func lost() error {
	return &schema.Error{Kind: schema.ErrSerialization, Detail: "an earlier failure has rolled the transaction back"}
}

// Exec runs one statement.
func (s *session) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if s.ended {
		return 0, lost()
	}
	n, err := s.querier.Exec(ctx, text, args...)
	if err != nil {
		return 0, s.failed(err)
	}
	return n, nil
}

// Query runs one statement and gives its rows.
func (s *session) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	if s.ended {
		return nil, lost()
	}
	rows, err := s.querier.Query(ctx, text, args...)
	if err != nil {
		return nil, s.failed(err)
	}
	return sessionRows{rows, s}, nil
}

// failed looks after the transaction when a statement has failed, and gives its error.
func (s *session) failed(err error) error {
	s.look()
	if e, ok := errors.AsType[sqlite3.Error](err); ok && s.readOnly && e.Code == sqlite3.ErrReadonly {
		return &schema.Error{
			Kind: schema.ErrPermission, Code: strconv.Itoa(int(e.Code)), Detail: "the transaction is read-only", Cause: err,
		}
	}
	return err
}

// look finds out after a failure whether the transaction is still there. Inside it BEGIN fails and does nothing; outside
// it opens an empty one, so that even a statement that comes round this session commits nothing.
func (s *session) look() {
	if s.ended {
		return
	}
	_, err := s.ExecContext(context.Background(), "BEGIN")
	s.ended = err == nil
}

// sessionRows look after their transaction when they fail halfway: a file that cannot be read on ends it too.
type sessionRows struct {
	dialect.Rows
	session *session
}

// Next goes on to the next row.
func (r sessionRows) Next() bool {
	more := r.Rows.Next()
	if !more && r.Err() != nil {
		r.session.look()
	}
	return more
}

// Begin opens a transaction that holds the write lock from its start. Where SQLite ends it by itself, as after a write
// whose context ended halfway, all that follows in it, Commit too, is schema.ErrSerialization.
func (d *DB) Begin(ctx context.Context) (dialect.Tx, error) {
	return d.BeginTx(ctx, dialect.TxOptions{})
}

// BeginTx opens a transaction, which is serializable whatever level is asked. One that is read-only runs on a connection of
// the reader, holds no lock that keeps a writer out, and sees the database as it was at its first statement.
func (d *DB) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	if options.ReadOnly {
		return d.beginReading(ctx)
	}
	tx, err := d.writer.BeginTx(ctx, nil)
	if err != nil {
		return nil, told(ctx, err)
	}
	return transaction{session: &session{querier: querier{tx}}, tx: tx}, nil
}

// beginReading opens a transaction on a reading connection that can write nothing until its end, wherever the reader's
// connections came from.
func (d *DB) beginReading(ctx context.Context) (_ dialect.Tx, err error) {
	pinned, err := d.reader.Conn(ctx)
	if err != nil {
		return nil, told(ctx, err)
	}
	out := transaction{pinned: &restricted{conn: pinned}}
	tx, err := pinned.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(told(ctx, err), out.pinned.release())
	}
	out.session, out.tx = &session{querier: querier{tx}, readOnly: true}, tx
	if out.pinned.lift, err = forbid(ctx, tx); err != nil {
		return nil, errors.Join(told(ctx, err), tx.Rollback(), out.pinned.release())
	}
	return out, nil
}

// forbid refuses all writes on a transaction's connection, and reports whether they were allowed before.
func forbid(ctx context.Context, tx *sql.Tx) (lift bool, err error) {
	var already bool
	if err := tx.QueryRowContext(ctx, "PRAGMA query_only").Scan(&already); err != nil || already {
		return false, err
	}
	_, err = tx.ExecContext(ctx, "PRAGMA query_only = ON")
	return err == nil, err
}

// restricted is the connection of a transaction that only reads.
type restricted struct {
	conn *sql.Conn // nil once it was given back
	lift bool      // it may write again afterwards
}

// release gives the connection back as it was; one that cannot be made so is thrown away.
func (r *restricted) release() error {
	if r == nil || r.conn == nil {
		return nil
	}
	conn := r.conn
	r.conn = nil
	if r.lift {
		if _, err := conn.ExecContext(context.Background(), "PRAGMA query_only = OFF"); err != nil {
			err = conn.Raw(func(any) error { return driver.ErrBadConn })
			return errors.Join(err, conn.Close())
		}
	}
	return conn.Close()
}

type transaction struct {
	*session
	tx     *sql.Tx
	pinned *restricted // nil for one that may write
}

// Commit ends the transaction.
func (t transaction) Commit(ctx context.Context) error {
	if t.ended {
		return errors.Join(lost(), t.Rollback(ctx))
	}
	if err := t.tx.Commit(); err != nil {
		return errors.Join(told(ctx, err), t.pinned.release())
	}
	return t.pinned.release()
}

// Rollback ends the transaction unless it has ended.
func (t transaction) Rollback(context.Context) error {
	err := t.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) {
		err = nil
	}
	return errors.Join(err, t.pinned.release())
}
