package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
)

// Count gives the number of rows that a query's condition matches. Order, limit, offset and cursor are checked and
// otherwise leave the count as it is, so that the query of a list or page gives the total beside it.
func (n *Node[T, K]) Count(ctx context.Context, q Query) (int64, error) {
	return n.count(ctx, "count", q)
}

func (n *Node[T, K]) count(ctx context.Context, op string, q Query) (int64, error) {
	if _, _, err := n.arrange(op, q); err != nil {
		return 0, err
	}
	sql, args, err := n.core.statements.Count(op, q.Where)
	if err != nil {
		return 0, n.invalid(op, err)
	}
	var count int64
	err = n.read(ctx, op, func(querier dialect.Querier) error {
		_, err := dialect.QueryRow(ctx, querier, sql, args, &count)
		return err
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}
