package mysql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"
)

const (
	// mostPrepared is how many statements a connection keeps prepared. The server has room for 16,382 of all its connections,
	// unless it is told otherwise.
	mostPrepared = 128
	// longestPrepared is how long the text of one may be.
	longestPrepared = 1 << 16

	unknownStatement  = 1243
	staleStatement    = 1615
	tooManyStatements = 1461
	unnamedFault      = 1105 // of a value longer than the server takes, among others
)

// driverConn is what a connection of the driver can do.
type driverConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// link is a connection that keeps its statements prepared, so that each takes one round trip: database/sql by itself prepares
// and forgets a statement that binds values each time.
type link struct {
	driverConn
	prepared map[string]*preparedStatement
	uses     int64
}

type preparedStatement struct {
	driver.Stmt
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	last  int64 // when it was used, by the count of uses
}

// ExecContext implements driver.StmtExecContext.
func (p *preparedStatement) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	result, err := p.exec.ExecContext(ctx, args)
	return result, afterSending(err)
}

// QueryContext implements driver.StmtQueryContext.
func (p *preparedStatement) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	rows, err := p.query.QueryContext(ctx, args)
	return rows, afterSending(err)
}

// ExecContext implements driver.ExecerContext.
func (l *link) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		result, err := l.driverConn.ExecContext(ctx, text, args)
		return result, afterSending(err)
	}
	for again := false; ; again = true {
		st, kept, err := l.prepare(ctx, text)
		if err != nil {
			return nil, err
		}
		result, err := st.ExecContext(ctx, args)
		if err == nil || again || !l.forgotten(text, kept, err) {
			return result, err
		}
	}
}

// QueryContext implements driver.QueryerContext.
func (l *link) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		rows, err := l.driverConn.QueryContext(ctx, text, args)
		return rows, afterSending(err)
	}
	for again := false; ; again = true {
		st, kept, err := l.prepare(ctx, text)
		if err != nil {
			return nil, err
		}
		rows, err := st.QueryContext(ctx, args)
		if err == nil || again || !l.forgotten(text, kept, err) {
			return rows, err
		}
	}
}

// unanswered is the error of a statement that has gone to the server, or may have, and that the server has said nothing of.
type unanswered struct{ error }

func (u unanswered) Unwrap() error { return u.error }

// afterSending marks an error as one that came once a statement was being carried out. A connection that was found broken before
// has its own, for database/sql to take another one.
func afterSending(err error) error {
	if err == nil || errors.Is(err, driver.ErrBadConn) || errors.Is(err, driver.ErrSkip) {
		return err
	}
	if _, told := errors.AsType[*mysql.MySQLError](err); told {
		return err
	}
	return unanswered{err}
}

// forgotten reports whether a statement, kept from before, has done nothing since the server does not know it any more. One that was
// given a value which is too long fails from then on whatever it is given, and is not kept.
func (l *link) forgotten(text string, kept bool, err error) bool {
	if is(err, unnamedFault) {
		l.forget(text)
		return false
	}
	if !kept || !is(err, unknownStatement) && !is(err, staleStatement) {
		return false
	}
	l.forget(text)
	return true
}

// prepare gives a statement, and whether it was prepared before. ErrSkip has database/sql prepare it for this once.
func (l *link) prepare(ctx context.Context, text string) (st *preparedStatement, kept bool, err error) {
	if len(text) > longestPrepared {
		return nil, false, driver.ErrSkip
	}
	l.uses++
	if st = l.prepared[text]; st != nil {
		st.last = l.uses
		return st, true, nil
	}
	if len(l.prepared) >= mostPrepared {
		l.forgetOldest()
	}
	if st, err = l.anew(ctx, text); err != nil {
		return nil, false, err
	}
	if l.prepared == nil {
		l.prepared = map[string]*preparedStatement{}
	}
	l.prepared[text] = st
	return st, false, nil
}

// PrepareContext implements driver.ConnPrepareContext: a statement that is not kept.
func (l *link) PrepareContext(ctx context.Context, text string) (driver.Stmt, error) {
	st, err := l.anew(ctx, text)
	if err != nil {
		return nil, err
	}
	return st, nil
}

func (l *link) anew(ctx context.Context, text string) (*preparedStatement, error) {
	made, err := l.driverConn.PrepareContext(ctx, text)
	if is(err, tooManyStatements) && len(l.prepared) > 0 { // our own are some of these
		for text := range l.prepared {
			l.forget(text)
		}
		made, err = l.driverConn.PrepareContext(ctx, text)
	}
	if err != nil {
		return nil, err
	}
	st := &preparedStatement{Stmt: made, last: l.uses}
	st.exec, _ = made.(driver.StmtExecContext)
	st.query, _ = made.(driver.StmtQueryContext)
	if st.exec == nil || st.query == nil {
		return nil, errors.Join(errors.New("the driver's statements take no context"), made.Close())
	}
	return st, nil
}

// forget closes a statement.
func (l *link) forget(text string) {
	_ = l.prepared[text].Close() // a broken connection says so by what is asked of it next
	delete(l.prepared, text)
}

func (l *link) forgetOldest() {
	oldest, last := "", l.uses
	for text, st := range l.prepared {
		if st.last < last {
			oldest, last = text, st.last
		}
	}
	l.forget(oldest)
}

// is reports whether an error is the server's of a number.
func is(err error, number uint16) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && e.Number == number
}
