package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Update stores all columns of a row that is there, found by its key; key, created, deleted and generated columns are
// not changed. The updated column becomes now and the version column counts up. On success row holds the new values of
// these and of generated columns; on failure it is as it was.
//
// With a version column the row must still have the version that row holds: schema.ErrConflict means that someone else
// changed it since it was read. A key that is not there, or whose row is marked deleted, is schema.ErrNotFound. Other
// errors are those of Create. A zero field is stored as it is: defaults are for new rows.
func (n *Node[T, K]) Update(ctx context.Context, row *T) error {
	if n.calls == nil {
		return n.doUpdate(ctx, row)
	}
	call := n.begin(ctx, schema.MethodUpdate)
	defer call.end()
	err := n.doUpdate(call.ctx, row)
	call.came(0, 0, err)
	return err
}

func (n *Node[T, K]) doUpdate(ctx context.Context, row *T) error {
	const op = "update"
	if row == nil {
		return schema.Invalid(op, n.name, "", "no row given")
	}
	if err := n.changeable(op); err != nil {
		return err
	}
	w := n.core().writing(row)
	if n.hooks != nil {
		if n.hooked(onUpdate) {
			return n.updateHooked(ctx, op, row, &w.row)
		}
		if err := n.validate(ctx, op, &w.row); err != nil {
			return err
		}
	}
	args, err := w.core.updating(&w.row)
	if err != nil {
		return n.invalid(op, err)
	}
	if err := n.single(ctx, op, w.of(&w.core.update, args)); err != nil {
		return err
	}
	if !w.Found {
		return n.missing(ctx, op, w.core.version >= 0, w.core.updateKey(args))
	}
	*row = w.row
	return nil
}

// updateHooked is Update between its hooks.
func (n *Node[T, K]) updateHooked(ctx context.Context, op string, row, work *T) error {
	err := n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) error {
		return n.updateBetween(ctx, op, tx, row, work)
	})
	if err != nil {
		return err
	}
	*row = *work
	return nil
}

// updateBetween stores what row holds between the hooks, by way of work.
func (n *Node[T, K]) updateBetween(ctx context.Context, op string, tx dialect.Tx, row, work *T) error {
	*work = *row
	if err := n.before(ctx, op, onUpdate, tx, work); err != nil {
		return err
	}
	args, err := n.core().updating(work)
	if err != nil {
		return n.invalid(op, err)
	}
	if err := n.update(ctx, op, tx, args, work); err != nil {
		return err
	}
	return n.after(ctx, op, onUpdate, tx, work)
}

// updating moves the updated column of a row and gives what its update binds.
func (c *core[T, K]) updating(row *T) ([]any, error) {
	if c.updated >= 0 {
		if err := c.rows.SetTime(row, c.updated, c.now()); err != nil {
			return nil, err
		}
	}
	return c.values(&c.update, row)
}

// update runs the update of a row, into which it scans what comes back.
func (n *Node[T, K]) update(ctx context.Context, op string, q dialect.Querier, args []any, row *T) error {
	c := n.core()
	found, err := c.exec(ctx, q, &c.update, args, row)
	if err != nil || found {
		return err
	}
	return n.missed(ctx, op, q, c.version >= 0, c.updateKey(args))
}

// updateKey is the key among what an update binds. The version, if there is one, stands behind it.
func (c *core[T, K]) updateKey(args []any) []any {
	end := len(args)
	if c.version >= 0 {
		end--
	}
	return args[end-len(c.keys) : end]
}
