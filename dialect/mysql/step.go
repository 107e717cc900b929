package mysql

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.Applier = (*DB)(nil)

// Step implements dialect.Applier: each statement by itself, for each is final. It waits for the locks of others for a second,
// which is the shortest time that the server knows, and for 300 ms where the statement has nothing else to do.
func (d *DB) Step(ctx context.Context, step []schema.Statement, _ func(rows int64)) error {
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	broken := true
	defer func() { broken = leave(ctx, conn, nil) != nil; giveBack(conn, broken) }()
	if _, err := conn.ExecContext(ctx, "SET SESSION lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"); err != nil {
		return d.Classify(told(ctx, err))
	}
	for _, st := range step {
		if err := d.carry(ctx, conn, st); err != nil {
			return err
		}
	}
	return nil
}

// briefly has the server give a statement up that has not come to its end in 300 ms. That is said of statements alone that take
// no time of their own: what they wait for is the table, and all who come to it later wait behind them.
const briefly = "SET STATEMENT max_statement_time = 0.3 FOR "

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
	switch e, _ := errors.AsType[*mysql.MySQLError](err); {
	case e != nil && e.Number == outOfTime:
		return &schema.Error{Op: "apply", Kind: schema.ErrLockTimeout, Cause: err}
	case refusedWay(err):
		_, err = conn.ExecContext(ctx, brief+", ALGORITHM=INPLACE, LOCK=NONE")
	}
	return err
}

// outOfTime is the error of a statement that took longer than it may.
const outOfTime = 1969

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
