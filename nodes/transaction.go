package nodes

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Transaction says how Transact runs a function.
type Transaction struct {
	// Dialect is the database; it must be given.
	Dialect dialect.Dialect
	// Options are the kind of transaction; the zero value is the database's default.
	Options dialect.TxOptions
	// RetryFor is how long after the first failure that matches schema.ErrSerialization the function is run again; 0 is never.
	RetryFor time.Duration
	// Rounds is how often the function is run again because tables were not ready.
	Rounds int
	// Owner is whose transactions nest: one that begins with the context of another of the same Owner is a savepoint in
	// it. It must be comparable; with nil nothing nests.
	Owner any
	// Open is asked before each run, and its error ends the call; nil is no question.
	Open func() error
	// Calls is told of the call, and of each time that fn is run again; nil is nobody.
	Calls schema.Calls
	// Op and Table are what errors of the transaction itself name; empty is the step that failed, and no table.
	Op, Table string
}

const (
	// firstPause and longestPause bound the wait before a transaction is run again: it doubles from the one to the other.
	firstPause, longestPause = 5 * time.Millisecond, 500 * time.Millisecond
	// rollbackTimeout bounds the clean-up of a transaction whose caller is gone already.
	rollbackTimeout = 5 * time.Second
)

// Transact runs fn in one transaction, which it commits when fn returns nil and rolls back when fn returns an error or
// panics, or its goroutine ends. The error of fn comes back as it is; those of the transaction itself are *schema.Error.
//
// Two things have the transaction rolled back and fn run again from its start: a table that a node met in it and that is
// not ready, which is made ready in between, whatever fn returned; and a failure that matches schema.ErrSerialization, a
// deadlock included, which is waited for a little, as long as RetryFor and ctx allow. In the end the error then matches
// schema.ErrSerialization and tells how many attempts there were. What matches schema.ErrOutcomeUnknown is never repeated.
//
// The transaction is for one goroutine at a time and ends with fn: whoever keeps it gets schema.ErrInvalid from each use.
// Commit and Rollback of it are refused. A nested one is a savepoint: its error, or panic, undoes what it did and no more,
// and it may ask for no other Options or RetryFor than the one around it.
func Transact(ctx context.Context, t Transaction, fn func(ctx context.Context, tx dialect.Tx) error) error {
	call := call{ctx: ctx}
	if t.Calls != nil {
		call = beginCall(ctx, t.Calls, schema.MethodTransaction, false)
	}
	defer call.end()
	err := transact(call.ctx, t, fn)
	if gate, ok := err.(*gateError); ok { // made here, not one that fn returned
		err = gate.error
	}
	call.came(0, 0, err)
	return err
}

// transact is Transact with a *gateError for a table that could not be made ready.
func transact(ctx context.Context, t Transaction, fn func(ctx context.Context, tx dialect.Tx) error) error {
	if outer := around(ctx, t.Owner); outer != nil {
		return outer.nested(ctx, t, fn)
	}
	var pause backoff
	rounds := 0
	for attempts := 1; ; attempts++ {
		if t.Open != nil {
			if err := t.Open(); err != nil {
				return err
			}
		}
		gates, err := t.attempt(ctx, fn)
		switch {
		case len(gates) > 0:
			if rounds++; rounds > t.Rounds {
				return t.neverReady(attempts, err)
			}
			if err := t.passed(ctx, gates); err != nil {
				return err
			}
			again(ctx, t.Calls, schema.ErrNotEnsured)
		case err == nil, t.RetryFor == 0, !t.refused(err):
			return err
		case !pause.wait(ctx, t.RetryFor):
			return t.exhausted(ctx, attempts, err)
		default:
			again(ctx, t.Calls, err)
		}
	}
}

// Surrounding gives the transaction of an owner that a context is inside of, with the settings it was begun with.
func Surrounding(ctx context.Context, owner any) (t Transaction, ok bool) {
	if outer := around(ctx, owner); outer != nil {
		return outer.run.settings, true
	}
	return Transaction{}, false
}

