package dialect

import "context"

// Querier runs SQL: the thin common ground of pgx and database/sql. A pool's Querier is safe for concurrent use, a
// transaction's is for one goroutine at a time. Errors are the driver's own; see Classifier.
type Querier interface {
	// Exec runs one statement and gives the number of rows the driver says it touched.
	Exec(ctx context.Context, sql string, args ...any) (affected int64, err error)
	// Query runs one statement and gives its rows, which the caller must close. RETURNING statements come this way.
	Query(ctx context.Context, sql string, args ...any) (Rows, error)
}

// Rows is the result of a Query. It is not safe for concurrent use.
type Rows interface {
	Next() bool
	Scan(dest ...any) error
	Err() error
	Close() error // may be called more than once
}

// Tx is an open transaction. Commit and Rollback end it; a Rollback after either does nothing and returns nil.
type Tx interface {
	Querier
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
}

// QueryRow runs a statement that gives at most one row, scans it into dest and reports whether there was one.
func QueryRow(ctx context.Context, q Querier, sql string, args []any, dest ...any) (found bool, err error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return false, err
	}
	if rows.Next() {
		found = true
		err = rows.Scan(dest...)
	}
	// A driver may learn of a failed statement only here.
	closeErr := rows.Close()
	if rowsErr := rows.Err(); rowsErr != nil {
		return false, rowsErr
	}
	if err == nil {
		err = closeErr
	}
	return found && err == nil, err
}
