package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
)

// runner is what a pool, a connection and a transaction of database/sql have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// querier runs statements by way of database/sql, for what callers bring along.
type querier struct{ runner }

// Exec implements dialect.Querier.
func (q querier) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, told(ctx, err)
	}
	return result.RowsAffected()
}

// Query implements dialect.Querier. The driver takes the first step here, in which a statement that writes does all its
// work, so that it fails here or not at all.
func (q querier) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, told(ctx, err)
	}
	return rows, nil
}

// told adds to an interruption, and to a wait for somebody else's lock, that the context has ended meanwhile. The driver
// mostly gives the context's error by itself, but not where the interruption met a statement that was not yet running,
// and SQLite heeds no interruption while it waits. A transaction of a caller's own whose context ends is ended by
// database/sql, which then says no more than that.
func told(ctx context.Context, err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	late := ok && (e.Code == sqlite3.ErrInterrupt || e.Code == sqlite3.ErrBusy) || errors.Is(err, sql.ErrTxDone)
	if reason := ctx.Err(); late && reason != nil && !errors.Is(err, reason) {
		return errors.Join(err, reason)
	}
	return err
}

// given is a pool that a caller has opened and keeps.
type given struct {
	querier
	db *sql.DB
}

func newGiven(db *sql.DB) *given { return &given{querier{db}, db} }

func (g *given) take(ctx context.Context) (connection, error) {
	pinned, err := g.db.Conn(ctx)
	if err != nil {
		return nil, told(ctx, err)
	}
	return &lent{querier{pinned}, pinned}, nil
}

// lent is a connection from a caller's pool.
type lent struct {
	querier
	conn *sql.Conn
}

// autocommit asks the driver. A driver of the caller's around ours is told to begin: inside a transaction that fails and does
// nothing, outside it opens an empty one, which is ended again.
func (l *lent) autocommit() bool {
	var known, idle bool
	_ = l.conn.Raw(func(made any) error {
		if c, ok := made.(interface{ AutoCommit() bool }); ok {
			known, idle = true, c.AutoCommit()
		}
		return nil
	})
	if known {
		return idle
	}
	ctx := context.Background()
	if _, err := l.Exec(ctx, "BEGIN"); err != nil {
		return false
	}
	_, err := l.Exec(ctx, "ROLLBACK")
	return err == nil
}

func (l *lent) release(broken bool) error {
	if !broken && !l.autocommit() {
		_, _ = l.Exec(context.Background(), "ROLLBACK") // the state afterwards says what came of it
		broken = !l.autocommit()
	}
	if broken {
		_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	if err := l.conn.Close(); !errors.Is(err, sql.ErrConnDone) {
		return err
	}
	return nil
}
