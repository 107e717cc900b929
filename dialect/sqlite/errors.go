package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"

	"github.com/mattn/go-sqlite3"

	"github.com/schemactor/schemactor/schema"
)

// Classify gives go-sqlite3's error in the library's words.
func (*DB) Classify(err error) *schema.Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*schema.Error](err); ok {
		return known
	}
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok {
		out := &schema.Error{Cause: err}
		// database/sql has no variable for the error of a pool that was closed.
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || err.Error() == "sql: database is closed" {
			out.Kind = schema.ErrUnavailable
		}
		if errors.Is(err, sql.ErrTxDone) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			out.Kind, out.Detail = schema.ErrInvalid, "the transaction has ended"
		}
		return out
	}
	out := &schema.Error{Cause: err, Code: strconv.Itoa(int(e.ExtendedCode))}
	if e.ExtendedCode == 0 {
		out.Code = strconv.Itoa(int(e.Code))
	}
	out.Constraint, out.Kind = kindOf(e)
	if e.Code == sqlite3.ErrError && aboutText(e.Error()) {
		out.Detail = e.Error()
	}
	return out
}

// aboutText reports whether a message is about the statement's text, in which there are no row values. Other messages
// of the same code come from functions and may repeat what they were given.
func aboutText(message string) bool {
	for _, start := range []string{
		"no such ", "near \"", "table ", "index ", "there is already ", "duplicate column name", "foreign key mismatch",
		"unknown column ", "cannot ", "incomplete input", "wrong number of arguments",
	} {
		if strings.HasPrefix(message, start) {
			return true
		}
	}
	return false
}

// constraintDatatype is SQLITE_CONSTRAINT_DATATYPE: a value that a STRICT table refuses. The driver has no name for it.
const constraintDatatype sqlite3.ErrNoExtended = 3091

func kindOf(e sqlite3.Error) (constraint string, kind error) {
	message := e.Error()
	_, named, _ := strings.Cut(message, "constraint failed: ")
	switch e.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
		return named, schema.ErrDuplicate
	case sqlite3.ErrConstraintForeignKey:
		return "", schema.ErrForeignKey
	case sqlite3.ErrConstraintTrigger: // RAISE in a trigger; ON DELETE RESTRICT is one of SQLite's own
		if message == "FOREIGN KEY constraint failed" {
			return "", schema.ErrForeignKey
		}
		return "", schema.ErrCheck
	case sqlite3.ErrConstraintCheck:
		return named, schema.ErrCheck
	case constraintDatatype:
		// What is bound has the type of the model's column, so that it is the column which has another one.
		_, named, _ = strings.Cut(message, " column ")
		return named, schema.ErrMissing
	case sqlite3.ErrConstraintNotNull:
		return named, schema.ErrNotNull
	case sqlite3.ErrBusySnapshot: // a transaction that began by reading wants to write, and others have written since
		return "", schema.ErrSerialization
	}
	if e.Code == sqlite3.ErrError && message == "CHECK constraint failed" {
		return "", schema.ErrCheck // ADD COLUMN looks at the rows by a statement of its own, and so gives no better code
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return "", schema.ErrLockTimeout
	case sqlite3.ErrPerm, sqlite3.ErrReadonly, sqlite3.ErrAuth:
		return "", schema.ErrPermission
	case sqlite3.ErrCantOpen, sqlite3.ErrIoErr, sqlite3.ErrFull, sqlite3.ErrNomem, sqlite3.ErrProtocol:
		return "", schema.ErrUnavailable
	case sqlite3.ErrMismatch: // a key that is no number
		return "", schema.ErrCheck
	case sqlite3.ErrSchema:
		return "", schema.ErrRaced
	case sqlite3.ErrError:
		for _, words := range []string{
			"no such table", "no such column", "has no column named",
			"ON CONFLICT clause does not match", // the unique index that an upsert needs
		} {
			if strings.Contains(message, words) {
				return "", schema.ErrMissing
			}
		}
		if strings.HasSuffix(message, "already exists") {
			return "", schema.ErrRaced
		}
	}
	return "", nil
}
