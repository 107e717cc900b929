package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/schema"
)

const (
	// acquireTimeout is how long what is not a caller's own statement waits for a free connection of the pool.
	acquireTimeout = time.Minute
	// fullTimeout is how long a server that has no connection left is waited out.
	fullTimeout = time.Minute
)

// connect takes a connection of the pool as pgx does, and waits out a server that has none left: it was sent nothing, so
// that waiting is safe whatever is to be sent. Prepared statements that have gone stale are forgotten before.
func (d *DB) connect(ctx context.Context) (*pgxpool.Conn, error) { return d.connectWithin(ctx, 0) }

// connectWithin is the same where a free connection of the pool is waited for no longer than for a time, unless that is 0.
func (d *DB) connectWithin(ctx context.Context, wait time.Duration) (*pgxpool.Conn, error) {
	conn, err := d.take(ctx, wait)
	if err != nil && full(err) {
		conn, err = d.waitOut(ctx, wait, err)
	}
	if err != nil {
		return nil, err
	}
	if err := d.freshen(ctx, conn); err != nil {
		conn.Release()
		return nil, err
	}
	return conn, nil
}

func (d *DB) take(ctx context.Context, wait time.Duration) (*pgxpool.Conn, error) {
	if wait > 0 {
		bounded, cancel := context.WithTimeout(ctx, wait)
		defer cancel()
		ctx = bounded
	}
	return d.pool.Acquire(ctx)
}

// waitOut tries again until the server takes a connection or the time is up. The error is then the server's, and the
// context's as well where that has ended.
func (d *DB) waitOut(ctx context.Context, wait time.Duration, why error) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeout(ctx, d.fullTimeout)
	defer cancel()
	for tries := 1; pause(limited, tries); tries++ {
		conn, err := d.take(limited, wait)
		switch {
		case err == nil:
			return conn, nil
		case full(err):
			why = err
		case limited.Err() == nil:
			return nil, err
		}
	}
	if ctx.Err() != nil {
		why = fmt.Errorf("%w: %w", context.Cause(ctx), why)
	}
	return nil, why
}

// full reports whether a server, or a pooler before it, took no connection because it has too many, or because it is
// just starting or stopping.
func full(err error) bool {
	var connecting *pgconn.ConnectError
	var refused *pgconn.PgError
	if !errors.As(err, &connecting) || !errors.As(err, &refused) {
		return false
	}
	switch {
	case refused.Code == "57P03": // cannot_connect_now
		return true
	case strings.HasPrefix(refused.Code, "53"): // insufficient resources, too_many_connections among them
		return true
	}
	return pooler(refused) && poolerWaits(refused)
}

// acquire takes a connection from the pool within a bounded time.
func (d *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := d.connectWithin(ctx, d.acquireTimeout)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() == nil && !full(err) && errors.Is(err, context.DeadlineExceeded):
		return nil, &schema.Error{
			Op: "connect", Kind: schema.ErrUnavailable, Cause: err,
			Detail: "no connection of the pool became free within " + d.acquireTimeout.String(),
		}
	}
	return nil, named("connect", err)
}

// beside gives a DB whose connection is another one than that of a Locked that runs: itself, or, where the pool has only
// one, a DB with a pool of its own for as long as it is needed.
func (d *DB) beside(ctx context.Context) (other *DB, done func(), err error) {
	config := d.pool.Config()
	if config.MaxConns > 1 {
		return d, func() {}, nil
	}
	config.MinConns, config.MinIdleConns = 0, 0
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, nil, named("connect", err)
	}
	return newDB(pool, true), pool.Close, nil
}

// dial makes a connection outside of the pool as the pool makes its own. The caller hangs up.
func (d *DB) dial(ctx context.Context) (*pgx.Conn, error) {
	pool := d.pool.Config()
	config := pool.ConnConfig
	if pool.BeforeConnect != nil {
		if err := pool.BeforeConnect(ctx, config); err != nil {
			return nil, err
		}
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil || pool.AfterConnect == nil {
		return conn, err
	}
	if err := pool.AfterConnect(ctx, conn); err != nil {
		hangUp(ctx, conn)
		return nil, err
	}
	return conn, nil
}

// hangUp closes a connection that was dialled, also after the context has ended.
func hangUp(ctx context.Context, conn *pgx.Conn) {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	_ = conn.Close(after)
}

// freshen has a connection forget its prepared statements where some connection of the pool has met one that the server
// no longer takes, since this one did so last. As long as that has never happened it costs one atomic load.
func (d *DB) freshen(ctx context.Context, conn *pgxpool.Conn) error {
	epoch := d.epoch.Load()
	if epoch == 0 {
		return nil
	}
	known := conn.Conn().PgConn().CustomData()
	if known[d.epochKey] == epoch {
		return nil
	}
	if err := conn.Conn().DeallocateAll(ctx); err != nil {
		return err
	}
	known[d.epochKey] = epoch
	return nil
}

// noticed takes note of a statement's error: a column has another type than when the statement was prepared, which is so
// for every connection of the pool that has prepared it. What a connection meets that has forgotten its statements since
// begins a new epoch; one that is behind tells nothing new.
func (d *DB) noticed(conn *pgx.Conn, err error) {
	var refused *pgconn.PgError
	if !errors.As(err, &refused) || !stalePlan(refused) {
		return
	}
	own, _ := conn.PgConn().CustomData()[d.epochKey].(int64)
	d.epoch.CompareAndSwap(own, own+1)
}

// lost gives an error of a statement that may have changed something, on a connection that was open before: where it broke
// under the statement, or the caller's context ended, nobody knows. A server that ends a session by word has rolled back
// what ran, unless it is crashing.
func lost(err error) error {
	var connecting *pgconn.ConnectError
	var told *pgconn.PgError
	switch {
	case err == nil, errors.As(err, &connecting):
		return err
	case pgconn.SafeToRetry(err) && !errors.Is(err, pgconn.ErrConnClosed):
		// Of a connection that is found closed pgx says so whether it broke before the statement was sent or afterwards.
		return err
	case errors.As(err, &told) && told.Code != "57P02" && (!pooler(told) || poolerWaits(told)):
		return err
	}
	e := Classify(err)
	ended := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if e.Kind != schema.ErrUnavailable && !ended {
		return err
	}
	return &schema.Error{Kind: schema.ErrOutcomeUnknown, Code: e.Code, Cause: err}
}
