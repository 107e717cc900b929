package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Create stores a new row. On success what the library and the database filled in stands in row: lifecycle columns, an
// auto key, defaults, generated columns. On failure row is as it was.
//
// An auto key that is zero is given by the database; one that is not zero is stored. A field that is zero and whose
// column has a default takes the default. The created column is filled with now where it is zero and kept otherwise,
// so that old data can be brought in; the updated column is always now, the version column always 1. Now is UTC, to the
// microsecond.
//
// Errors: schema.ErrDuplicate, ErrForeignKey, ErrCheck, ErrNotNull, ErrInvalid for a value that its column cannot hold,
// and those that every method may give (see the package comment).
func (n *Node[T, K]) Create(ctx context.Context, row *T) error {
	const op = "create"
	if row == nil {
		return schema.Invalid(op, n.name, "", "no row given")
	}
	work := new(T)
	*work = *row
	if err := n.core.begin(work); err != nil {
		return n.invalid(op, err)
	}
	cmd := &n.core.insert
	if auto := n.core.auto; auto >= 0 && n.core.rows.Zero(work, auto) {
		cmd = &n.core.insertAuto
	}
	args, err := n.core.values(cmd, work)
	if err != nil {
		return n.invalid(op, err)
	}
	err = n.write(ctx, op, func(q dialect.Querier) error {
		_, err := n.core.exec(ctx, q, cmd, args, work)
		return err
	})
	if err != nil {
		return err
	}
	*row = *work
	return nil
}

// begin fills the lifecycle columns of a new row.
func (c *core[T, K]) begin(row *T) error {
	now := c.now()
	if c.created >= 0 && c.rows.Zero(row, c.created) {
		if err := c.rows.Set(row, c.created, now); err != nil {
			return err
		}
	}
	if c.updated >= 0 {
		if err := c.rows.Set(row, c.updated, now); err != nil {
			return err
		}
	}
	if c.version >= 0 {
		return c.rows.Set(row, c.version, int64(1))
	}
	return nil
}

// exec runs a fixed statement for one row, scans what comes back into it and reports whether there was a row.
func (c *core[T, K]) exec(ctx context.Context, q dialect.Querier, cmd *command, args []any, row *T) (bool, error) {
	if len(cmd.back) == 0 {
		affected, err := q.Exec(ctx, cmd.sql, args...)
		return affected > 0, err
	}
	return c.scanOne(ctx, q, cmd.sql, args, cmd.back, row)
}

// scanOne runs a statement that gives at most one row of the columns, and scans it.
func (c *core[T, K]) scanOne(
	ctx context.Context, q dialect.Querier, sql string, args []any, columns []int, row *T,
) (bool, error) {
	scanner := c.rows.Scanner(columns)
	found, err := dialect.QueryRow(ctx, q, sql, args, scanner.Dest(row)...)
	if err != nil || !found {
		return false, err
	}
	return true, scanner.Done()
}
