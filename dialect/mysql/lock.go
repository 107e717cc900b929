package mysql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// lockWait is how long a table's lock is waited for, and how long a free place among those who may hold some.
	lockWait = 300 * time.Millisecond
	// deadTries is how many connections of the pool may turn out to be dead before that is an error.
	deadTries = 3
	// afterwards bounds what is done once the caller's context may have ended.
	afterwards = 5 * time.Second
)

// lockName is a table's lock on the server, which knows locks by names of up to 64 characters for all databases together.
func (d *DB) lockName(ref schema.Ref) string {
	sum := sha256.Sum256([]byte(d.database + "\x00" + d.FitName(ref.Name)))
	return "schemactor " + hex.EncodeToString(sum[:])[:48]
}

// lockNames gives those of several tables in the order in which everybody takes them, each once.
func (d *DB) lockNames(refs []schema.Ref) []string {
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = d.lockName(ref)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Locked takes the locks by GET_LOCK, on the connection on which fn runs: they end with it. What changes a shape commits what
// was done before it, and is not taken back when fn fails; rows that were written after it are. Foreign keys are not checked
// inside, so that tables may point to some that come later.
func (d *DB) Locked(ctx context.Context, refs []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error) error {
	for tries := 1; ; tries++ {
		began := false
		err := d.lock(ctx, refs, func(ctx context.Context, tx dialect.Tx) error {
			began = true
			return fn(ctx, tx)
		})
		if began || tries == deadTries || !errors.Is(err, schema.ErrUnavailable) {
			return err
		}
		// The pool had a connection that was dead. Nothing was done on it.
	}
}

// lock is one try of Locked.
func (d *DB) lock(ctx context.Context, refs []schema.Ref, fn func(ctx context.Context, tx dialect.Tx) error) error {
	conn, err := d.turn(ctx)
	if err != nil {
		return err
	}
	defer func() { <-d.locking }()
	broken := true // until it is known to be as it was
	defer func() { giveBack(conn, broken) }()
	names := d.lockNames(refs)
	defer func() { broken = leave(ctx, conn) != nil }()
	if err := takeLocks(ctx, conn, names); err != nil {
		return d.Classify(told(ctx, err))
	}
	if _, err := conn.ExecContext(ctx, "SET SESSION autocommit = 0, foreign_key_checks = 0, lock_wait_timeout = 1"); err != nil {
		return d.Classify(told(ctx, err))
	}
	within := &session{q: querier{conn, &d.programs}}
	if err := fn(d.holding(ctx, conn), locked{session: within}); err != nil {
		return err
	}
	if err := within.refusal(ctx); err != nil {
		return d.Classify(err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return d.Classify(lost(told(ctx, err)))
	}
	return nil
}

// turn waits for a place among those who may hold locks and takes a connection.
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
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		<-d.locking
		return nil, d.Classify(told(ctx, err))
	}
	return conn, nil
}

// takeLocks takes one lock after the other, and waits for all of them no longer than lockWait.
func takeLocks(ctx context.Context, conn *sql.Conn, names []string) error {
	end := time.Now().Add(lockWait)
	for _, name := range names {
		wait := max(0, time.Until(end).Seconds())
		var got sql.NullInt64
		if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", name, wait).Scan(&got); err != nil {
			return err
		}
		if got.Int64 != 1 {
			return &schema.Error{Op: "lock", Kind: schema.ErrLockTimeout}
		}
	}
	return nil
}

// leave ends what is open on a connection, lets all locks go, and sets it to what it was.
func leave(ctx context.Context, conn *sql.Conn) error {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
	defer cancel()
	var failed error
	for _, statement := range []string{
		"ROLLBACK", "DO RELEASE_ALL_LOCKS()",
		"SET SESSION autocommit = 1, foreign_key_checks = 1, lock_wait_timeout = " + tableWait + ", innodb_lock_wait_timeout = " + rowWait,
	} {
		_, err := conn.ExecContext(after, statement)
		failed = errors.Join(failed, err)
	}
	return failed
}

// giveBack returns a connection to its pool. One that is not as it was is thrown away, and its locks end with it.
func giveBack(conn *sql.Conn, broken bool) {
	if broken {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	}
	if err := conn.Close(); err != nil && !errors.Is(err, sql.ErrConnDone) && !errors.Is(err, mysql.ErrInvalidConn) {
		return // it is not in the pool any more
	}
}

// Aside runs fn on a connection that can write nothing. Each statement is by itself, for a transaction would keep whoever
// changes a table that it has read waiting.
func (d *DB) Aside(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		return d.Classify(told(ctx, err))
	}
	broken := true
	defer func() { giveBack(conn, broken) }()
	if _, err := conn.ExecContext(ctx, "SET SESSION TRANSACTION READ ONLY"); err != nil {
		return d.Classify(told(ctx, err))
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), afterwards)
		defer cancel()
		_, err := conn.ExecContext(after, "SET SESSION TRANSACTION READ WRITE")
		broken = err != nil
	}()
	return fn(ctx, locked{session: &session{q: querier{conn, &d.programs}}, reads: true})
}

// locked is the transaction inside Locked, which ends it, or what there is in its place inside Aside.
type locked struct {
	*session
	reads bool // it can write nothing
}

// Commit fails: Locked commits once its function has returned.
func (locked) Commit(context.Context) error {
	return errors.New("the lock's transaction is ended by Locked")
}

// Rollback does nothing: Locked rolls back if its function fails.
func (locked) Rollback(context.Context) error { return nil }
