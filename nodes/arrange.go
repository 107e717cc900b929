package nodes

import (
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// reading is a query that was looked up.
type reading struct {
	order []Order // completed, so that the order of any two rows is settled
	where Cond    // with the cursor's part
	only  []int   // the columns to read; nil: all
}

// arrange checks a query, completes its order and puts its cursor into the condition.
func (n *Node[T, K]) arrange(op string, q Query) (r reading, err error) {
	switch {
	case q.Limit < 0:
		return r, schema.Invalid(op, n.name, "", "the limit is negative")
	case q.Offset < 0:
		return r, schema.Invalid(op, n.name, "", "the offset is negative")
	case q.Offset > 0 && q.After != "":
		return r, schema.Invalid(op, n.name, "", "a cursor together with an offset")
	case q.All && !q.Where.Empty():
		return r, schema.Invalid(op, n.name, "", "AllRows with a condition")
	case q.Distinct && len(q.Only) == 0:
		return r, schema.Invalid(op, n.name, "", "Distinct without Only")
	case q.Distinct && q.After != "":
		return r, schema.Invalid(op, n.name, "", "a cursor together with Distinct")
	}
	if len(q.Only) > 0 {
		if r.only, err = n.core().statements.Positions(op, "Only", q.Only); err != nil {
			return r, err
		}
	}
	last := n.table.Key()
	if q.Distinct {
		last = r.only
	}
	if r.order, err = n.settle(op, q.OrderBy, last); err != nil {
		return r, err
	}
	if r.where = q.Where; q.After == "" {
		return r, nil
	}
	values, err := q.After.decode(n.table, r.order)
	if err != nil {
		return r, n.invalid(op, err)
	}
	r.where = And(q.Where, behind(n.table, r.order, values))
	return r, nil
}

// settle appends columns to an order that settle what it leaves open. They go the way of the last term, so that one index
// over all serves either direction.
func (n *Node[T, K]) settle(op string, order []Order, last []int) ([]Order, error) {
	out := make([]Order, 0, len(order)+len(last))
	ordered := func(column string) bool {
		return slices.ContainsFunc(out, func(o Order) bool { return o.Column == column })
	}
	descending := false
	for _, o := range order {
		if err := o.Check(n.table); err != nil {
			return nil, n.invalid(op, err)
		}
		if ordered(o.Column) {
			return nil, schema.Invalid(op, n.name, o.Column, "order by the same column twice")
		}
		out = append(out, o)
		descending = o.Descending
	}
	for _, at := range last {
		if name := n.core().columns[at].Name; !ordered(name) {
			out = append(out, Order{Column: name, Descending: descending})
		}
	}
	return out, nil
}

// selection checks a query and writes its statement; columns are those that it gives.
func (n *Node[T, K]) selection(op string, q Query) (sql string, args []any, columns []int, err error) {
	r, err := n.arrange(op, q)
	if err != nil {
		return "", nil, nil, err
	}
	if columns = r.only; columns == nil {
		columns = n.core().all
		sql, args, err = n.reading().Select(op, r.where, r.order, q.Limit, q.Offset)
	} else {
		sql, args, err = n.reading().SelectOnly(op, dialect.Selection{
			Only: r.only, Distinct: q.Distinct, Where: r.where, Order: r.order, Limit: q.Limit, Offset: q.Offset,
		})
	}
	if err != nil {
		return "", nil, nil, n.invalid(op, err)
	}
	return sql, args, columns, nil
}
