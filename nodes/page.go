package nodes

import (
	"context"
	"errors"
	"math"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// PageLimit is the number of rows in a page whose query sets no limit.
const PageLimit = 100

// Page is one page of a longer list.
type Page[T any] struct {
	Rows []T
	Next Cursor // what Query.After of the next page must be; empty after the last page
}

// Page reads the next rows of a list, Query.Limit of them or PageLimit, and the cursor by which to go on. Pages follow
// the values of the rows, not their count: a page deep in a list costs as much as the first, and rows that are
// created or deleted meanwhile neither shift nor repeat the others. A row whose order columns change meanwhile may be
// seen twice or not at all. Give the same OrderBy and Where for all pages of one list.
//
// With Only, the columns of the order and of the key are read for the cursor, too, and not handed out unless they are
// asked for. A page of a Distinct query is schema.ErrInvalid.
func (n *Node[T, K]) Page(ctx context.Context, q Query) (Page[T], error) {
	if n.calls == nil {
		return n.doPage(ctx, q)
	}
	call := n.begin(ctx, schema.MethodPage)
	defer call.end()
	page, err := n.doPage(call.ctx, q)
	call.came(0, len(page.Rows), err)
	return page, err
}

func (n *Node[T, K]) doPage(ctx context.Context, q Query) (Page[T], error) {
	const op = "page"
	if q.Limit == 0 {
		q.Limit = PageLimit
	}
	limit := q.Limit
	if limit == math.MaxInt {
		return Page[T]{}, schema.Invalid(op, n.name, "", "the limit is too large")
	}
	if limit > 0 {
		q.Limit++ // one row more tells whether there is a next page
	}
	if len(q.Only) > 0 || q.Distinct {
		return n.pageOnly(ctx, op, q, limit)
	}
	rows, err := n.list(ctx, op, q)
	if err != nil {
		return Page[T]{}, err
	}
	if len(rows) <= limit {
		return Page[T]{Rows: rows}, nil
	}
	rows = rows[:limit:limit]
	next, err := n.cursor(ctx, op, &rows[limit-1], q.OrderBy)
	if err != nil {
		return Page[T]{}, err
	}
	return Page[T]{Rows: rows, Next: next}, nil
}

// pageOnly is Page for some columns; the query's limit is one more than the page's.
func (n *Node[T, K]) pageOnly(ctx context.Context, op string, q Query, limit int) (Page[T], error) {
	if q.Distinct {
		return Page[T]{}, schema.Invalid(op, n.name, "", "there are no pages of distinct rows")
	}
	r, err := n.arrange(op, q)
	if err != nil {
		return Page[T]{}, err
	}
	place := make([]int, len(r.order)) // the order's columns, the key's among them
	for i, o := range r.order {
		place[i], _ = n.table.Column(o.Column)
	}
	sql, args, err := n.reading().SelectOnly(op, dialect.Selection{
		Only: r.only, Beside: place, Where: r.where, Order: r.order, Limit: q.Limit, Offset: q.Offset,
	})
	if err != nil {
		return Page[T]{}, n.invalid(op, err)
	}
	var out []T
	last := new(T) // holds what the cursor behind the page is made of
	err = n.read(ctx, op, func(querier dialect.Querier) error {
		rows, err := querier.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		out, err = n.core().collectBeside(rows, r.only, place, limit, last)
		return err
	})
	if err != nil || len(out) <= limit {
		return Page[T]{Rows: out}, err
	}
	next, err := n.cursor(ctx, op, last, q.OrderBy)
	if err != nil {
		return Page[T]{}, err
	}
	return Page[T]{Rows: out[:limit:limit], Next: next}, nil
}

// collectBeside reads all rows and closes them. The columns of place go into a row that is not handed out: last, for the
// row of that number.
func (c *core[T, K]) collectBeside(
	rows dialect.Rows, only, place []int, number int, last *T,
) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	out = make([]T, 0, min(number, firstRows))
	scanner, beside := c.rows.Scanner(only), c.rows.Scanner(place)
	dest := make([]any, 0, len(only)+len(place))
	aside := new(T)
	for rows.Next() {
		var zero T
		out = append(out, zero)
		target := aside
		if len(out) == number {
			target = last
		}
		dest = append(append(dest[:0], scanner.Dest(&out[len(out)-1])...), beside.Dest(target)...)
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		if err := errors.Join(scanner.Done(), beside.Done()); err != nil {
			return nil, err
		}
	}
	return out, rows.Err()
}

