package coordinator

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// ErrNotReady is what Ready's errors match when some table is not remembered as ready.
var ErrNotReady = errors.New("table is not ready")

// Status tells where each registered table stands, sorted by name. It reads memory alone, never a database, and works
// after Close too.
func (c *Coordinator) Status() []schema.Status {
	tables := c.system.Tables()
	statuses := make([]schema.Status, len(tables))
	for i, t := range tables {
		statuses[i] = t.Status()
	}
	slices.SortFunc(statuses, func(a, b schema.Status) int { return a.Table.Compare(b.Table) })
	return statuses
}

// History reads the revisions of a registered table from the database's ledger, oldest first: who changed it, when,
// and with which statements, in whichever process that was. It is empty for a table that was never made.
// The name is as in Ensure.
func (c *Coordinator) History(ctx context.Context, table string) ([]schema.Revision, error) {
	found, err := c.lookup("history", []string{table})
	if err != nil {
		return nil, err
	}
	ref := found[0].Model().Ref()
	revisions, err := dialect.LedgerOf(c.ddl).History(ctx, c.ddl.Reader(), ref)
	if err != nil {
		return nil, c.fail("history", ref, err)
	}
	return revisions, nil
}

// Ready answers a readiness probe from memory: nil when every registered table is remembered as ready, otherwise an
// error that matches ErrNotReady and names each table that is not, with its state and its last failure. It makes
// nothing ready and touches no database, so that a probe costs nothing and cannot hurt; EnsureAll at start is the way
// to become ready. A context that has ended is its cause, a closed coordinator is schema.ErrClosed.
func (c *Coordinator) Ready(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := c.open("ready"); err != nil {
		return err
	}
	var faults []error
	for _, s := range c.Status() {
		switch {
		case s.State == schema.StateReady:
		case s.LastError != "":
			faults = append(faults, fmt.Errorf("%w: %s is %s: %s", ErrNotReady, s.Table, s.State, s.LastError))
		default:
			faults = append(faults, fmt.Errorf("%w: %s is %s", ErrNotReady, s.Table, s.State))
		}
	}
	return errors.Join(faults...)
}

// LaneStatus tells how the lane of single-row writes stands; it is zero with Config.Lane.Off. It touches no database.
func (c *Coordinator) LaneStatus() schema.LaneStatus { return c.lane.Status() }

// Listen has l told what happens to tables from now on, beside Config.Listener, until stop is called: for what is put beside a
// coordinator that is there, as a page or metrics. See schema.Listener for what its callbacks may do. A callback that has begun
// by the time of stop is not waited for. A nil l, and stop called again, do nothing.
func (c *Coordinator) Listen(l *schema.Listener) (stop func()) {
	if l == nil {
		return func() {}
	}
	return c.system.Listen(l)
}
