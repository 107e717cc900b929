package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// lockWait is how long each of the things that stand in a lock's way is waited for.
const lockWait = 300 * time.Millisecond

// Locked runs fn in a transaction that holds the database's write lock, which stands for all tables' locks. Another
// Locked of this process, the writer's connection and a writer of another process are waited for 300 ms each; then it
// is schema.ErrLockTimeout.
func (d *DB) Locked(ctx context.Context, _ []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error) error {
	pinned, err := d.turn(ctx)
	if err != nil {
		return err
	}
	after := context.WithoutCancel(ctx)
	// In this order: the next Locked may come once the connection is back.
	defer func() { <-d.locking }()
	defer giveBack(after, pinned)
	if err := begin(ctx, after, pinned); err != nil {
		return d.Classify(told(ctx, err))
	}
	within := &session{querier: querier{pinned}}
	if err := fn(ctx, locked{within}); err != nil {
		return err
	}
	if within.ended {
		return lost()
	}
	if err := ctx.Err(); err != nil {
		return d.Classify(err)
	}
	// A commit is not interrupted: either outcome would be possible.
	if _, err := pinned.ExecContext(after, "COMMIT"); err != nil {
		return d.Classify(err)
	}
	return nil
}

// turn waits for the other Locked calls of this process, then for the writer's connection. On success the caller gives
// both back.
func (d *DB) turn(ctx context.Context) (*sql.Conn, error) {
	timer := time.NewTimer(lockWait)
	defer timer.Stop()
	select {
	case d.locking <- struct{}{}:
	case <-timer.C:
		return nil, &schema.Error{Op: "lock", Kind: schema.ErrLockTimeout}
	case <-ctx.Done():
		return nil, d.Classify(ctx.Err())
	}
	wait, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	pinned, err := d.writer.Conn(wait)
	if err == nil {
		return pinned, nil
	}
	<-d.locking
	if ctx.Err() == nil && wait.Err() != nil {
		return nil, &schema.Error{Op: "lock", Kind: schema.ErrLockTimeout, Cause: err}
	}
	return nil, d.Classify(err)
}

// begin takes the write lock, with its own wait in the place of the connection's.
func begin(ctx, after context.Context, pinned *sql.Conn) error {
	var busy int64
	if _, err := dialect.QueryRow(ctx, querier{pinned}, "PRAGMA busy_timeout", nil, &busy); err != nil {
		return err
	}
	if _, err := pinned.ExecContext(ctx, setBusy(lockWait.Milliseconds())); err != nil {
		return err
	}
	_, err := pinned.ExecContext(ctx, "BEGIN IMMEDIATE")
	_, restoreErr := pinned.ExecContext(after, setBusy(busy))
	return errors.Join(err, restoreErr)
}

func setBusy(milliseconds int64) string { return fmt.Sprintf("PRAGMA busy_timeout = %d", milliseconds) }

// giveBack returns a connection to its pool, outside any transaction: what the commit did not end is rolled back here,
// after a failure as after a panic. A connection that cannot leave its transaction is thrown away.
func giveBack(ctx context.Context, pinned *sql.Conn) {
	// Outside a transaction this fails and does nothing.
	_, err := pinned.ExecContext(ctx, "ROLLBACK")
	_ = pinned.Raw(func(made any) error {
		if c, ok := made.(interface{ AutoCommit() bool }); ok {
			if c.AutoCommit() {
				return nil
			}
			return driver.ErrBadConn
		}
		// A caller's driver around ours cannot be asked. SQLite's answer outside a transaction is an error of code 1.
		if err != nil && !isError(err) {
			return driver.ErrBadConn
		}
		return nil
	})
	_ = pinned.Close()
}

// locked is the transaction inside Locked, which ends it.
type locked struct{ *session }

// Commit fails: Locked commits once its function has returned.
func (locked) Commit(context.Context) error {
	return errors.New("the lock's transaction is ended by Locked")
}

// Rollback does nothing: Locked rolls back if its function fails.
func (locked) Rollback(context.Context) error { return nil }
