package nodes

import (
	"context"
	"errors"
	"iter"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// firstRows is how many rows room is made for before any is read.
const firstRows = 64

// List reads the rows that a query matches, all of them into memory unless Limit is set; none is an empty slice. See
// All for results of any size and Page for reading on where the last page ended.
func (n *Node[T, K]) List(ctx context.Context, q Query) ([]T, error) {
	if n.calls == nil {
		return n.list(ctx, "list", q)
	}
	call := n.begin(ctx, schema.MethodList)
	defer call.end()
	rows, err := n.list(call.ctx, "list", q)
	call.came(0, len(rows), err)
	return rows, err
}

func (n *Node[T, K]) list(ctx context.Context, op string, q Query) ([]T, error) {
	sql, args, columns, err := n.selection(op, q)
	if err != nil {
		return nil, err
	}
	var out []T
	err = n.read(ctx, op, func(querier dialect.Querier) error {
		rows, err := querier.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		out, err = n.core().collect(rows, columns, q.Limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// collect reads all rows and closes them.
func (c *core[T, K]) collect(rows dialect.Rows, columns []int, limit int) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	room := firstRows
	if limit > 0 {
		room = min(limit, room)
	}
	if out, err = c.scanAll(make([]T, 0, room), rows, columns); err != nil {
		return nil, err
	}
	return out, rows.Err()
}

// scanAll appends all rows.
func (c *core[T, K]) scanAll(out []T, rows dialect.Rows, columns []int) ([]T, error) {
	scanner := c.scanner(columns)
	defer c.keep(scanner, columns)
	for rows.Next() {
		var zero T
		out = append(out, zero)
		if err := scan(rows, scanner, &out[len(out)-1]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// All streams the rows that a query matches: each range over it runs the query anew and reads row by row, so that a
// result of any size needs the memory of one row. An error comes last, with a zero row. The rows are closed when the
// loop ends, however it ends; until then they hold a connection of the database's reader, and inside a transaction no
// other statement may run.
func (n *Node[T, K]) All(ctx context.Context, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		call := n.begin(ctx, schema.MethodAll)
		defer call.end()
		count, err := n.each(call.ctx, q, func(row T) bool { return yield(row, nil) })
		call.came(0, count, err)
		if err != nil {
			var zero T
			yield(zero, err)
		}
	}
}

// each yields the rows that a query matches, and gives how many there were.
func (n *Node[T, K]) each(ctx context.Context, q Query, yield func(T) bool) (count int, err error) {
	const op = "all"
	rows, columns, more, err := n.open(ctx, op, q)
	if err != nil {
		return 0, err
	}
	// For a loop that is left early or by a panic; after the Close below it does nothing.
	defer func() { _ = rows.Close() }()
	scanner := n.core().rows.Scanner(columns)
	for ; more; more = rows.Next() {
		var row T
		if err := scan(rows, scanner, &row); err != nil {
			return count, n.failed(ctx, op, err)
		}
		count++
		if !yield(row) {
			return count, nil
		}
	}
	closeErr := rows.Close()
	if err := errors.Join(rows.Err(), closeErr); err != nil {
		return count, n.failed(ctx, op, err)
	}
	return count, nil
}

// open runs a query and reads as far as its first row: until then a missing table can be healed, and some drivers tell
// of it only there.
func (n *Node[T, K]) open(
	ctx context.Context, op string, q Query,
) (rows dialect.Rows, columns []int, more bool, err error) {
	sql, args, columns, err := n.selection(op, q)
	if err != nil {
		return nil, nil, false, err
	}
	err = n.read(ctx, op, func(querier dialect.Querier) (err error) {
		if rows, err = querier.Query(ctx, sql, args...); err != nil {
			return err
		}
		if more = rows.Next(); more {
			return nil
		}
		if err = rows.Err(); err != nil {
			_ = rows.Close()
		}
		return err
	})
	return rows, columns, more, err
}

// rowScanner is a schema.Scanner.
type rowScanner[T any] interface {
	Dest(row *T) []any
	Done() error
}

// scan reads the current row.
func scan[T any](rows dialect.Rows, scanner rowScanner[T], row *T) error {
	if err := rows.Scan(scanner.Dest(row)...); err != nil {
		return err
	}
	return scanner.Done()
}
