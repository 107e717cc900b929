package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// session is a Querier inside one transaction. After some failures — an interrupted write, a full disk, ROLLBACK in a
// conflict clause — SQLite ends the transaction by itself, and each statement that followed would be committed on its
// own. A session sees to it that none follows.
type session struct {
	querier
	ended bool
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
		s.look()
	}
	return n, err
}

// Query runs one statement and gives its rows.
func (s *session) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	if s.ended {
		return nil, lost()
	}
	rows, err := s.querier.Query(ctx, text, args...)
	if err != nil {
		s.look()
		return nil, err
	}
	return sessionRows{rows, s}, nil
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

type transaction struct {
	*session
	tx *sql.Tx
}

// Commit ends the transaction.
func (t transaction) Commit(ctx context.Context) error {
	if t.ended {
		return errors.Join(lost(), t.tx.Rollback())
	}
	return told(ctx, t.tx.Commit())
}

// Rollback ends the transaction unless it has ended.
func (t transaction) Rollback(context.Context) error {
	if err := t.tx.Rollback(); !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
