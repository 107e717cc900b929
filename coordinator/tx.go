package coordinator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// rollbackTimeout bounds the clean-up of a transaction whose caller is gone already.
const rollbackTimeout = 5 * time.Second

// InTx runs fn in one transaction on the database's writer: nodes join it by In(tx). It commits when fn returns nil
// and rolls back when fn returns an error, which comes back as it is, or panics.
//
// A table is never made while the transaction holds locks. Where fn meets one that is not ready, the transaction is
// rolled back, whatever fn returned; the table is made ready, and fn runs again from its start. So fn must be safe to
// run more than once: it should keep its results in variables that it sets anew, and do nothing outside of the
// transaction. It must use nodes through In(tx) only — a node of its own would wait for a connection that this very
// transaction holds — and must neither keep tx nor end it.
//
// Failures to begin and to commit are a *schema.Error; one that matches schema.ErrSerialization means that the whole
// call may be made again.
func (c *Coordinator) InTx(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	// Each round makes at least one more table ready, so that only a table which is dropped again and again, or one
	// of another coordinator, can use up the rounds.
	rounds := len(c.system.Tables()) + 1
	for round := 0; ; round++ {
		if err := c.open("transaction"); err != nil {
			return err
		}
		gates, err := c.attempt(ctx, fn)
		if len(gates) == 0 {
			return err
		}
		if round >= rounds {
			return &schema.Error{
				Op: "transaction", Kind: schema.ErrNotEnsured,
				Detail: fmt.Sprintf("tables were missing again after each of %d attempts", round+1), Cause: err,
			}
		}
		for _, gate := range gates {
			if _, err := gate.Ready(ctx); err != nil {
				return err
			}
		}
	}
}

// attempt runs fn once in a transaction of its own and gives the gates that it could not pass; where there are some,
// nothing was committed.
func (c *Coordinator) attempt(ctx context.Context, fn func(context.Context, dialect.Tx) error) ([]schema.Gate, error) {
	tx, err := c.dialect.Begin(ctx)
	if err != nil {
		return nil, c.fail("begin", schema.Ref{}, err)
	}
	// Deferred rather than called: a panic in fn, or a runtime.Goexit, goes its way with the transaction undone. After
	// a commit it does nothing. Its error is of no use: a transaction that cannot be rolled back has lost its
	// connection, and the database has undone it.
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(cleanup)
	}()

	scope := &scope{Tx: tx}
	if err := fn(ctx, scope); err != nil || len(scope.gates) > 0 {
		return scope.gates, err
	}
	return nil, c.fail("commit", schema.Ref{}, tx.Commit(ctx))
}

// scope is the transaction as fn sees it. Nodes tell it, by NotEnsured, which gates they could not pass.
type scope struct {
	dialect.Tx
	gates []schema.Gate
}

// NotEnsured records a gate that has to be passed before the transaction can succeed.
func (s *scope) NotEnsured(gate schema.Gate) {
	if !slices.Contains(s.gates, gate) {
		s.gates = append(s.gates, gate)
	}
}

// Commit refuses: InTx alone knows whether the transaction may be committed.
func (s *scope) Commit(context.Context) error {
	return schema.Invalid("commit", "", "", "a transaction of InTx ends when its function returns")
}

// Rollback refuses: to roll back, the function returns an error.
func (s *scope) Rollback(context.Context) error {
	return schema.Invalid("rollback", "", "", "a transaction of InTx ends when its function returns; return an error")
}
