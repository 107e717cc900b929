package nodes

import (
	"context"

	"github.com/schemactor/schemactor/schema"
)

// First reads the first row that a query matches, in its order; where there is none it is schema.ErrNotFound. The row is
// the caller's. The query's limit is checked and otherwise not looked at.
func (n *Node[T, K]) First(ctx context.Context, q Query) (*T, error) {
	if n.calls == nil {
		return n.doFirst(ctx, q)
	}
	call := n.begin(ctx, schema.MethodFirst)
	defer call.end()
	row, err := n.doFirst(call.ctx, q)
	call.came(0, one(row), err)
	return row, err
}

func (n *Node[T, K]) doFirst(ctx context.Context, q Query) (*T, error) {
	const op = "first"
	if q.Limit >= 0 { // a negative one is refused as everywhere
		q.Limit = 1
	}
	rows, err := n.list(ctx, op, q)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, n.fault(op, schema.ErrNotFound)
	}
	return &rows[0], nil
}
