package nodes

import (
	"context"
	"time"

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
	if n.calls == nil {
		return n.doCreate(ctx, row)
	}
	call := n.begin(ctx, schema.MethodCreate)
	defer call.end()
	err := n.doCreate(call.ctx, row)
	call.came(0, 0, err)
	return err
}

func (n *Node[T, K]) doCreate(ctx context.Context, row *T) error {
	const op = "create"
	if row == nil {
		return schema.Invalid(op, n.name, "", "no row given")
	}
	w := n.core().writing(row)
	if n.hooks != nil {
		if n.hooked(onCreate) {
			return n.createHooked(ctx, op, row, &w.row)
		}
		if err := n.validate(ctx, op, &w.row); err != nil {
			return err
		}
	}
	cmd, args, err := w.core.inserting(&w.row)
	if err != nil {
		return n.invalid(op, err)
	}
	if many := w.core.manyOf(cmd); n.lane != nil && many.takes(args) {
		w.Many = many
	}
	if err := n.single(ctx, op, w.of(cmd, args)); err != nil {
		return err
	}
	*row = w.row
	return nil
}

// createHooked is Create between its hooks.
func (n *Node[T, K]) createHooked(ctx context.Context, op string, row, work *T) error {
	err := n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) error {
		return n.createBetween(ctx, op, tx, row, work)
	})
	if err != nil {
		return err
	}
	*row = *work
	return nil
}

// createBetween stores what row holds between hooks, by way of work.
func (n *Node[T, K]) createBetween(ctx context.Context, op string, tx dialect.Tx, row, work *T) error {
	*work = *row
	if err := n.before(ctx, op, onCreate, tx, work); err != nil {
		return err
	}
	cmd, args, err := n.core().inserting(work)
	if err != nil {
		return n.invalid(op, err)
	}
	if _, err := n.core().exec(ctx, tx, cmd, args, work); err != nil {
		return err
	}
	return n.after(ctx, op, onCreate, tx, work)
}

// inserting fills the lifecycle columns of a new row and gives the statement that stores it, with what it binds.
func (c *core[T, K]) inserting(row *T) (*command, []any, error) {
	if err := c.begin(row); err != nil {
		return nil, nil, err
	}
	cmd := &c.insert
	if c.auto >= 0 && c.rows.Zero(row, c.auto) {
		cmd = &c.insertAuto
	}
	args, err := c.values(cmd, row)
	return cmd, args, err
}

// begin fills the lifecycle columns of a new row.
func (c *core[T, K]) begin(row *T) error { return c.beginAt(row, c.now()) }

func (c *core[T, K]) beginAt(row *T, now time.Time) error {
	if c.created >= 0 && c.rows.Zero(row, c.created) {
		if err := c.rows.SetTime(row, c.created, now); err != nil {
			return err
		}
	}
	if c.updated >= 0 {
		if err := c.rows.SetTime(row, c.updated, now); err != nil {
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
	scanner := c.scanner(columns)
	found, err := dialect.QueryRow(ctx, q, sql, args, scanner.Dest(row)...)
	if err == nil && found {
		err = scanner.Done()
	}
	c.keep(scanner, columns)
	return found && err == nil, err
}
