package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// BulkDelete removes all rows that a query's condition matches, in one statement, and gives their number as the
// database counted them. Where the table has a deleted column they are marked, as by Delete. No hooks are called: they know
// rows. A row that others point to is schema.ErrForeignKey, and then none is removed.
//
// A condition that matches every row because it says nothing (also an empty And, or a NotIn of no values) is
// schema.ErrInvalid: to mean every row, pass AllRows(). So is a query with order, limit, offset or cursor.
func (n *Node[T, K]) BulkDelete(ctx context.Context, q Query) (int64, error) {
	if n.calls == nil {
		return n.doBulkDelete(ctx, q)
	}
	call := n.begin(ctx, schema.MethodBulkDelete)
	defer call.end()
	count, err := n.doBulkDelete(call.ctx, q)
	call.came(0, 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkDelete(ctx context.Context, q Query) (int64, error) {
	const op = "bulk delete"
	if err := n.changeable(op); err != nil {
		return 0, err
	}
	if err := n.sweep(op, "delete", q); err != nil {
		return 0, err
	}
	sql, args, err := n.core().statements.DeleteWhere(op, q.Where, n.core().now())
	if err != nil {
		return 0, n.invalid(op, err)
	}
	return n.swept(ctx, op, sql, args)
}

// swept runs a statement that changes all rows it matches, and gives their number.
func (d *door) swept(ctx context.Context, op, sql string, args []any) (affected int64, err error) {
	err = d.write(ctx, op, func(q dialect.Querier) (err error) {
		affected, err = q.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return affected, nil
}

// sweep checks the query of a method that changes all rows it matches: it is a condition and nothing else, or AllRows.
func (d *door) sweep(op, verb string, q Query) error {
	switch {
	case len(q.OrderBy) > 0 || q.Limit != 0 || q.Offset != 0 || q.After != "":
		return schema.Invalid(op, d.name, "", "a %s takes no order, limit, offset or cursor", op)
	case len(q.Only) > 0 || q.Distinct:
		return schema.Invalid(op, d.name, "", "a %s takes neither Only nor Distinct", op)
	case q.All && !q.Where.Empty():
		return schema.Invalid(op, d.name, "", "AllRows with a condition")
	case !q.All && weigh(q.Where) == everyRow:
		return schema.Invalid(op, d.name, "", "the condition is empty: pass AllRows() to %s every row", verb)
	}
	return nil
}

// weight is what can be said of a condition without looking at rows.
type weight uint8

const (
	someRows weight = iota // it depends on the row
	everyRow
	noRow
)

// weigh finds conditions that match every row by their form alone, which is what a filter that was built from an empty
// list or an empty form looks like.
func weigh(c Cond) weight {
	switch c.Op {
	case dialect.OpNone:
		return everyRow
	case dialect.OpIn:
		if len(c.Values) == 0 {
			return noRow
		}
	case dialect.OpNotIn:
		if len(c.Values) == 0 {
			return everyRow
		}
	case dialect.OpNot:
		if len(c.Conds) == 1 {
			switch weigh(c.Conds[0]) {
			case everyRow:
				return noRow
			case noRow:
				return everyRow
			}
		}
	case dialect.OpAnd:
		return weighAll(c.Conds, everyRow, noRow)
	case dialect.OpOr:
		return weighAll(c.Conds, noRow, everyRow)
	}
	return someRows
}

// weighAll joins conditions of which one of the weight ruling decides the whole, and those of the weight neutral say
// nothing. None at all is neutral.
func weighAll(conds []Cond, neutral, ruling weight) weight {
	out := neutral
	for _, c := range conds {
		switch weigh(c) {
		case ruling:
			return ruling
		case someRows:
			out = someRows
		}
	}
	return out
}
