package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"

	"github.com/schemactor/schemactor/dialect"
)

// buffered is a pool of one connection, on which a result being read would keep everybody else waiting, the reader's
// own next statement for ever. It reads a result to its end first and then plays it back from memory, where the
// database itself is too.
type buffered struct {
	querier
	playback *sql.DB
}

// Query runs one statement and gives its rows once all of them are read.
func (b buffered) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	rows, err := b.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, told(ctx, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	result := &result{columns: columns}
	for rows.Next() {
		row, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		result.rows = append(result.rows, row)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, told(ctx, err)
	}
	// What the statement did is done: a context that ends now must not hide it.
	return b.playback.QueryContext(context.WithoutCancel(ctx), "", result)
}

// result is a whole result, and its own driver.Rows.
type result struct {
	columns []string
	rows    [][]any
}

func (r *result) Columns() []string { return r.columns }
func (r *result) Close() error      { return nil }

func (r *result) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, v := range r.rows[0] {
		dest[i] = v
	}
	r.rows = r.rows[1:]
	return nil
}

// player is a driver whose connections answer every query with the result that is its argument, so that database/sql
// scans it as it scans any other.
type player struct{}

var errPlayback = errors.New("a playback connection runs no statements")

func (player) Open(string) (driver.Conn, error)             { return player{}, nil }
func (player) Connect(context.Context) (driver.Conn, error) { return player{}, nil }
func (player) Driver() driver.Driver                        { return player{} }
func (player) Prepare(string) (driver.Stmt, error)          { return nil, errPlayback }
func (player) Begin() (driver.Tx, error)                    { return nil, errPlayback }
func (player) Close() error                                 { return nil }
func (player) CheckNamedValue(*driver.NamedValue) error     { return nil }

func (player) QueryContext(_ context.Context, _ string, args []driver.NamedValue) (driver.Rows, error) {
	return args[0].Value.(*result), nil
}