// cursor gives the place behind a row.
func (n *Node[T, K]) cursor(ctx context.Context, op string, row *T, orderBy []Order) (Cursor, error) {
	order, err := n.settle(op, orderBy, n.table.Key())
	if err != nil {
		return "", err
	}
	values := make([]any, len(order))
	for i, o := range order {
		column, _ := n.table.Column(o.Column)
		if values[i], err = n.stored(ctx, op, row, column); err != nil {
			return "", err
		}
	}
	next, err := encodeCursor(n.table, order, values)
	if err != nil {
		return "", n.invalid(op, err)
	}
	return next, nil
}

// stored gives the value of a row's column as the database has it. Only where a field without a null of its own stands
// for a nullable column, its zero value may be either NULL or itself, which sort to opposite ends: the database knows.
func (n *Node[T, K]) stored(ctx context.Context, op string, row *T, column int) (any, error) {
	value, err := n.core().rows.Value(row, column)
	if err != nil {
		return nil, n.invalid(op, err)
	}
	zero := n.core().zeros[column]
	if value != nil || zero == nil {
		return value, nil
	}
	same := []Cond{Eq(n.core().columns[column].Name, zero)}
	for _, k := range n.core().keys {
		key, err := n.core().rows.Value(row, k)
		if err != nil {
			return nil, n.invalid(op, err)
		}
		same = append(same, Eq(n.core().columns[k].Name, key))
	}
	count, err := n.count(ctx, op, Query{Where: And(same...)})
	if err != nil || count == 0 {
		return nil, err
	}
	return zero, nil
}

// behind is the condition of all rows that come after the one with these values. Nulls are the largest values.
//
// It is built from the last term outwards: behind(a, rest) = a > v OR (a = v AND behind(rest)). Beside it stands the
// redundant a >= v, by which a database can enter an index.
func behind(t *schema.Table, order []Order, values []any) Cond {
	var out Cond
	for i := len(order) - 1; i >= 0; i-- {
		column, value := order[i].Column, values[i]
		position, _ := t.Column(column)
		beyond, some := beyondValue(order[i], value, t.Columns()[position].Nullable)
		switch last := i == len(order)-1; {
		case last && some:
			out = beyond
		case last:
			out = In[any](column) // nothing is behind the largest value
		case some:
			out = And(entry(order[i], value, t.Columns()[position].Nullable), Or(beyond, And(Eq(column, value), out)))
		default:
			out = And(Eq(column, value), out)
		}
	}
	return out
}

// beyondValue is the condition of values that sort strictly after one; some is false where there are none.
func beyondValue(o Order, value any, nullable bool) (beyond Cond, some bool) {
	switch {
	case value == nil && o.Descending:
		return NotNull(o.Column), true
	case value == nil:
		return Cond{}, false
	case o.Descending:
		return Lt(o.Column, value), true
	case nullable:
		return Or(Gt(o.Column, value), Null(o.Column)), true
	}
	return Gt(o.Column, value), true
}

// entry is the plain range that holds a value and all that sort after it, or the empty condition where that is no
// plain range.
func entry(o Order, value any, nullable bool) Cond {
	switch {
	case value == nil || (nullable && !o.Descending):
		return Cond{}
	case o.Descending:
		return Le(o.Column, value)
	}
	return Ge(o.Column, value)
}
