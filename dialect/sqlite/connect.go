package sqlite

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/schema"
)

// connector opens connections to one file, each with all its settings.
type connector struct {
	path   string // absolute, or memory
	config Config
	write  bool
}

// open opens a connection.
func (c *connector) open(ctx context.Context) (*conn, error) {
	// One goroutine at a time has the connection, so that SQLite need not lock it.
	query := url.Values{"_busy_timeout": {fmt.Sprint(c.config.BusyTimeout.Milliseconds())}, "_mutex": {"no"}}
	if !c.write {
		query.Set("mode", "ro")
	}
	opened, err := (&sqlite3.SQLiteDriver{}).Open(source(c.path, query))
	if err != nil {
		return nil, err
	}
	made := &conn{SQLiteConn: opened.(*sqlite3.SQLiteConn), writes: c.write, total: unknown}
	if err := c.prepare(ctx, made); err != nil {
		return nil, errors.Join(err, made.close())
	}
	return made, nil
}

// prepare sets the pragmas; the wait for locks is set already.
func (c *connector) prepare(ctx context.Context, made *conn) error {
	pragmas := []string{"PRAGMA foreign_keys = ON", "PRAGMA synchronous = " + c.config.Synchronous}
	if !c.write {
		pragmas = append(pragmas, "PRAGMA query_only = ON")
	} else if c.path != memory {
		mode, err := c.log(ctx, made)
		if err != nil {
			return err
		}
		if err := c.writable(ctx, made); err != nil {
			return err
		}
		if mode != "wal" {
			return &schema.Error{Op: "open", Kind: schema.ErrUnavailable, Detail: "the file system has no write-ahead logging"}
		}
	}
	for _, p := range pragmas {
		if _, err := made.Exec(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// log turns write-ahead logging on and gives the mode that came of it. While somebody else does it to the same new
// file SQLite answers "locked" at once, whatever the timeout: that is waited out here.
func (c *connector) log(ctx context.Context, made *conn) (mode string, err error) {
	end := time.Now().Add(c.config.BusyTimeout)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		mode, err = made.text(ctx, "PRAGMA journal_mode = WAL")
		e, ok := errors.AsType[sqlite3.Error](err)
		if !ok || e.Code != sqlite3.ErrBusy && e.Code != sqlite3.ErrLocked || time.Now().After(end) {
			return mode, err
		}
		timer.Reset(5 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

// writable finds out whether the file can be written: SQLite opens one that cannot, and begins to write, without a word.
// What is written here is rolled back. Whoever holds the write lock is not waited for: where there is a lock, others
// write.
func (c *connector) writable(ctx context.Context, made *conn) error {
	wait := fmt.Sprintf("PRAGMA busy_timeout = %d", c.config.BusyTimeout.Milliseconds())
	for _, statement := range []string{
		"PRAGMA busy_timeout = 0", "BEGIN IMMEDIATE", "PRAGMA user_version = 0", "ROLLBACK", wait,
	} {
		_, err := made.Exec(ctx, statement)
		if e, ok := errors.AsType[sqlite3.Error](err); ok && e.Code == sqlite3.ErrBusy {
			_, err = made.Exec(ctx, wait)
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}
