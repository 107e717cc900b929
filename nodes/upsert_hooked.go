package nodes

import (
	"context"
	"errors"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// upsertTries is how often hooks are called for a row that others create and remove at the same time.
const upsertTries = 5

// errOtherwise undoes an upsert that did not do what its hooks were told.
var errOtherwise = errors.New("the row was created or removed meanwhile")

// upsertHooked is Upsert for a node with Before or After hooks. Which of them are to be called has to be known before
// anything is stored, so it looks first; where the statement then does otherwise, all of it is undone and begun again.
func (n *Node[T, K]) upsertHooked(ctx context.Context, op string, p *upsertPlan, row *T) (created bool, err error) {
	work := new(T)
	var done outcome
	err = n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) (err error) {
		done, err = n.upsertTry(ctx, op, tx, p, row, work)
		return err
	})
	if err != nil {
		return false, err
	}
	if done != left {
		*row = *work
	}
	return done == inserted, nil
}

// upsertTry stores what row holds between hooks, by way of work.
func (n *Node[T, K]) upsertTry(
	ctx context.Context, op string, tx dialect.Tx, p *upsertPlan, row, work *T,
) (done outcome, err error) {
	expected, err := n.expected(ctx, op, tx, p, row)
	if err != nil {
		return left, err
	}
	for range upsertTries {
		err = dialect.Nested(ctx, tx, "schemactor_upsert", func(ctx context.Context) (err error) {
			*work = *row
			done, err = n.upsertBetween(ctx, op, tx, p, expected, work)
			return err
		})
		if !errors.Is(err, errOtherwise) {
			return done, err
		}
		expected = done
	}
	return left, &schema.Error{Op: op, Table: n.name, Kind: schema.ErrSerialization, Detail: errOtherwise.Error()}
}

// expected looks whether there is a row that stands in the way.
func (n *Node[T, K]) expected(ctx context.Context, op string, tx dialect.Tx, p *upsertPlan, row *T) (outcome, error) {
	if n.core().auto >= 0 && p.byKey && n.core().rows.Zero(row, n.core().auto) ||
		slices.ContainsFunc(p.Target, func(at int) bool { return n.core().columns[at].Generated != "" }) {
		return inserted, nil
	}
	cmd := n.core().command(n.core().statements.Stands(p.Target), true)
	args, err := n.core().values(&cmd, row)
	if err != nil {
		return inserted, n.invalid(op, err)
	}
	var one int64
	found, err := dialect.QueryRow(ctx, tx, cmd.sql, args, &one)
	switch {
	case !found:
		return inserted, err
	case p.Nothing:
		return left, nil
	}
	return updated, nil
}

// upsertBetween stores a row between the hooks of what is expected to become of it.
func (n *Node[T, K]) upsertBetween(
	ctx context.Context, op string, tx dialect.Tx, p *upsertPlan, expected outcome, work *T,
) (outcome, error) {
	verb := onCreate
	if expected == updated {
		verb = onUpdate
	}
	var err error
	if expected == left {
		err = n.validate(ctx, op, work)
	} else {
		err = n.before(ctx, op, verb, tx, work)
	}
	if err != nil {
		return expected, err
	}
	cmds, args, err := n.core().upserting(p, work)
	if err != nil {
		return expected, n.invalid(op, err)
	}
	done, err := n.core().upsert(ctx, tx, cmds, args, work)
	switch {
	case err != nil:
		return expected, err
	case done != expected:
		return done, errOtherwise
	case done == left:
		return done, nil
	}
	return done, n.after(ctx, op, verb, tx, work)
}
