package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
)

// runner is what a pool, a connection and a transaction of database/sql have in common.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type querier struct{ runner }

// Exec runs one statement.
func (q querier) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	result, err := q.ExecContext(ctx, text, args...)
	if err != nil {
		return 0, told(ctx, err)
	}
	return result.RowsAffected()
}

// Query runs one statement and gives its rows. The driver takes the first step here, in which a statement that writes does
// all its work, so that it fails here or not at all.
func (q querier) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, told(ctx, err)
	}
	return rows, nil
}

// told adds to an interruption, and to a wait for somebody else's lock, that the context has ended meanwhile. The driver
// mostly gives the context's error by itself, but not where the interruption met a statement that was not yet running,
// and SQLite heeds no interruption while it waits. A transaction whose context ends is ended by database/sql, which then says
// no more than that.
func told(ctx context.Context, err error) error {
	e, ok := errors.AsType[sqlite3.Error](err)
	late := ok && (e.Code == sqlite3.ErrInterrupt || e.Code == sqlite3.ErrBusy) || errors.Is(err, sql.ErrTxDone)
	if reason := ctx.Err(); late && reason != nil && !errors.Is(err, reason) {
		return errors.Join(err, reason)
	}
	return err
}
