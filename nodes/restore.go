package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Restore takes back a Delete: the mark is taken off the row of a key, its updated column becomes now and its version
// counts up. A key that is not there, or whose row is not marked, is schema.ErrNotFound; a table without a deleted column
// is schema.ErrInvalid. No hooks are called.
func (n *Node[T, K]) Restore(ctx context.Context, key K) error {
	if n.calls == nil {
		return n.doRestore(ctx, key)
	}
	call := n.begin(ctx, schema.MethodRestore)
	defer call.end()
	err := n.doRestore(call.ctx, key)
	call.came(0, 0, err)
	return err
}

func (n *Node[T, K]) doRestore(ctx context.Context, key K) error {
	const op = "restore"
	if err := n.changeable(op); err != nil {
		return err
	}
	cmd := &n.core().restore
	if cmd.sql == "" {
		return schema.Invalid(op, n.name, "", "the table has no deleted column")
	}
	args := make([]any, 0, len(cmd.bind))
	if n.core().updated >= 0 {
		args = append(args, n.core().bound(n.core().updated, n.core().now()))
	}
	args, err := n.core().key(args, key)
	if err != nil {
		return n.invalid(op, err)
	}
	return n.one(ctx, op, cmd, args)
}

// bound gives a portable value of a column as it is bound.
func (c *core[T, K]) bound(column int, value any) any {
	if encode := c.encode[column]; encode != nil {
		return encode(value)
	}
	return value
}

// one runs a command that changes the row of a key, which must be there.
func (n *Node[T, K]) one(ctx context.Context, op string, cmd *command, args []any) error {
	w := &dialect.Write{SQL: cmd.sql, Args: args}
	if err := n.single(ctx, op, w); err != nil || w.Found {
		return err
	}
	return n.fault(op, schema.ErrNotFound)
}
