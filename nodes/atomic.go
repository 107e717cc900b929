package nodes

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/dialect"
)

const (
	// atomicRetryFor is how long a write of several statements, or with hooks, is run again where the database asks for it.
	atomicRetryFor = 2 * time.Second
	// atomicRounds is how often it is run again for tables of hooks that are not ready.
	atomicRounds = 16
)

// atomic runs statements of which all take effect or none: in a savepoint of the node's transaction, or else in a
// transaction of its own, which is healed and repeated as a single statement is, and also where the database wants
// transactions to be run again. So fn may run more than once, and must set anew what it hands out.
func (d *door) atomic(ctx context.Context, op string, fn func(ctx context.Context, tx dialect.Tx) error) error {
	return d.atomicFor(ctx, op, atomicRetryFor, fn)
}

// atomicFor is atomic with another time for which the database's wish to run the transaction again is met; 0 is never.
func (d *door) atomicFor(
	ctx context.Context, op string, retryFor time.Duration, fn func(ctx context.Context, tx dialect.Tx) error,
) error {
	if d.bound {
		return d.runIn(ctx, op, func(dialect.Querier) error {
			return dialect.Nested(ctx, d.tx, "schemactor_node", func(ctx context.Context) error { return fn(ctx, d.tx) })
		})
	}
	own := Transaction{Dialect: d.dialect, RetryFor: retryFor, Rounds: atomicRounds, Op: op, Table: d.name, Calls: d.calls}
	err := d.run(ctx, op, d.dialect.Writer(), func(dialect.Querier) error { return transact(ctx, own, fn) })
	if gate, ok := err.(*gateError); ok {
		return d.refused(ctx, op, gate.error)
	}
	return err
}
