package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Delete removes the row of a key. Where the table has a deleted column the row stays and is marked with now; its updated
// column becomes now and its version counts up. From then on it is hidden from all methods but Upsert and BulkUpsert, which
// take the mark back, Restore, Purge and BulkPurge, and from reading by all but WithDeleted. A key that is not there, or is
// marked already, is schema.ErrNotFound; a row that others point to is schema.ErrForeignKey, if it is to be removed; one that
// IfVersion does not fit is schema.ErrConflict.
func (n *Node[T, K]) Delete(ctx context.Context, key K, opts ...ChangeOption) error {
	if n.calls == nil {
		return n.doDelete(ctx, key, opts)
	}
	call := n.begin(ctx, schema.MethodDelete)
	defer call.end()
	err := n.doDelete(call.ctx, key, opts)
	call.came(0, 0, err)
	return err
}

func (n *Node[T, K]) doDelete(ctx context.Context, key K, opts []ChangeOption) error {
	const op = "delete"
	if err := n.changeable(op); err != nil {
		return err
	}
	only, err := n.condition(op, opts)
	if err != nil {
		return err
	}
	cmd, args, err := n.core().deleting(key, only)
	if err != nil {
		return n.invalid(op, err)
	}
	if n.hooks != nil && n.hooked(onDelete) {
		return n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) error {
			if err := n.beforeDelete(ctx, op, tx, key); err != nil {
				return err
			}
			if err := n.remove(ctx, op, tx, cmd, args, only); err != nil {
				return err
			}
			return n.afterDelete(ctx, op, tx, key)
		})
	}
	w := &dialect.Write{SQL: cmd.sql, Args: args}
	if err := n.single(ctx, op, w); err != nil || w.Found {
		return err
	}
	return n.missing(ctx, op, only.versioned, n.core().deletedKey(args))
}

// deleting gives the statement that removes or marks the row of a key, with what it binds: the marks, the key, and the
// version, where it matters.
func (c *core[T, K]) deleting(key K, only ChangeOption) (*command, []any, error) {
	cmd := &c.deletion
	if only.versioned {
		cmd = &c.deletionOf
	}
	args := make([]any, 0, len(cmd.bind))
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
	if err == nil && only.versioned {
		args, err = c.versionArg(args, only.version)
	}
	return cmd, args, err
}

// remove runs a statement of deleting.
func (n *Node[T, K]) remove(
	ctx context.Context, op string, q dialect.Querier, cmd *command, args []any, only ChangeOption,
) error {
	affected, err := q.Exec(ctx, cmd.sql, args...)
	if err != nil || affected > 0 {
		return err
	}
	return n.missed(ctx, op, q, only.versioned, n.core().deletedKey(args))
}

// deletedKey is the key among what a statement of deleting binds.
func (c *core[T, K]) deletedKey(args []any) []any {
	end := len(c.deletion.bind)
	return args[end-len(c.keys) : end]
}
