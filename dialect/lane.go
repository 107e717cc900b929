package dialect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/schemactor/schemactor/schema"
)

// Lane is where writes of single rows meet those of other callers, so that many of them are one transaction of the database.
// It is safe for concurrent use.
type Lane interface {
	// Pass has w done and gives its outcome, which is never told before the commit that holds it. A write is done together
	// with those that wait at the same moment, or by alone, which the caller's own goroutine runs: nobody else being there,
	// or where what came of it together says nothing about w. alone nil is w.Run on q. A context that ends before w was taken takes it back; after
	// that its outcome is waited for a moment longer, and is schema.ErrOutcomeUnknown then.
	Pass(ctx context.Context, q Querier, w *Write, alone func() error) error
}

// Batcher is a Dialect that gains by doing writes of many callers in one transaction.
type Batcher interface {
	// Batch begins a transaction, takes the writes that wait at that moment, does them, commits, and settles each: no
	// write fails for what is wrong with another one. A write that it leaves unsettled has not been done, and is run by its
	// caller. take may be called once and gives nothing where all who waited have left.
	Batch(ctx context.Context, take func() []*Write)
	// Abreast is how many writes are as well off running each by itself at the same time; those that come then wait to be
	// put together. At least 1.
	Abreast() int
}

// Write is a statement that changes at most one row. It belongs to whoever made it, but for the time of Lane.Pass; where the
// outcome of that is unknown, it is of no more use.
type Write struct {
	SQL  string
	Then string // run in the same transaction where SQL gives no row; empty is nothing
	Args []any  // of both, encoded
	// Back tells that a row comes back, for Row to take in. Otherwise the rows that were touched are counted.
	Back bool
	Row  RowReceiver
	// Many does it with others of its kind in one statement; nil is none.
	Many Many

	Found  bool // outcome: a row was touched, or has come back
	Second bool // outcome: by Then

	state    atomic.Int32 // waiting, taken or withdrawn
	settled  bool
	err      error
	panicked any
}

const (
	waiting int32 = iota
	taken
	withdrawn
)

// Take makes the write one that is done now, unless its caller has withdrawn it.
func (w *Write) Take() bool { return w.state.CompareAndSwap(waiting, taken) }

// Withdraw takes the write back, unless it was taken.
func (w *Write) Withdraw() bool { return w.state.CompareAndSwap(waiting, withdrawn) }

// RowReceiver reads one row.
type RowReceiver interface {
	// Receive scans the row on which rows stands.
	Receive(rows Rows) error
}

// Many is one statement for any number of writes, which all name the same Many. The statement binds an array for each column where
// the grammar is an ArrayBinder, and otherwise the values of one row after the other.
type Many interface {
	// Table is the table, quoted.
	Table() string
	// Rows is the text for a number of writes where there are no arrays. It binds the Args of each, one after the other. A
	// lenient one leaves out rows that a unique index refuses, and tells which are stored.
	Rows(n int, lenient bool) string
	// SQL is the text where there are arrays. A lenient one is empty where it cannot be told which rows are stored.
	SQL(lenient bool) string
	// Columns are those that it binds, in the order of each write's Args.
	Columns() []*schema.Column
	// Distinct gives the writes that may be sent to a lenient one: of those that could not be told apart the first.
	Distinct(writes []*Write) []*Write
	// Receive reads what comes back and gives the writes that are done; whether they stay so is known after the commit. Those
	// of which it cannot be told it settles as schema.ErrOutcomeUnknown; where that is all of them, it is the error.
	Receive(writes []*Write, rows Rows, lenient bool) ([]*Write, error)
	// Back reports whether rows come back.
	Back(lenient bool) bool
}

// Run does the write by itself.
func (w *Write) Run(ctx context.Context, q Querier) (err error) {
	w.Second = false
	if !w.Back {
		n, err := q.Exec(ctx, w.SQL, w.Args...)
		w.Found = n > 0
		return err
	}
	if w.Found, err = w.query(ctx, q, w.SQL); err != nil || w.Found || w.Then == "" {
		return err
	}
	w.Found, err = w.query(ctx, q, w.Then)
	w.Second = w.Found
	return err
}

func (w *Write) query(ctx context.Context, q Querier, sql string) (found bool, err error) {
	rows, err := q.Query(ctx, sql, w.Args...)
	if err != nil {
		return false, err
	}
	// Deferred, since what the row is read into may panic, and others use the connection after that.
	defer func() {
		// A driver may learn of a failed statement only here.
		closeErr := rows.Close()
		switch rowsErr := rows.Err(); {
		case rowsErr != nil && found && ctx.Err() != nil && errors.Is(rowsErr, ctx.Err()):
			err = &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: rowsErr}
		case rowsErr != nil:
			err = rowsErr
		case err == nil:
			err = closeErr
		}
		found = found && err == nil
	}()
	if found = rows.Next(); !found {
		return false, nil
	}
	if err = w.Row.Receive(rows); err == nil {
		rows.Next() // where SQLite commits, and may refuse to
	}
	return true, err
}

// Guard runs a part of the write for its caller, in whose goroutine a panic of it goes on.
func (w *Write) Guard(fn func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			w.panicked = value
			err = fmt.Errorf("a panic of type %T", value)
		}
	}()
	return fn()
}

// Lent reports whether arguments are the caller's own bytes, which it may change once its call has returned.
func (w *Write) Lent() bool {
	return slices.ContainsFunc(w.Args, func(value any) bool { _, ok := value.([]byte); return ok })
}

// Own puts copies in the place of arguments that are lent.
func (w *Write) Own() {
	for i, value := range w.Args {
		if lent, ok := value.([]byte); ok {
			w.Args[i] = bytes.Clone(lent)
		}
	}
}

// Settle says what came of the write.
func (w *Write) Settle(err error) { w.settled, w.err = true, err }

// Done reports whether the write was settled.
func (w *Write) Done() bool { return w.settled }

// Settled gives what came of the write; ok is false where it was not done. A panic of its own code goes on here.
func (w *Write) Settled() (ok bool, err error) {
	if w.panicked != nil {
		panic(w.panicked)
	}
	return w.settled, w.err
}

// Reset makes the write ready to be done again.
func (w *Write) Reset() {
	w.settled, w.err, w.panicked, w.Found, w.Second = false, nil, nil, false, false
}
