package nodes

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// door is the part of a node that does not depend on its types: the way in through the gate and the way out of errors.
type door struct {
	dialect dialect.Dialect
	table   *schema.Table
	name    string // of the table, for people
	gate    schema.Gate
	futile  *futile
	lane    dialect.Lane // nil: none
	calls   schema.Calls // nil: nobody is told
	tx      dialect.Tx
	bound   bool // made by In, so that tx is used even where it is nil by mistake
}

// read runs a statement that writes nothing; write one that does. See run.
func (d *door) read(ctx context.Context, op string, statement func(dialect.Querier) error) error {
	if d.bound {
		return d.runIn(ctx, op, statement)
	}
	return d.run(ctx, op, d.dialect.Reader(), statement)
}

func (d *door) write(ctx context.Context, op string, statement func(dialect.Querier) error) error {
	if d.bound {
		return d.runIn(ctx, op, statement)
	}
	return d.run(ctx, op, d.dialect.Writer(), statement)
}

// healTries is how often a statement is run at most: once more where its table was not what it had been, and a last time
// where somebody has changed it again in between.
const healTries = 3

// run passes the gate and runs the statement. Where that fails because the table is not what it was, the memory is
// given up and all of it is done once more. A failed statement has changed nothing, so that repeating it is safe. Where
// the table then is as it was before, that did not help, and it is not tried again for a second.
func (d *door) run(ctx context.Context, op string, q dialect.Querier, statement func(dialect.Querier) error) error {
	seen, err := d.gate.Ready(ctx)
	if err != nil {
		return d.refused(ctx, op, err)
	}
	for tries := 1; ; tries++ {
		if err = statement(q); err == nil {
			return nil
		}
		failure := d.failed(ctx, op, err)
		if isFinal(failure) {
			return failure
		}
		if errors.Is(failure, schema.ErrRaced) && tries < healTries {
			again(ctx, d.calls, failure)
			continue // SQLite gives up a statement whose tables change again and again while it is prepared
		}
		if !errors.Is(failure, schema.ErrMissing) || tries == healTries || d.futile.holds(seen) {
			return failure
		}
		d.gate.Invalidate(seen, failure)
		fresh, err := d.gate.Ready(ctx)
		if err != nil {
			return d.refused(ctx, op, err)
		}
		if tries > 1 && fresh.Generation == seen.Generation && fresh.CatalogHash == seen.CatalogHash {
			d.futile.remember(fresh)
			return failure
		}
		seen = fresh
		again(ctx, d.calls, failure)
	}
}

// futilePause is how long a memory is kept after looking again has not helped.
const futilePause = time.Second

// futile remembers that a statement failed for want of something although its table had just been looked at: what is
// missing is another one, as the target of a foreign key that SQLite lets point nowhere. Looking again at every call
// would cost each of them the cold path.
type futile struct{ last atomic.Pointer[futileLook] }

type futileLook struct {
	seen  *schema.Snapshot
	until time.Time
}

func (f *futile) holds(seen *schema.Snapshot) bool {
	look := f.last.Load()
	return look != nil && look.seen == seen && time.Now().Before(look.until)
}

func (f *futile) remember(seen *schema.Snapshot) {
	f.last.Store(&futileLook{seen: seen, until: time.Now().Add(futilePause)})
}

// final is an error that did not come from a statement of the node: it goes to the caller as it is, and nothing is healed
// for it.
type final interface {
	error
	final()
}

func isFinal(err error) bool {
	_, ok := errors.AsType[final](err)
	return ok
}

// failed puts a driver's error in the library's words.
func (d *door) failed(ctx context.Context, op string, err error) error {
	if isFinal(err) {
		return err
	}
	out := classified(ctx, d.dialect, err, op, d.name)
	if errors.Is(out, schema.ErrMissing) {
		out.Detail = "" // a name that a statement looked up may come out of a row
	}
	return out
}

// classified puts a driver's error in the library's words, as one of an operation on a table. Where the context has ended
// and that may be why, the error matches the context's, too.
func classified(ctx context.Context, by dialect.Classifier, err error, op, table string) *schema.Error {
	out := *by.Classify(err)
	if out.Op == "" {
		out.Op = op
	}
	if out.Table == "" {
		out.Table = table
	}
	if out.Kind == nil || errors.Is(&out, schema.ErrUnavailable) {
		out.Cause = withContext(ctx, out.Cause)
	}
	return &out
}

// refused tells why the gate could not be passed. The reason itself is shared by all who waited and stays below.
func (d *door) refused(ctx context.Context, op string, err error) error {
	var ensure *schema.EnsureError
	switch {
	case errors.As(err, &ensure):
		return fmt.Errorf("%s: %w", op, err)
	case errors.Is(err, schema.ErrClosed):
		return &schema.Error{Op: op, Table: d.name, Kind: schema.ErrClosed, Cause: err}
	}
	return &schema.Error{Op: op, Table: d.name, Cause: withContext(ctx, err)}
}

// withContext makes an error that came of an ended context match that context's error, where a driver spoke only of
// an interruption or a closed connection, or the gate only of a cause.
func withContext(ctx context.Context, err error) error {
	ended := ctx.Err()
	if ended == nil || errors.Is(err, ended) {
		return err
	}
	return errors.Join(ended, err)
}

// invalid completes an error about a value that has no place in its column, or in a query.
func (d *door) invalid(op string, err error) error {
	var known *schema.Error
	if !errors.As(err, &known) {
		return &schema.Error{Op: op, Table: d.name, Kind: schema.ErrInvalid, Cause: err}
	}
	out := *known
	if out.Op == "" {
		out.Op = op
	}
	if out.Table == "" {
		out.Table = d.name
	}
	return &out
}

// fault makes an error of a kind that the node itself found out.
func (d *door) fault(op string, kind error) error {
	return &schema.Error{Op: op, Table: d.name, Kind: kind}
}
