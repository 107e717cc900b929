package sqlite

import (
	"context"
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
//
// Inside it foreign keys are not enforced, for else a table that is built anew would take the rows that refer to it along;
// and ALTER TABLE RENAME follows the name into other tables, triggers and views. The connection has its own settings
// again afterwards, or it is thrown away.
func (d *DB) Locked(ctx context.Context, _ []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error) error {
	pinned, err := d.turn(ctx)
	if err != nil {
		return err
	}
	after := context.WithoutCancel(ctx)
	// In this order: the next Locked may come once the connection is back.
	defer func() { <-d.locking }()
	former, err := relax(ctx, pinned)
	defer func() { giveBack(after, pinned, former) }()
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	if err := begin(ctx, after, pinned); err != nil {
		return d.Classify(told(ctx, err))
	}
	within := &session{q: pinned}
	if err := fn(ctx, locked{within}); err != nil {
		return err
	}
	within.closeRows()
	if within.ended != nil {
		return within.ended
	}
	if err := ctx.Err(); err != nil {
		return d.Classify(err)
	}
	// A commit is not interrupted: either outcome would be possible.
	if _, err := pinned.Exec(after, "COMMIT"); err != nil {
		return d.Classify(err)
	}
	return nil
}

// Aside runs fn in a transaction on one of the reading connections.
func (d *DB) Aside(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	tx, err := d.view(ctx)
	if err != nil {
		return d.Classify(err)
	}
	defer tx.Rollback(ctx)
	return fn(ctx, locked{&tx.session})
}

// view opens a transaction on one of the reading connections, for several looks at one moment.
func (d *DB) view(ctx context.Context) (*transaction, error) {
	t := &transaction{}
	if err := t.open(ctx, d.reader, "BEGIN"); err != nil {
		return nil, err
	}
	return t, nil
}

// turn waits for the other Locked calls of this process, then for the writer's connection. On success the caller gives
// both back.
func (d *DB) turn(ctx context.Context) (connection, error) {
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
	pinned, err := d.writer.take(wait)
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
func begin(ctx, after context.Context, pinned connection) error {
	var busy int64
	if _, err := dialect.QueryRow(ctx, pinned, "PRAGMA busy_timeout", nil, &busy); err != nil {
		return err
	}
	if _, err := pinned.Exec(ctx, setBusy(lockWait.Milliseconds())); err != nil {
		return err
	}
	_, err := pinned.Exec(ctx, "BEGIN IMMEDIATE")
	_, restoreErr := pinned.Exec(after, setBusy(busy))
	return errors.Join(err, restoreErr)
}

// settings are what Locked changes of a connection, by pragma.
type settings map[string]string

// relax sets a connection up for the change of tables, which can be done outside a transaction only, and gives the
// settings that it had.
func relax(ctx context.Context, pinned connection) (former settings, err error) {
	former = settings{}
	for _, name := range []string{"foreign_keys", "legacy_alter_table"} {
		value, err := setting(ctx, pinned, name)
		if err != nil {
			return former, err
		}
		former[name] = value
		if value == "0" {
			continue
		}
		if _, err := pinned.Exec(ctx, "PRAGMA "+name+" = OFF"); err != nil {
			return former, err
		}
	}
	return former, nil
}

func setting(ctx context.Context, pinned connection, name string) (value string, err error) {
	_, err = dialect.QueryRow(ctx, pinned, "PRAGMA "+name, nil, &value)
	return value, err
}

// restore gives a connection its settings back. legacy_alter_table is set by plans, too.
func (s settings) restore(ctx context.Context, pinned connection) bool {
	for name, want := range s {
		have, err := setting(ctx, pinned, name)
		if err == nil && have != want {
			_, _ = pinned.Exec(ctx, "PRAGMA "+name+" = "+want) // what came of it is read
			have, err = setting(ctx, pinned, name)
		}
		if err != nil || have != want {
			return false
		}
	}
	return true
}

func setBusy(milliseconds int64) string { return fmt.Sprintf("PRAGMA busy_timeout = %d", milliseconds) }

// giveBack returns a connection to its pool, outside any transaction: what the commit did not end is rolled back here,
// after a failure as after a panic. A connection that cannot leave its transaction, or not get its settings back, is
// thrown away.
func giveBack(ctx context.Context, pinned connection, former settings) {
	if !pinned.autocommit() {
		_, _ = pinned.Exec(ctx, "ROLLBACK") // the state afterwards says what came of it
	}
	_ = pinned.release(!former.restore(ctx, pinned))
}

// locked is the transaction inside Locked, which ends it.
type locked struct{ *session }

// Commit fails: Locked commits once its function has returned.
func (locked) Commit(context.Context) error {
	return errors.New("the lock's transaction is ended by Locked")
}

// Rollback does nothing: Locked rolls back if its function fails.
func (locked) Rollback(context.Context) error { return nil }
