package mysql

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.Batcher = (*DB)(nil)

// abreast is how many writes are as well off by themselves: the server puts the commits of a few into one by itself.
const abreast = 2

// Abreast implements dialect.Batcher.
func (*DB) Abreast() int { return abreast }

// Batch implements dialect.Batcher. A statement that fails is undone by itself, and the transaction goes on. Where the server
// ends it, as for a deadlock, what had been done before is left unsettled.
func (d *DB) Batch(ctx context.Context, take func() []*dialect.Write) {
	tx, err := d.pool.BeginTx(context.WithoutCancel(ctx), nil)
	if err != nil {
		return
	}
	defer func() { _ = tx.Rollback() }() // after the commit it does nothing
	// From here on nothing is interrupted: that would undo the writes of others.
	ctx = context.WithoutCancel(ctx)
	within := &session{q: querier{tx, &d.programs}}
	var stored []*dialect.Write
	for _, w := range take() {
		err := w.Guard(func() error { return w.Run(ctx, within) })
		switch kind := d.Classify(err); {
		case err == nil:
			stored = append(stored, w)
		case errors.Is(kind, schema.ErrSerialization):
			return // each is run by its caller, who tells what comes of it
		case errors.Is(kind, schema.ErrUnavailable):
			return // nothing was committed
		default:
			w.Settle(err)
		}
	}
	if err = tx.Commit(); err != nil {
		err = lost(err)
	}
	for _, w := range stored {
		w.Settle(err)
	}
}
