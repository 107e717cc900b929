package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// conn is a connection of our own.
type conn struct {
	*sqlite3.SQLiteConn
	pool   *conns
	writes bool
	kept   kept
	bound  []driver.NamedValue // used again by each statement
	large  bool                // what is bound is
	total  int64               // rows touched since the connection was opened, as far as is known; else -1
}

var _ connection = (*conn)(nil)

func (c *conn) autocommit() bool { return c.AutoCommit() }

func (c *conn) release(broken bool) error { return c.pool.put(c, broken) }

// Exec implements dialect.Querier. A statement that touches no rows, as one that makes a table, gives any number, as the driver
// does.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := c.bind(ctx, args); err != nil {
		return 0, err
	}
	defer c.unbind()
	if ctx.Done() != nil {
		return c.execWatched(ctx, text)
	}
	c.total = unknown
	var s *statement
	if len(args) > 0 { // the driver runs others, as those that make tables, at one go
		var err error
		if s, err = c.statement(text, len(args)); err != nil {
			return 0, err
		}
	}
	if s == nil {
		return affected(c.ExecContext(ctx, text, c.bound))
	}
	n, err := affected(s.ExecContext(ctx, c.bound))
	return n, errors.Join(err, c.done(text, s, c.large))
}

func affected(result driver.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// unknown stands for a total that must be asked for.
const unknown = -1

// execWatched is Exec for a context that may end. The driver has a goroutine run each ExecContext of such a one, but watches a
// query without; of one whose context ends it does not say whether it was too late for that.
func (c *conn) execWatched(ctx context.Context, text string) (n int64, err error) {
	before := c.total
	if before == unknown {
		if _, before, err = c.changes(); err != nil {
			return 0, err
		}
	}
	c.total = unknown
	s, err := c.statement(text, len(c.bound))
	if err != nil {
		return 0, err
	}
	from, err := c.start(ctx, text, s)
	if err == nil {
		err = from.Close()
	}
	if s != nil {
		err = errors.Join(err, c.done(text, s, c.large))
	}
	if err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		return 0, told(ctx, err)
	}
	n, total, countErr := c.changes()
	if countErr != nil {
		return 0, errors.Join(err, countErr)
	}
	c.total = total
	if err != nil && (n == 0 || total == before) { // triggers count, too, also of what was undone
		return 0, err
	}
	return n, nil
}

// changes gives the number of rows that the last statement which writes has touched, and of all since the connection was
// opened.
func (c *conn) changes() (last, total int64, err error) {
	const text = "SELECT changes(), total_changes()"
	s, err := c.statement(text, 0)
	if err != nil {
		return 0, 0, err
	}
	from, err := s.QueryContext(context.Background(), nil)
	if err != nil {
		return 0, 0, errors.Join(err, c.done(text, s, false))
	}
	var values [2]driver.Value
	err = from.Next(values[:])
	last, _ = values[0].(int64)
	total, _ = values[1].(int64)
	return last, total, errors.Join(err, from.Close(), c.done(text, s, false))
}

// Query implements dialect.Querier.
func (c *conn) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	r, err := c.query(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// query takes the statement's first step, too, in which one that writes does all its work.
func (c *conn) query(ctx context.Context, text string, args []any) (*rows, error) {
	if err := c.bind(ctx, args); err != nil {
		return nil, err
	}
	defer c.unbind()
	s, err := c.statement(text, len(args))
	if err != nil {
		return nil, err
	}
	writes := s == nil && c.writes || s != nil && s.writes
	if writes {
		c.total = unknown
	}
	from, err := c.start(ctx, text, s)
	if err != nil {
		if s != nil {
			err = errors.Join(err, c.done(text, s, c.large))
		}
		return nil, c.halfway(ctx, writes, told(ctx, err))
	}
	r := &rows{from: from, conn: c, ctx: ctx, text: text, statement: s, large: c.large, writes: writes}
	r.columns = from.Columns()
	if len(r.columns) <= len(r.few) {
		r.values = r.few[:len(r.columns)]
	} else {
		r.values = make([]driver.Value, len(r.columns))
	}
	return r, nil
}

// halfway gives the error of a statement whose context has ended. Of one that writes and gives rows the driver does not say
// whether it was done by then; only in a transaction that does not matter yet.
func (c *conn) halfway(ctx context.Context, writes bool, err error) error {
	if !writes || ctx.Err() == nil || !errors.Is(err, ctx.Err()) || !c.AutoCommit() {
		return err
	}
	return &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: err}
}

// bind puts what a statement binds into the driver's form, unless the context has ended.
func (c *conn) bind(ctx context.Context, args []any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.bound, c.large = c.bound[:0], false
	size := 0
	for i, value := range args {
		switch v := value.(type) {
		case string:
			size += len(v)
		case []byte:
			size += len(v)
		case nil, int64, float64, bool, time.Time:
		default:
			converted, err := driver.DefaultParameterConverter.ConvertValue(value)
			if err != nil {
				return err
			}
			value = converted
		}
		c.bound = append(c.bound, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	c.large = size > mostBound
	return nil
}

// unbind lets go of what a statement has bound.
func (c *conn) unbind() { clear(c.bound) }

// text runs a pragma that answers with one text.
func (c *conn) text(ctx context.Context, pragma string) (text string, err error) {
	_, err = dialect.QueryRow(ctx, c, pragma, nil, &text)
	return text, err
}
