package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// BulkDelete removes all rows that a query's condition matches, in one statement, and gives their number as the
// database counted them. Where the table has a deleted column they are marked, as by Delete.
//
// A condition that matches every row because it says nothing (also an empty And, or a NotIn of no values) is
// schema.ErrInvalid: to mean every row, pass AllRows(). So is a query with order, limit, offset or cursor.
func (n *Node[T, K]) BulkDelete(ctx context.Context, q Query) (int64, error) {
	const op = "bulk delete"
	switch {
	case len(q.OrderBy) > 0 || q.Limit != 0 || q.Offset != 0 || q.After != "":
		return 0, schema.Invalid(op, n.name, "", "a bulk delete takes no order, limit, offset or cursor")
	case q.All && !q.Where.Empty():
		return 0, schema.Invalid(op, n.name, "", "AllRows with a condition")
	case !q.All && weigh(q.Where) == everyRow:
		return 0, schema.Invalid(op, n.name, "", "the condition is empty: pass AllRows() to delete every row")
	}
	sql, args, err := n.core.statements.DeleteWhere(op, q.Where, n.core.now())
	if err != nil {
		return 0, n.invalid(op, err)
	}
	var affected int64
	err = n.write(ctx, op, func(querier dialect.Querier) (err error) {
		affected, err = querier.Exec(ctx, sql, args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return affected, nil
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
