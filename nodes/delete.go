package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Delete removes the row of a key. Where the table has a deleted column the row stays and is marked with now, and from
// then on no method of a node sees it. A key that is not there, or is marked already, is schema.ErrNotFound; a row that
// others point to is schema.ErrForeignKey.
func (n *Node[T, K]) Delete(ctx context.Context, key K) error {
	const op = "delete"
	c := n.core
	args := make([]any, 0, len(c.deletion.bind))
	if marks := len(c.deletion.bind) - len(c.keys); marks > 0 {
		now := c.now()
		for _, encode := range c.deletion.encode[:marks] {
			var value any = now
			if encode != nil {
				value = encode(value)
			}
			args = append(args, value)
		}
	}
	args, err := c.key(args, key)
	if err != nil {
		return n.invalid(op, err)
	}
	var affected int64
	err = n.write(ctx, op, func(q dialect.Querier) (err error) {
		affected, err = q.Exec(ctx, c.deletion.sql, args...)
		return err
	})
	if err != nil {
		return err
	}
	if affected == 0 {
		return n.fault(op, schema.ErrNotFound)
	}
	return nil
}
