package sqlite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// lockWait is how long another process's transaction is waited for, in milliseconds.
const lockWait = 300

// Locked runs fn in a transaction that holds the database's write lock, which stands for all tables' locks. Another
// Locked of this process or a writer of another one is waited for 300 ms each; other writers of this process stand in
// line for the one connection as this one does, so that the wait among them is bounded by ctx only.
func (d *DB) Locked(ctx context.Context, _ []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error) error {
	if err := d.turn(ctx); err != nil {
		return err
	}
	defer func() { <-d.locking }()
	conn, err := d.writer.Conn(ctx)
	if err != nil {
		return d.Classify(err)
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", lockWait)); err != nil {
		return d.Classify(err)
	}
	_, err = conn.ExecContext(ctx, "BEGIN IMMEDIATE")
	after := context.WithoutCancel(ctx)
	_, restoreErr := conn.ExecContext(after, fmt.Sprintf("PRAGMA busy_timeout = %d", d.busy.Milliseconds()))
	if err != nil || restoreErr != nil {
		if err == nil {
			_, err = conn.ExecContext(after, "ROLLBACK")
		}
		return d.Classify(errors.Join(err, restoreErr))
	}
	open := true
	defer func() {
		if open { // fn failed, panicked, or the commit did
			_, _ = conn.ExecContext(after, "ROLLBACK")
		}
	}()
	if err := fn(ctx, locked{querier{conn}}); err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return d.Classify(err)
	}
	open = false
	return nil
}

// turn waits for the other Locked calls of this process.
func (d *DB) turn(ctx context.Context) error {
	timer := time.NewTimer(lockWait * time.Millisecond)
	defer timer.Stop()
	select {
	case d.locking <- struct{}{}:
		return nil
	case <-timer.C:
		return &schema.Error{Op: "lock", Kind: schema.ErrLockTimeout}
	case <-ctx.Done():
		return d.Classify(context.Cause(ctx))
	}
}

// locked is the transaction inside Locked, which ends it.
type locked struct{ querier }

func (locked) Commit(context.Context) error {
	return errors.New("the lock's transaction is ended by Locked")
}
func (locked) Rollback(context.Context) error { return nil }
