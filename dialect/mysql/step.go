package mysql

import (
	"context"
	"database/sql"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.Applier = (*DB)(nil)

// holder is the key in a context under which the connection is that holds the locks of a database.
type holder struct{ db *DB }

// holding gives the function inside Locked a context by which Step finds the connection of the locks.
func (d *DB) holding(ctx context.Context, conn *sql.Conn) context.Context {
	return context.WithValue(ctx, holder{d}, conn)
}

const (
	// steady is how a connection is set while it carries steps out: each statement is final, what was open is committed, and
	// the locks of others are waited for no longer than a second, which is the shortest time that the server knows. One that
	// has nothing else to do waits for 300 ms before that.
	steady = "SET SESSION autocommit = 1, foreign_key_checks = 1, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"
	// steadied is how Locked has set it.
	steadied = "SET SESSION autocommit = 0, foreign_key_checks = 0, innodb_lock_wait_timeout = " + rowWait
)

// Step implements dialect.Applier: each statement by itself. Inside Locked it runs on the connection that holds the locks: the
// server goes on with a statement whose program is gone, and nobody else is to have the locks as long as it does.
func (d *DB) Step(ctx context.Context, step []schema.Statement, progress func(rows int64)) (err error) {
	if conn, ok := ctx.Value(holder{d}).(*sql.Conn); ok {
		defer func() {
			if _, failed := conn.ExecContext(ctx, steadied); err == nil && failed != nil {
				err = d.Classify(told(ctx, failed))
			}
		}()
		return d.steps(ctx, conn, step, progress)
	}
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	defer func() { giveBack(conn, leave(ctx, conn) != nil) }()
	return d.steps(ctx, conn, step, progress)
}

func (d *DB) steps(ctx context.Context, conn *sql.Conn, step []schema.Statement, progress func(rows int64)) error {
	_, err := conn.ExecContext(ctx, steady)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	for _, st := range step {
		if st.Mode == schema.ModeBatches {
			err = d.inBatches(ctx, conn, st, progress)
		} else {
			err = d.carry(ctx, conn, st)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const (
	// briefly has the server give a statement up that has not come to its end in 300 ms. That is said of statements alone that
	// take no time of their own: what they wait for is the table, and all who come to it later wait behind them.
	briefly = "SET STATEMENT max_statement_time = 0.3 FOR "
	// outOfTime is the error of such a statement.
	outOfTime = 1969
	// between is what those who waited behind it have to get through before it comes again.
	between = 50 * time.Millisecond
)

// carry runs one statement.
func (d *DB) carry(ctx context.Context, conn *sql.Conn, st schema.Statement) error {
	if st.Refuse != "" {
		var one int
		switch err := conn.QueryRowContext(ctx, st.SQL).Scan(&one); {
		case errors.Is(err, sql.ErrNoRows):
			return nil
		case err != nil:
			return d.Classify(told(ctx, err))
		}
		return &schema.Error{Op: "apply", Kind: schema.ErrUnfitRows, Detail: st.Refuse}
	}
	if err := d.change(ctx, conn, st.SQL); err != nil {
		return d.Classify(told(ctx, err))
	}
	return nil
}

// change runs a statement that changes a shape. What the catalogue alone cannot say is done in place, where others go on as
// well.
func (d *DB) change(ctx context.Context, conn *sql.Conn, text string) error {
	brief, instant := strings.CutSuffix(text, ", ALGORITHM=INSTANT")
	if !instant {
		_, err := conn.ExecContext(ctx, text)
		return err
	}
	_, err := conn.ExecContext(ctx, briefly+text)
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok && e.Number == outOfTime {
		// A server that is very busy may take so long by itself: this time the locks alone are waited for no longer than they may.
		timer := time.NewTimer(between + rand.N(between))
		defer timer.Stop()
		select {
		case <-timer.C:
			_, err = conn.ExecContext(ctx, text)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if refusedWay(err) {
		_, err = conn.ExecContext(ctx, brief+", ALGORITHM=INPLACE, LOCK=NONE")
	}
	return err
}

// refusedWay reports whether the server cannot carry a change out in the way that was asked.
func refusedWay(err error) bool {
	e, ok := errors.AsType[*mysql.MySQLError](err)
	return ok && (e.Number == 1845 || e.Number == 1846)
}

// Beside implements dialect.Applier.
func (d *DB) Beside(ctx context.Context, fn func(ctx context.Context, q dialect.Querier) error) error {
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	defer giveBack(conn, false)
	if err := fn(ctx, querier{conn, &d.programs}); err != nil {
		return d.Classify(err)
	}
	return nil
}
