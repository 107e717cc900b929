package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/schema"
)

const memory = ":memory:"

// pathOf takes a path or URL apart. What stands behind an unknown scheme is not repeated: it may hold a password.
func pathOf(path string) (string, error) {
	switch scheme, rest, found := strings.Cut(path, "://"); {
	case path == "":
		return "", schema.Invalid("open", "", "", "empty path")
	case found && scheme == "sqlite":
		return pathOf(rest)
	case found && scheme != "file" && !strings.ContainsAny(scheme, `/\.`):
		return "", schema.Invalid("open", "", "", "unknown URL scheme %q", scheme)
	}
	if rest, ok := strings.CutPrefix(path, "file:"); ok {
		u, err := url.PathUnescape(strings.TrimPrefix(rest, "//"))
		if err != nil || strings.Contains(rest, "?") {
			return "", schema.Invalid("open", "", "", "file: takes a path without parameters")
		}
		return u, nil
	}
	return path, nil
}

// connector opens connections to one file, each with all its settings.
type connector struct {
	path   string
	config Config
	write  bool
}

// Driver gives the driver that the connections come from.
func (c *connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

// Connect opens a connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	query := url.Values{"_busy_timeout": {fmt.Sprint(c.config.BusyTimeout.Milliseconds())}}
	if c.write {
		query.Set("_txlock", "immediate")
	} else {
		query.Set("mode", "ro")
	}
	name := memory + "?" + query.Encode()
	if c.path != memory {
		name = "file:" + (&url.URL{Path: c.path}).EscapedPath() + "?" + query.Encode()
	}
	opened, err := c.Driver().Open(name)
	if err != nil {
		return nil, err
	}
	conn := opened.(*sqlite3.SQLiteConn)
	if err := c.prepare(ctx, conn); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// prepare sets the pragmas, the wait for locks first.
func (c *connector) prepare(ctx context.Context, conn *sqlite3.SQLiteConn) error {
	pragmas := []string{"PRAGMA foreign_keys = ON", "PRAGMA synchronous = " + c.config.Synchronous}
	if !c.write {
		pragmas = append(pragmas, "PRAGMA query_only = ON")
	} else if c.path != memory {
		if err := c.log(ctx, conn); err != nil {
			return err
		}
	}
	for _, p := range pragmas {
		if _, err := conn.ExecContext(ctx, p, nil); err != nil {
			return err
		}
	}
	return nil
}

// log turns write-ahead logging on. While somebody else does it to the same new file SQLite answers "locked" at once,
// whatever the timeout: that is waited out here.
func (c *connector) log(ctx context.Context, conn *sqlite3.SQLiteConn) error {
	end := time.Now().Add(c.config.BusyTimeout)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		_, err := conn.ExecContext(ctx, "PRAGMA journal_mode = WAL", nil)
		var e sqlite3.Error
		if err == nil || !errors.As(err, &e) || e.Code != sqlite3.ErrBusy && e.Code != sqlite3.ErrLocked || time.Now().After(end) {
			return err
		}
		timer.Reset(5 * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
