package nodes

import (
	"context"

	"github.com/schemactor/schemactor/schema"
)

// BulkUpdate sets some columns of all rows that a query's condition matches to the same values, in one statement, and gives
// the number of rows as the database counted them, also those that had these values before. The updated column becomes now
// and the version column counts up, without being compared. Rows that are marked deleted are not touched.
//
// Set is what Patch takes, and refused as there. As with BulkDelete a condition that matches every row because it says
// nothing is schema.ErrInvalid: to mean every row, pass AllRows(). So is a query with order, limit, offset or cursor. Other
// errors are those of Create, and then no row has changed. No hooks are called: they know rows.
func (n *Node[T, K]) BulkUpdate(ctx context.Context, q Query, set Set) (int64, error) {
	if n.calls == nil {
		return n.doBulkUpdate(ctx, q, set)
	}
	call := n.begin(ctx, schema.MethodBulkUpdate)
	defer call.end()
	count, err := n.doBulkUpdate(call.ctx, q, set)
	call.came(0, 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkUpdate(ctx context.Context, q Query, set Set) (int64, error) {
	const op = "bulk update"
	if err := n.changeable(op); err != nil {
		return 0, err
	}
	if err := n.sweep(op, "update", q); err != nil {
		return 0, err
	}
	sql, args, err := n.core().statements.UpdateWhere(op, set, q.Where, n.core().now())
	if err != nil {
		return 0, n.invalid(op, err)
	}
	return n.swept(ctx, op, sql, args)
}
