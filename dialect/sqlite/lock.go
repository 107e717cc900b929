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

// Aside runs fn in a transaction on one of the reading connections.
func (d *DB) Aside(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	tx, err := d.reader.BeginTx(ctx, nil)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	defer tx.Rollback()
	return fn(ctx, locked{&session{querier: querier{tx}}})
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

// settings are what Locked changes of a connection, by pragma.
type settings map[string]string

// relax sets a connection up for the change of tables, which can be done outside a transaction only, and gives the
// settings that it had.
func relax(ctx context.Context, pinned *sql.Conn) (former settings, err error) {
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
		if _, err := pinned.ExecContext(ctx, "PRAGMA "+name+" = OFF"); err != nil {
			return former, err
		}
	}
	return former, nil
}

func setting(ctx context.Context, pinned *sql.Conn, name string) (value string, err error) {
	_, err = dialect.QueryRow(ctx, querier{pinned}, "PRAGMA "+name, nil, &value)
	return value, err
}

// restore gives a connection its settings back. legacy_alter_table is set by plans, too.
func (s settings) restore(ctx context.Context, pinned *sql.Conn) bool {
	for name, want := range s {
		have, err := setting(ctx, pinned, name)
		if err == nil && have != want {
			_, _ = pinned.ExecContext(ctx, "PRAGMA "+name+" = "+want) // what came of it is read
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
func giveBack(ctx context.Context, pinned *sql.Conn, former settings) {
	// Outside a transaction this fails and does nothing.
	_, err := pinned.ExecContext(ctx, "ROLLBACK")
	restored := former.restore(ctx, pinned)
	_ = pinned.Raw(func(made any) error {
		if !restored {
			return driver.ErrBadConn
		}
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