// attempt runs fn once in a transaction of its own and gives the gates that could not be passed in it; where there are
// some, nothing was committed.
func (t *Transaction) attempt(ctx context.Context, fn func(context.Context, dialect.Tx) error) ([]schema.Gate, error) {
	tx, err := t.Dialect.BeginTx(ctx, t.Options)
	if err != nil {
		return nil, t.failed(ctx, "begin", err)
	}
	// Deferred rather than called: a panic in fn, or a runtime.Goexit, goes its way with the transaction undone. After
	// a commit it does nothing. Its error is of no use: a transaction that cannot be rolled back has lost its
	// connection, and the database has undone it.
	defer func() {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		_ = tx.Rollback(cleanup)
	}()
	run := &run{tx: tx, settings: *t}
	if err := run.lostTo(run.scope(ctx, 0, fn)); err != nil || len(run.gates) > 0 {
		return run.gates, err
	}
	if err := tx.Commit(ctx); err != nil {
		return nil, t.failed(ctx, "commit", err)
	}
	return nil, nil
}

// refused reports whether the database wants the transaction to be run again.
func (t *Transaction) refused(err error) bool {
	if errors.Is(err, schema.ErrOutcomeUnknown) {
		return false
	}
	return errors.Is(err, schema.ErrSerialization) || errors.Is(t.Dialect.Classify(err), schema.ErrSerialization)
}

// passed makes the tables behind gates ready.
func (t *Transaction) passed(ctx context.Context, gates []schema.Gate) error {
	for _, gate := range gates {
		if _, err := gate.Ready(ctx); err != nil {
			return &gateError{err}
		}
	}
	return nil
}

// failed puts an error of the transaction itself in the library's words.
func (t *Transaction) failed(ctx context.Context, step string, err error) error {
	out := classified(ctx, t.Dialect, err, step, t.Table)
	if t.Op != "" {
		out.Op = t.Op
	}
	return out
}

// neverReady gives up on tables that are not ready however often they are made so.
func (t *Transaction) neverReady(attempts int, cause error) error {
	return &schema.Error{
		Op: t.name(), Table: t.Table, Kind: schema.ErrNotEnsured, Cause: cause,
		Detail: fmt.Sprintf("tables were missing again after each of %d attempts", attempts),
	}
}

// exhausted gives up on a transaction that the database refuses each time.
func (t *Transaction) exhausted(ctx context.Context, attempts int, err error) error {
	return &schema.Error{
		Op: t.name(), Table: t.Table, Kind: schema.ErrSerialization, Code: t.Dialect.Classify(err).Code,
		Detail: fmt.Sprintf("given up after %d attempts", attempts), Cause: withContext(ctx, err),
	}
}

func (t *Transaction) name() string {
	if t.Op == "" {
		return "transaction"
	}
	return t.Op
}

// backoff spaces the attempts of one call.
type backoff struct {
	until time.Time // zero before the first wait
	pause time.Duration
}

// wait lets some time pass, in which no connection is held, and reports whether there may be another attempt.
func (b *backoff) wait(ctx context.Context, budget time.Duration) bool {
	now := time.Now()
	if b.until.IsZero() {
		b.until, b.pause = now.Add(budget), firstPause
	}
	left := b.until.Sub(now)
	if left <= 0 || ctx.Err() != nil {
		return false
	}
	// Who met once would meet again if all waited alike.
	pause := b.pause/2 + rand.N(b.pause)
	b.pause = min(2*b.pause, longestPause)
	timer := time.NewTimer(min(pause, left))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// gateError is the reason why a table could not be made ready between two attempts.
type gateError struct{ error }

// Unwrap gives the reason.
func (e *gateError) Unwrap() error { return e.error }

func (*gateError) final() {}
