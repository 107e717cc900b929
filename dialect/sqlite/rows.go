package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"github.com/schemactor/schemactor/dialect"
)

// rows is the result of a statement on a connection of our own.
type rows struct {
	from      driver.Rows // nil once closed
	conn      *conn
	ctx       context.Context
	text      string
	statement *statement // nil for several
	large     bool       // so that it is not kept
	writes    bool
	single    bool // the connection was taken for this statement
	columns   []string
	values    []driver.Value
	few       [8]driver.Value // what values lies in, where that is enough
	err       error
	kept      [][]driver.Value // rows that were read already
}

var _ dialect.Rows = (*rows)(nil)

// Next goes on to the next row. After the last one the result is closed.
func (r *rows) Next() bool {
	if len(r.kept) > 0 {
		r.values, r.kept = r.kept[0], r.kept[1:]
		return true
	}
	if r.from == nil {
		return false
	}
	err := r.from.Next(r.values)
	if err == nil {
		return true
	}
	if !errors.Is(err, io.EOF) {
		r.err = r.conn.halfway(r.ctx, r.writes, told(r.ctx, err))
	}
	if err := r.Close(); r.err == nil {
		r.err = err
	}
	return false
}

// Scan stores the row in dest as database/sql does.
func (r *rows) Scan(dest ...any) error {
	if len(dest) != len(r.columns) {
		return fmt.Errorf("%d columns cannot be read into %d destinations", len(r.columns), len(dest))
	}
	for i, value := range r.values {
		if err := assign(dest[i], value); err != nil {
			return fmt.Errorf("column %q: %w", r.columns[i], err)
		}
	}
	return nil
}

// Err is why there was no next row; nil after the last one.
func (r *rows) Err() error { return r.err }

// Close ends the reading and gives the connection back.
func (r *rows) Close() error {
	r.kept = nil
	if r.from == nil {
		return nil
	}
	err := r.from.Close() // where a statement that writes has not given its last row yet, this commits it
	r.from = nil
	if r.statement != nil {
		err = errors.Join(err, r.conn.done(r.text, r.statement, r.large))
	}
	switch {
	case !r.single:
	case len(r.columns) > 0: // what begins a transaction gives no columns
		err = errors.Join(err, r.conn.pool.restore(r.conn, false))
	default:
		err = errors.Join(err, r.conn.release(false))
	}
	return err
}

// read reads the result to its end and keeps it, so that the connection is free before the first row is looked at.
func (r *rows) read() (*rows, error) {
	var all [][]driver.Value
	for r.Next() {
		all = append(all, append([]driver.Value(nil), r.values...))
	}
	if r.err != nil {
		return nil, r.err
	}
	r.kept = all
	return r, nil
}
