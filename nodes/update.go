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
	const op = "update"
	if row == nil {
		return schema.Invalid(op, n.name, "", "no row given")
	}
	work := new(T)
	*work = *row
	if updated := n.core.updated; updated >= 0 {
		if err := n.core.rows.Set(work, updated, n.core.now()); err != nil {
			return n.invalid(op, err)
		}
	}
	args, err := n.core.values(&n.core.update, work)
	if err != nil {
		return n.invalid(op, err)
	}
	var found, there bool
	err = n.write(ctx, op, func(q dialect.Querier) (err error) {
		found, err = n.core.exec(ctx, q, &n.core.update, args, work)
		if err != nil || found || n.core.version < 0 {
			return err
		}
		there, err = n.core.there(ctx, q, row)
		return err
	})
	switch {
	case err != nil:
		return err
	case !found && there:
		return n.fault(op, schema.ErrConflict)
	case !found:
		return n.fault(op, schema.ErrNotFound)
	}
	*row = *work
	return nil
}

// there reports whether the row's key exists.
func (c *core[T, K]) there(ctx context.Context, q dialect.Querier, row *T) (bool, error) {
	args, err := c.values(&c.exists, row)
	if err != nil {
		return false, err
	}
	rows, err := q.Query(ctx, c.exists.sql, args...)
	if err != nil {
		return false, err
	}
	found := rows.Next()
	closeErr := rows.Close()
	if err = rows.Err(); err == nil {
		err = closeErr
	}
	return found, err
}
