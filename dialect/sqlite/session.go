package sqlite

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// session is a Querier inside one transaction. After some failures — an interrupted write, a full disk, ROLLBACK in a
// conflict clause — SQLite ends the transaction by itself, and each statement that followed would be committed on its
// own. A session sees to it that none follows.
type session struct {
	q        dialect.Querier
	readOnly bool // on purpose

	mu    sync.Mutex // for the end of a context, which may end a transaction at any time
	ended error      // the answer to all that is asked after the end
	open  []*sessionRows
}

// lost is the answer to all that is asked of a transaction which SQLite has ended for a failure. It matches a context's
// error where that was why.
func lost(failure error) error {
	out := &schema.Error{Kind: schema.ErrSerialization, Detail: "an earlier failure has rolled the transaction back"}
	for _, reason := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(failure, reason) {
			out.Cause = reason
		}
	}
	return out
}

// Exec runs one statement.
func (s *session) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(ctx); err != nil {
		return 0, err
	}
	n, err := s.q.Exec(ctx, text, args...)
	if err != nil {
		return 0, s.failed(err)
	}
	return n, nil
}

// Query runs one statement and gives its rows, which end with the transaction.
func (s *session) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refusal(ctx); err != nil {
		return nil, err
	}
	from, err := s.q.Query(ctx, text, args...)
	if err != nil {
		return nil, s.failed(err)
	}
	r := &sessionRows{Rows: from, session: s}
	s.open = append(s.open, r)
	return r, nil
}

// refusal is why a statement is not run. The caller holds the lock.
func (s *session) refusal(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.ended
}

// failed looks after the transaction when a statement has failed, and gives its error. The caller holds the lock.
func (s *session) failed(err error) error {
	s.look(err)
	if e, ok := errors.AsType[sqlite3.Error](err); ok && s.readOnly && e.Code == sqlite3.ErrReadonly {
		return &schema.Error{
			Kind: schema.ErrPermission, Code: strconv.Itoa(int(e.Code)), Detail: "the transaction is read-only", Cause: err,
		}
	}
	return err
}

// look finds out after a failure whether the transaction is still there. The caller holds the lock.
func (s *session) look(failure error) {
	if s.ended != nil {
		return
	}
	gone := false
	if c, ok := s.q.(connection); ok {
		gone = c.autocommit()
	} else {
		// Inside a transaction BEGIN fails and does nothing; outside it opens an empty one, so that even a statement that comes
		// round this session commits nothing.
		_, err := s.q.Exec(context.Background(), "BEGIN")
		gone = err == nil
	}
	if gone {
		s.ended = lost(failure)
	}
}

// closeRows ends what is still being read. The caller holds the lock.
func (s *session) closeRows() {
	for _, r := range s.open {
		_ = r.Rows.Close()
	}
	s.open = nil
}

// sessionRows are rows that look after their transaction when they fail halfway: a file that cannot be read on ends it too.
type sessionRows struct {
	dialect.Rows
	session *session
	cut     error // the transaction has ended before the rows did
}

// Next goes on to the next row.
func (r *sessionRows) Next() bool {
	s := r.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		r.cut = s.ended
		return false
	}
	more := r.Rows.Next()
	if !more && r.Rows.Err() != nil {
		s.look(r.Rows.Err())
	}
	return more
}

// Scan reads the row, unless the transaction has ended meanwhile and its connection is somebody else's.
func (r *sessionRows) Scan(dest ...any) error {
	s := r.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended != nil {
		r.cut = s.ended
		return r.cut
	}
	return r.Rows.Scan(dest...)
}

// Err is why there was no next row; nil after the last one.
func (r *sessionRows) Err() error {
	if r.cut != nil {
		return r.cut
	}
	return r.Rows.Err()
}

// Close ends the reading.
func (r *sessionRows) Close() error {
	s := r.session
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, other := range s.open {
		if other == r {
			s.open = append(s.open[:i], s.open[i+1:]...)
			break
		}
	}
	return r.Rows.Close()
}
