package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Purge removes the row of a key for good, whether or not it is marked deleted. A key that is not there is
// schema.ErrNotFound; a row that others point to is schema.ErrForeignKey. Hooks are those of Delete.
func (n *Node[T, K]) Purge(ctx context.Context, key K) error {
	if n.calls == nil {
		return n.doPurge(ctx, key)
	}
	call := n.begin(ctx, schema.MethodPurge)
	defer call.end()
	err := n.doPurge(call.ctx, key)
	call.came(0, 0, err)
	return err
}

func (n *Node[T, K]) doPurge(ctx context.Context, key K) error {
	const op = "purge"
	if err := n.changeable(op); err != nil {
		return err
	}
	cmd := &n.core().purge
	args, err := n.core().key(make([]any, 0, len(cmd.bind)), key)
	if err != nil {
		return n.invalid(op, err)
	}
	if !n.hooked(onDelete) {
		return n.one(ctx, op, cmd, args)
	}
	return n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) error {
		if err := n.beforeDelete(ctx, op, tx, key); err != nil {
			return err
		}
		affected, err := tx.Exec(ctx, cmd.sql, args...)
		if err != nil {
			return err
		}
		if affected == 0 {
			return n.fault(op, schema.ErrNotFound)
		}
		return n.afterDelete(ctx, op, tx, key)
	})
}

// BulkPurge removes all rows that a query's condition matches for good, marked deleted or not, in one statement, and gives
// their number as the database counted them. To remove the marked ones alone, say so: NotNull of the deleted column. What
// is refused is as with BulkDelete, and no hooks are called.
func (n *Node[T, K]) BulkPurge(ctx context.Context, q Query) (int64, error) {
	if n.calls == nil {
		return n.doBulkPurge(ctx, q)
	}
	call := n.begin(ctx, schema.MethodBulkPurge)
	defer call.end()
	count, err := n.doBulkPurge(call.ctx, q)
	call.came(0, 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkPurge(ctx context.Context, q Query) (int64, error) {
	const op = "bulk purge"
	if err := n.changeable(op); err != nil {
		return 0, err
	}
	if err := n.sweep(op, "remove", q); err != nil {
		return 0, err
	}
	sql, args, err := n.core().statements.PurgeWhere(op, q.Where)
	if err != nil {
		return 0, n.invalid(op, err)
	}
	return n.swept(ctx, op, sql, args)
}
