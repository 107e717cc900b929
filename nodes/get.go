package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Get reads the row of a key. The row is the caller's. A key that is not there, or whose row is marked deleted, is
// schema.ErrNotFound; see WithDeleted for the latter.
func (n *Node[T, K]) Get(ctx context.Context, key K) (*T, error) {
	if n.calls == nil {
		return n.doGet(ctx, key)
	}
	call := n.begin(ctx, schema.MethodGet)
	defer call.end()
	row, err := n.doGet(call.ctx, key)
	call.came(0, one(row), err)
	return row, err
}

func (n *Node[T, K]) doGet(ctx context.Context, key K) (*T, error) {
	const op = "get"
	cmd := &n.core().get
	if n.marked {
		cmd = &n.core().getMarked
	}
	args, err := n.core().key(make([]any, 0, len(cmd.bind)), key)
	if err != nil {
		return nil, n.invalid(op, err)
	}
	row, found := new(T), false
	err = n.read(ctx, op, func(q dialect.Querier) (err error) {
		found, err = n.core().exec(ctx, q, cmd, args, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, n.fault(op, schema.ErrNotFound)
	}
	return row, nil
}
