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
// ends it, as for a deadlock, what had been done before is left unsettled. It waits for no lock: its caller may be the one who
// holds it, in a transaction, and a write that meets one is left to wait by itself.
func (d *DB) Batch(ctx context.Context, take func() []*dialect.Write) {
	// From here on nothing is interrupted: that would undo the writes of others.
	ctx = context.WithoutCancel(ctx)
	conn, err := d.pool.Conn(ctx)
	if err != nil {
		return
	}
	broken := true
	defer func() { giveBack(conn, broken) }()
	defer func() { broken = leave(ctx, conn, nil) != nil }()
	if _, err := conn.ExecContext(ctx, "SET SESSION innodb_lock_wait_timeout = 0, autocommit = 0"); err != nil {
		return
	}
	within := &session{q: querier{conn, &d.programs}}
	var stored []*dialect.Write
	for _, w := range take() {
		err := w.Guard(func() error { return w.Run(ctx, within) })
		switch kind := d.Classify(err); {
		case err == nil:
			stored = append(stored, w)
		case errors.Is(kind, schema.ErrLockTimeout):
		case errors.Is(kind, schema.ErrSerialization), errors.Is(kind, schema.ErrUnavailable):
			return // each is run by its caller, who tells what comes of it
		default:
			w.Settle(err)
		}
	}
	_, err = conn.ExecContext(ctx, "COMMIT")
	if err != nil {
		err = lost(err)
	}
	for _, w := range stored {
		w.Settle(err)
	}
}
