package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/dialect"
)

// conn is a connection of our own. The driver keeps the statements that it has prepared.
type conn struct {
	*sqlite3.SQLiteConn
	pool  *conns
	bound []driver.NamedValue // used again by each statement
}

var _ connection = (*conn)(nil)

func (c *conn) autocommit() bool { return c.AutoCommit() }

func (c *conn) release(broken bool) error { return c.pool.put(c, broken) }

// Exec implements dialect.Querier.
func (c *conn) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	if err := c.bind(ctx, args); err != nil {
		return 0, err
	}
	defer clear(c.bound)
	if ctx.Done() == nil {
		result, err := c.ExecContext(ctx, text, c.bound)
		if err != nil {
			return 0, err
		}
		return result.RowsAffected()
	}
	// For a context that may end the driver has a goroutine run each ExecContext; it watches a query without one.
	done, err := c.QueryContext(ctx, text, c.bound)
	if err != nil {
		return 0, told(ctx, err)
	}
	if err := done.Close(); err != nil {
		return 0, err
	}
	return c.changes()
}

// changes gives the number of rows that the last statement has touched.
func (c *conn) changes() (int64, error) {
	counted, err := c.QueryContext(context.Background(), "SELECT changes()", nil)
	if err != nil {
		return 0, err
	}
	var value [1]driver.Value
	err = counted.Next(value[:])
	n, _ := value[0].(int64)
	return n, errors.Join(err, counted.Close())
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
	defer clear(c.bound)
	from, err := c.QueryContext(ctx, text, c.bound)
	if err != nil {
		return nil, told(ctx, err)
	}
	r := &rows{from: from, conn: c, ctx: ctx}
	r.columns = from.Columns()
	if len(r.columns) <= len(r.few) {
		r.values = r.few[:len(r.columns)]
	} else {
		r.values = make([]driver.Value, len(r.columns))
	}
	return r, nil
}

// bind puts what a statement binds into the driver's form, unless the context has ended.
func (c *conn) bind(ctx context.Context, args []any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.bound = c.bound[:0]
	for i, value := range args {
		switch value.(type) {
		case nil, int64, string, []byte, float64, bool, time.Time:
		default:
			converted, err := driver.DefaultParameterConverter.ConvertValue(value)
			if err != nil {
				return err
			}
			value = converted
		}
		c.bound = append(c.bound, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return nil
}

// text runs a pragma that answers with one text.
func (c *conn) text(ctx context.Context, pragma string) (text string, err error) {
	_, err = dialect.QueryRow(ctx, c, pragma, nil, &text)
	return text, err
}
