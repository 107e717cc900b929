package coordinator

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// retryFor is how long a transaction is run again where the database asks for it and the caller says nothing.
const retryFor = 5 * time.Second

// InTx runs fn in one transaction on the database's writer: nodes join it by In(tx). It commits when fn returns nil
// and rolls back when fn returns an error, which comes back as it is, or panics.
//
// fn may run more than once, always from its start and in a new transaction, the one before rolled back, and so must be
// safe to: it should keep its results in variables that it sets anew, and do nothing outside of the transaction. It runs
// again in two cases. A table is never made while the transaction holds locks: where fn meets one that is not ready, the
// table is made ready between two runs, whatever fn returned. And what matches schema.ErrSerialization, from the commit or
// from fn, which should return it — transactions that got in each other's way, deadlocks included — is tried again after a
// little while, as long as RetryFor and ctx allow; after that the error says how many attempts there were. A commit whose
// outcome is not known (schema.ErrOutcomeUnknown) is never repeated.
//
// It must use nodes through In(tx) only: one without is outside of the transaction, does not see what happens in it, and
// may wait for a connection that this very transaction holds. It must not end tx. Once fn has returned, all that is done
// with tx is schema.ErrInvalid.
//
// InTx with the ctx that fn was given is nested: a savepoint of the same transaction. Its error, or panic, undoes what it
// did and leaves the rest; the cases above still run the whole transaction again. Its options are those of the outermost,
// and others schema.ErrInvalid. Like tx, ctx is for one goroutine at a time.
//
// Failures to begin and to commit are a *schema.Error.
func (c *Coordinator) InTx(
	ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error, opts ...TxOption,
) error {
	t, nested := nodes.Surrounding(ctx, c)
	if !nested {
		t = nodes.Transaction{
			Dialect: c.dialect, RetryFor: retryFor, Owner: c, Calls: c.calls, Open: func() error { return c.open("transaction") },
			// Each round makes at least one more table ready, so that only a table which is dropped again and again, or
			// one of another coordinator, can use up the rounds.
			Rounds: len(c.system.Tables()) + 1,
		}
	}
	for _, option := range opts {
		option(&t)
	}
	if t.RetryFor < 0 {
		return schema.Invalid("transaction", "", "", "RetryFor is negative: %v", t.RetryFor)
	}
	if err := t.Options.Validate(); err != nil {
		return err
	}
	return nodes.Transact(ctx, t, fn)
}
