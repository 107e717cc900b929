package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
)

// Through gives the same node with another lane: Create, Update, Patch, Delete, Upsert, Restore and Purge of other goroutines
// that come at the same moment go to the database together, in one transaction, each with an outcome of its own, told after
// the commit. nil is no lane: each call is a statement of its own goroutine. Calls inside a transaction and calls with
// hooks, which need one, never pass a lane, and where dialect.Capability.BatchesRows holds, as on MariaDB, new rows alone do.
func (n *Node[T, K]) Through(lane dialect.Lane) *Node[T, K] {
	other := *n
	other.lane = lane
	return &other
}

// single does a write of one row: in the node's transaction, through its lane, or by itself.
func (d *door) single(ctx context.Context, op string, w *dialect.Write) error {
	if d.bound {
		return d.runIn(ctx, op, func(q dialect.Querier) error { return w.Run(ctx, q) })
	}
	err := d.run(ctx, op, d.dialect.Writer(), func(q dialect.Querier) error {
		if w.Then != "" {
			return d.twofold(ctx, op, q, w)
		}
		return d.onefold(ctx, q, w)
	})
	if gate, ok := err.(*gateError); ok {
		return d.refused(ctx, op, gate.error)
	}
	return err
}

// passes reports whether a write goes through the lane.
func (d *door) passes(w *dialect.Write) bool {
	return d.lane != nil && (w.Many != nil || !d.dialect.Capability().BatchesRows)
}

// onefold does a write of one statement. It is a transaction of its own, which nobody but this call can run again where the database
// wants that, as after a deadlock.
func (d *door) onefold(ctx context.Context, q dialect.Querier, w *dialect.Write) (err error) {
	if d.passes(w) {
		err = d.lane.Pass(ctx, q, w, nil)
	} else {
		err = w.Run(ctx, q)
	}
	own := Transaction{Dialect: d.dialect}
	var pause backoff
	for err != nil && own.refused(err) && pause.wait(ctx, atomicRetryFor) {
		again(ctx, d.calls, err)
		err = w.Run(ctx, q)
	}
	return err
}

// twofold does a write of two statements, which takes a transaction.
func (d *door) twofold(ctx context.Context, op string, q dialect.Querier, w *dialect.Write) error {
	own := Transaction{Dialect: d.dialect, RetryFor: atomicRetryFor, Rounds: atomicRounds, Op: op, Table: d.name, Calls: d.calls}
	alone := func() error {
		return transact(ctx, own, func(ctx context.Context, tx dialect.Tx) error { return w.Run(ctx, tx) })
	}
	if d.passes(w) {
		return d.lane.Pass(ctx, q, w, alone)
	}
	return alone()
}

// received is a write whose row comes back into a row of the program's.
type received[T any, K comparable] struct {
	dialect.Write
	core    *core[T, K]
	columns []int
	row     T    // what is stored, and takes in what comes back
	told    bool // a boolean follows, which says whether the row is new
	fresh   bool // it is
}

// Receive implements dialect.RowReceiver.
func (w *received[T, K]) Receive(rows dialect.Rows) error {
	scanner := w.core.scanner(w.columns)
	dest := scanner.Dest(&w.row)
	if w.told {
		dest = append(dest, &w.fresh)
	}
	err := rows.Scan(dest...)
	if err == nil {
		err = scanner.Done()
	}
	w.core.keep(scanner, w.columns)
	return err
}

// writing begins a write that comes to stand in row, or begins with it.
func (c *core[T, K]) writing(row *T) *received[T, K] {
	w := &received[T, K]{core: c}
	if row != nil {
		w.row = *row
	}
	return w
}

// of says by which command the write is done.
func (w *received[T, K]) of(cmd *command, args []any) *dialect.Write {
	w.SQL, w.Args, w.columns, w.Back, w.Row = cmd.sql, args, cmd.back, len(cmd.back) > 0, w
	return &w.Write
}
