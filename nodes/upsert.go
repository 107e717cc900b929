package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Upsert stores a row, whether or not one is there already, and reports whether it was inserted. Without options a row
// is there already when it has the same primary key; see OnConflict. Its columns are then updated, all that may change or
// those that UpdateOnly names, by the database's own INSERT … ON CONFLICT. Under concurrent calls for one key exactly one
// of them creates it.
//
// A new row is stored as by Create: defaults for zero fields, lifecycle columns, an auto key. One that is there gets the
// values that Create would have stored, so that a zero field takes its default; key, created and generated columns are
// kept, the updated column is now, the version counts up without being compared, and a row that was marked deleted is so
// no more. On success all columns of the row as it is stored then stand in row, on failure row is as it was. A key that is
// to be given by the database cannot be there: with the primary key as conflict such a row is created.
//
// With DoNothing a row that is there stays as it is, created is false and row, too, is as it was.
//
// Errors are those of Create; schema.ErrDuplicate is that of another unique index. What the row would violate as a new one
// — ErrNotNull, ErrCheck — fails also where one is there. An append-only table takes upserts with DoNothing alone. On
// PostgreSQL an auto key that is not used leaves a gap.
func (n *Node[T, K]) Upsert(ctx context.Context, row *T, opts ...UpsertOption) (created bool, err error) {
	if n.calls == nil {
		return n.doUpsert(ctx, row, opts)
	}
	call := n.begin(ctx, schema.MethodUpsert)
	defer call.end()
	created, err = n.doUpsert(call.ctx, row, opts)
	call.came(0, 0, err)
	return created, err
}

func (n *Node[T, K]) doUpsert(ctx context.Context, row *T, opts []UpsertOption) (created bool, err error) {
	const op = "upsert"
	if row == nil {
		return false, schema.Invalid(op, n.name, "", "no row given")
	}
	var wish upsertWish
	for _, o := range opts {
		wish.take(o)
	}
	plan, err := n.plan(op, &wish)
	if err != nil {
		return false, err
	}
	if n.hooked(onCreate) || n.hooked(onUpdate) {
		return n.upsertHooked(ctx, op, plan, row)
	}
	w := n.core().writing(row)
	if err := n.validate(ctx, op, &w.row); err != nil {
		return false, err
	}
	cmds, args, err := w.core.upserting(plan, &w.row)
	if err != nil {
		return false, n.invalid(op, err)
	}
	w.Then, w.told = cmds.then.sql, cmds.told
	if err := n.single(ctx, op, w.of(&cmds.first, args)); err != nil {
		return false, err
	}
	done := cmds.outcome(w.Found, w.Second, w.fresh)
	if done != left {
		*row = w.row
	}
	return done == inserted, nil
}

// upserting makes a row ready to be stored and gives the statements for it, with what they bind.
func (c *core[T, K]) upserting(p *upsertPlan, work *T) (*upsertCommands, []any, error) {
	if err := c.begin(work); err != nil {
		return nil, nil, err
	}
	cmds := p.given
	if c.auto >= 0 && c.rows.Zero(work, c.auto) {
		cmds = p.automatic
	}
	args, err := c.values(&cmds.first, work)
	return cmds, args, err
}

// outcome is what became of a row.
type outcome uint8

const (
	left     outcome = iota // the one that was there stays as it is
	inserted                // it is new
	updated                 // the one that was there has been changed
)

// upsert runs the statements for one row and scans what comes back into it.
func (c *core[T, K]) upsert(
	ctx context.Context, q dialect.Querier, cmds *upsertCommands, args []any, work *T,
) (outcome, error) {
	if cmds.told {
		return c.upsertTold(ctx, q, cmds, args, work)
	}
	found, err := c.exec(ctx, q, &cmds.first, args, work)
	if err != nil || found {
		return inserted, err
	}
	if cmds.then.sql == "" {
		return left, nil
	}
	// The first statement has taken the lock for writing: the row stays until this one.
	found, err = c.exec(ctx, q, &cmds.then, args, work)
	if err != nil || found {
		return updated, err
	}
	return left, nil
}

// upsertTold is upsert by one statement that tells what it has done.
func (c *core[T, K]) upsertTold(
	ctx context.Context, q dialect.Querier, cmds *upsertCommands, args []any, work *T,
) (outcome, error) {
	scanner, fresh := c.rows.Scanner(cmds.first.back), false
	found, err := dialect.QueryRow(ctx, q, cmds.first.sql, args, append(scanner.Dest(work), &fresh)...)
	if err != nil || !found {
		return left, err
	}
	return cmds.outcome(found, false, fresh), scanner.Done()
}
