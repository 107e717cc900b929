package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

const (
	// mostKept is how many prepared statements a connection keeps.
	mostKept = 256
	// mostBound is how many bytes a statement may have bound to be kept: the driver's copy of them is kept with it.
	mostBound = 1 << 20
)

// kept are the statements that a connection keeps prepared, by their text. SQLite prepares one anew by itself when its tables
// have changed. The driver's own store of them is not used: it looks through all that it holds, and for a statement that
// gave a row it loses the error of the commit.
type kept struct {
	byText map[string]*statement
	clock  uint64
}

// statement is a prepared statement.
type statement struct {
	*sqlite3.SQLiteStmt
	writes bool
	kept   bool
	busy   bool   // its result is being read
	used   uint64 // when last, by the clock
}

// statement gives the prepared statement of a text, until done is called. It is nil for a text of several statements.
func (c *conn) statement(text string, bound int) (*statement, error) {
	if s := c.kept.byText[text]; s != nil && !s.busy {
		c.kept.clock++
		s.busy, s.used = true, c.kept.clock
		return s, s.takes(bound)
	}
	if strings.IndexByte(text, ';') >= 0 || strings.TrimSpace(text) == "" {
		return nil, nil
	}
	prepared, err := c.Prepare(text)
	if err != nil {
		return nil, err
	}
	s := &statement{SQLiteStmt: prepared.(*sqlite3.SQLiteStmt), busy: true}
	s.writes = !s.Readonly()
	if err := s.takes(bound); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if bound > 0 || !s.writes { // others, as those that make tables, come once
		c.keep(text, s)
	}
	return s, nil
}

// takes reports whether a statement has as many places as there are values.
func (s *statement) takes(bound int) error {
	if n := s.NumInput(); n != bound {
		s.busy = false
		return fmt.Errorf("the statement binds %d values, and %d were given", n, bound)
	}
	return nil
}

// keep has a new statement kept, in the place of the one that was not used for longest where there are too many. Where one of
// the same text is being read, the new one ends after its use.
func (c *conn) keep(text string, s *statement) {
	if c.kept.byText == nil {
		c.kept.byText = make(map[string]*statement)
	}
	if c.kept.byText[text] != nil {
		return
	}
	if len(c.kept.byText) >= mostKept {
		oldest, at := (*statement)(nil), ""
		for text, other := range c.kept.byText {
			if !other.busy && (oldest == nil || other.used < oldest.used) {
				oldest, at = other, text
			}
		}
		if oldest == nil {
			return
		}
		delete(c.kept.byText, at)
		_ = oldest.Close()
	}
	c.kept.clock++
	s.kept, s.used = true, c.kept.clock
	c.kept.byText[text] = s
}

// done ends the use of a statement. A large one is not kept.
func (c *conn) done(text string, s *statement, large bool) error {
	s.busy = false
	if s.kept && !large {
		return nil
	}
	if s.kept {
		delete(c.kept.byText, text)
	}
	return s.Close()
}

// close ends the connection and its statements.
func (c *conn) close() error {
	var failed error
	for _, s := range c.kept.byText {
		failed = errors.Join(failed, s.Close())
	}
	c.kept.byText = nil
	return errors.Join(failed, c.Close())
}

// start runs a statement to its first row; s is nil where its text holds several.
func (c *conn) start(ctx context.Context, text string, s *statement) (driver.Rows, error) {
	if s == nil {
		return c.QueryContext(ctx, text, c.bound)
	}
	return s.QueryContext(ctx, c.bound)
}
