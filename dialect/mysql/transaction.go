package mysql

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Begin opens a transaction as the server is configured, which is mostly repeatable read.
func (d *DB) Begin(ctx context.Context) (dialect.Tx, error) {
	return d.BeginTx(ctx, dialect.TxOptions{})
}

// BeginTx opens a transaction. It ends by itself when ctx does.
func (d *DB) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	if err := options.Validate(); err != nil {
		return nil, err
	}
	levels := [...]sql.IsolationLevel{
		dialect.DefaultIsolation: sql.LevelDefault, dialect.ReadCommitted: sql.LevelReadCommitted,
		dialect.RepeatableRead: sql.LevelRepeatableRead, dialect.Serializable: sql.LevelSerializable,
	}
	tx, err := d.pool.BeginTx(ctx, &sql.TxOptions{Isolation: levels[options.Isolation], ReadOnly: options.ReadOnly})
	if err != nil {
		return nil, told(ctx, err)
	}
	made := &transaction{session: session{q: querier{tx, &d.programs}}, tx: tx}
	if d.loads {
		return loading{made}, nil
	}
	return made, nil
}

// session is a Querier inside one transaction. A deadlock ends the transaction on the server, as on some a timeout does, and each
// statement that followed would be committed on its own: a session sees to it that none follows.
type session struct {
	q querier

	mu    sync.Mutex
	ended error // the answer to all that is asked after the end
}

// Exec runs one statement.
func (s *session) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := s.refusal(ctx); err != nil {
		return 0, err
	}
	n, err := s.q.Exec(ctx, text, args...)
	return n, s.failed(ctx, err)
}

// Query runs one statement and gives its rows.
func (s *session) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	if err := s.refusal(ctx); err != nil {
		return nil, err
	}
	from, err := s.q.Query(ctx, text, args...)
	if err != nil {
		return nil, s.failed(ctx, err)
	}
	return sessionRows{from, ctx, s}, nil
}

// refusal is why a statement is not run.
func (s *session) refusal(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// failed takes note of an error that has ended the transaction.
func (s *session) failed(ctx context.Context, err error) error {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		return err
	}
	kind := kindOf(e.Number)
	if kind == schema.ErrSerialization || e.Number == noNumber || kind == schema.ErrLockTimeout && !s.open(ctx) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.ended = &schema.Error{Kind: schema.ErrSerialization, Detail: "an earlier failure has rolled the transaction back"}
	}
	return err
}

// open reports whether there is still a transaction, or one will begin by itself.
func (s *session) open(ctx context.Context) (open bool) {
	found, err := dialect.QueryRow(ctx, s.q, "SELECT @@in_transaction OR NOT @@autocommit", nil, &open)
	return err == nil && found && open
}

// sessionRows are rows that may learn of a deadlock halfway.
type sessionRows struct {
	dialect.Rows
	ctx     context.Context
	session *session
}

// Err implements dialect.Rows.
func (r sessionRows) Err() error { return r.session.failed(r.ctx, r.Rows.Err()) }

// transaction is a session that its holder ends.
type transaction struct {
	session
	tx *sql.Tx
}

// Commit ends the transaction. Where ctx has ended nothing is committed.
func (t *transaction) Commit(ctx context.Context) error {
	if err := t.refusal(ctx); err != nil {
		return errors.Join(err, t.Rollback(ctx))
	}
	if err := t.tx.Commit(); err != nil {
		return lost(told(ctx, err))
	}
	return nil
}

// Rollback ends the transaction unless it has ended.
func (t *transaction) Rollback(context.Context) error {
	err := t.tx.Rollback()
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, mysql.ErrInvalidConn) {
		return nil // a connection that is gone takes its transaction along
	}
	return err
}
