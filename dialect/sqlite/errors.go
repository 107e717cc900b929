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
		if errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) {
			out.Kind = schema.ErrUnavailable
		}
		return out
	}
	out := &schema.Error{Cause: err, Code: strconv.Itoa(int(e.ExtendedCode))}
	if e.ExtendedCode == 0 {
		out.Code = strconv.Itoa(int(e.Code))
	}
	if e.Code == sqlite3.ErrInterrupt {
		out.Cause = errors.Join(err, context.Canceled)
		return out
	}
	out.Kind, out.Constraint = kindOf(e)
	if e.Code == sqlite3.ErrError { // about the statement's text, in which there are no values
		out.Detail = e.Error()
	}
	return out
}

// constraintDatatype is SQLITE_CONSTRAINT_DATATYPE: a value that a STRICT table refuses. The driver has no name for it.
const constraintDatatype sqlite3.ErrNoExtended = 3091

func kindOf(e sqlite3.Error) (kind error, constraint string) {
	message := e.Error()
	_, named, _ := strings.Cut(message, "constraint failed: ")
	switch e.ExtendedCode {
	case sqlite3.ErrConstraintUnique, sqlite3.ErrConstraintPrimaryKey, sqlite3.ErrConstraintRowID:
		return schema.ErrDuplicate, named
	case sqlite3.ErrConstraintForeignKey, sqlite3.ErrConstraintTrigger:
		return schema.ErrForeignKey, ""
	case sqlite3.ErrConstraintCheck, constraintDatatype:
		return schema.ErrCheck, ""
	case sqlite3.ErrConstraintNotNull:
		return schema.ErrNotNull, named
	}
	switch e.Code {
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return schema.ErrLockTimeout, ""
	case sqlite3.ErrPerm, sqlite3.ErrReadonly, sqlite3.ErrAuth:
		return schema.ErrPermission, ""
	case sqlite3.ErrCantOpen, sqlite3.ErrIoErr, sqlite3.ErrFull, sqlite3.ErrNomem:
		return schema.ErrUnavailable, ""
	case sqlite3.ErrSchema:
		return schema.ErrRaced, ""
	case sqlite3.ErrError:
		for _, words := range []string{"no such table", "no such column", "has no column named"} {
			if strings.Contains(message, words) {
				return schema.ErrMissing, ""
			}
		}
		if strings.HasSuffix(message, "already exists") {
			return schema.ErrRaced, ""
		}
	}
	return nil, ""
}
