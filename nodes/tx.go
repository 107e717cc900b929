package nodes

import (
	"context"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// In gives the same node inside a transaction, which stays the caller's: the node neither commits nor rolls it back.
// The result is for one goroutine at a time and of no use once the transaction has ended.
//
// A table is never made ready inside a transaction, where its locks would wait for ours. A table that is not ready, or
// that turns out to be gone, gives an error that matches schema.ErrNotEnsured and names the call to make first; run the
// transaction again after it. A coordinator's InTx does all that by itself.
//
// On PostgreSQL any error of a statement dooms the transaction; on SQLite only the statement is undone.
func (n *Node[T, K]) In(tx dialect.Tx) *Node[T, K] {
	bound := *n
	bound.tx, bound.bound = tx, true
	return &bound
}

// notEnsuredTeller is a transaction that wants to know which gates could not be passed in it.
type notEnsuredTeller interface{ NotEnsured(gate schema.Gate) }

// runIn runs a statement in the node's transaction. It never waits for a gate and repeats nothing.
func (d *door) runIn(ctx context.Context, op string, statement func(dialect.Querier) error) error {
	if d.tx == nil {
		return schema.Invalid(op, d.name, "", "In was given no transaction")
	}
	seen := d.gate.Peek()
	if seen == nil {
		return d.notEnsured(op, nil)
	}
	err := statement(d.tx)
	if err == nil {
		return nil
	}
	failure := d.failed(ctx, op, err)
	if isFinal(failure) || !errors.Is(failure, schema.ErrMissing) {
		return failure
	}
	d.gate.Invalidate(seen, failure)
	return d.notEnsured(op, failure)
}

// notEnsured tells the transaction and the caller that the table has to be made ready outside.
func (d *door) notEnsured(op string, cause error) error {
	if teller, ok := d.tx.(notEnsuredTeller); ok {
		teller.NotEnsured(d.gate)
	}
	return &schema.Error{
		Op: op, Table: d.name, Kind: schema.ErrNotEnsured, Cause: cause,
		Detail: fmt.Sprintf("call Ensure(ctx, %q) of the coordinator before the transaction, or use its InTx", d.name),
	}
}
