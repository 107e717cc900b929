package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Count gives the number of rows that a query's condition matches; of a Distinct query it is the number of rows that
// differ. Order, limit, offset and cursor are checked and otherwise leave the count as it is, so that the query of a list
// or page gives the total beside it.
func (n *Node[T, K]) Count(ctx context.Context, q Query) (int64, error) {
	if n.calls == nil {
		return n.count(ctx, "count", q)
	}
	call := n.begin(ctx, schema.MethodCount)
	defer call.end()
	count, err := n.count(call.ctx, "count", q)
	call.came(0, 0, err)
	return count, err
}

func (n *Node[T, K]) count(ctx context.Context, op string, q Query) (int64, error) {
	plan, err := n.arrange(op, q)
	if err != nil {
		return 0, err
	}
	var sql string
	var args []any
	if q.Distinct {
		sql, args, err = n.reading().CountDistinct(op, plan.only, q.Where)
	} else {
		sql, args, err = n.reading().Count(op, q.Where)
	}
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
