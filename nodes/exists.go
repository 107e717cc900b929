package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Exists reports whether a query matches any row. The rest of the query is checked and otherwise not looked at, as with
// Count.
func (n *Node[T, K]) Exists(ctx context.Context, q Query) (bool, error) {
	if n.calls == nil {
		return n.doExists(ctx, q)
	}
	call := n.begin(ctx, schema.MethodExists)
	defer call.end()
	there, err := n.doExists(call.ctx, q)
	call.came(0, 0, err)
	return there, err
}

func (n *Node[T, K]) doExists(ctx context.Context, q Query) (bool, error) {
	const op = "exists"
	if _, err := n.arrange(op, q); err != nil {
		return false, err
	}
	sql, args, err := n.reading().Any(op, q.Where)
	if err != nil {
		return false, n.invalid(op, err)
	}
	var there bool
	err = n.read(ctx, op, func(querier dialect.Querier) (err error) {
		var one int64
		there, err = dialect.QueryRow(ctx, querier, sql, args, &one)
		return err
	})
	return there && err == nil, err
}
