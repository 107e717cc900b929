package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/schema"
)

// Classify implements dialect.Classifier; see the function Classify.
func (d *DB) Classify(err error) *schema.Error { return Classify(err) }

// Classify gives an error of the driver in the library's words, nil for nil. Code is the server's error number.
func Classify(err error) *schema.Error {
	if err == nil {
		return nil
	}
	if known, ok := errors.AsType[*schema.Error](err); ok {
		return known
	}
	e := &schema.Error{Cause: err}
	told, ok := errors.AsType[*mysql.MySQLError](err)
	if !ok {
		classifyLocal(e, err)
		return e
	}
	e.Code, e.Kind = strconv.Itoa(int(told.Number)), kindOf(told.Number)
	e.Constraint = constraintOf(told)
	switch {
	case told.Number == 1366 && (strings.HasPrefix(told.Message, "Incorrect integer ") || strings.HasPrefix(told.Message, "Incorrect double ")):
		e.Kind = schema.ErrMissing // numbers are bound as such: what is none is meant for a column that had another type
	case told.Number == unnamedFault && strings.Contains(told.Message, "'max_allowed_packet'"):
		e.Kind, e.Detail = schema.ErrInvalid, "a value is longer than the server's max_allowed_packet"
	case told.Number == 1792:
		e.Detail = "the transaction is read-only"
	case harmless(told.Number):
		e.Detail = told.Message
	}
	return e
}

// kindOf knows the error numbers that have a meaning to the library.
func kindOf(number uint16) error {
	switch number {
	case 1022, 1062, 1586: // duplicate keys
		return schema.ErrDuplicate
	case 1216, 1217, 1451, 1452, 1557, 1761, 1762: // foreign keys, from either side
		return schema.ErrForeignKey
	case 4025, 3819, 1406: // checks, and values that are too long
		return schema.ErrCheck
	case 1048, 1263, 1364: // null, or nothing, in a column that must have a value
		return schema.ErrNotNull
	case 1146, 1054, 1051, 1109, 1176, 1615, 1412: // table, column or index; a statement or a table that has changed beneath
		return schema.ErrMissing
	case 1205, 3572: // lock_wait_timeout of rows or of a table's shape
		return schema.ErrLockTimeout
	case 1213, 1020, 1206: // deadlock; a row changed since it was read; no room for more locks, which rolls all back as well
		return schema.ErrSerialization
	case 1044, 1045, 1142, 1143, 1227, 1370, 1698, 1792: // rights, and writes in a transaction that reads
		return schema.ErrPermission
	case 1050, 1060, 1061, 1826, 1072: // what is there already
		return schema.ErrRaced
	case 1040, 1041, 1049, 1053, 1077, 1079, 1129, 1130, 1203, 1226, 1290, 1317, 1461, 1836, 1927, 1969, 3024: // server and session
		return schema.ErrUnavailable
	case 1264, 1265, 1292, 1366, 1367, 1411, 1690, 1906: // values that are none of their type
		return schema.ErrInvalid
	}
	return nil
}

// noNumber is the error of an identity column that gives no number: there is none left, or somebody else held the counter. By the
// latter, a deadlock or a timeout, the transaction may have ended, of which nothing is said, not even if the server is asked.
const noNumber = 1467

// harmless reports whether the server's messages under a number can hold neither row values nor credentials: they speak of
// objects and of what can be done with them.
func harmless(number uint16) bool {
	switch number {
	case 1005, 1044, 1046, 1049, 1050, 1051, 1054, 1059, 1060, 1061, 1068, 1069, 1070, 1071, 1072, 1074, 1075, 1091, 1101, 1118, 1142,
		1143, 1146, 1166, 1170, 1176, 1213, 1205, 1227, 1503, 1553, 1822, 1826, 1829, 1832, 1833, 1834, 1845, 1846, 1901, 1903, 4025:
		return true
	}
	return false
}

// constraintOf finds the name of the key, the constraint or the column in a message. What stands around it may hold values.
func constraintOf(e *mysql.MySQLError) string {
	switch e.Number {
	case 1022, 1062, 1586:
		if at := strings.LastIndex(e.Message, " for key '"); at >= 0 {
			return strings.TrimSuffix(e.Message[at+len(" for key '"):], "'")
		}
	case 4025:
		if _, rest, ok := strings.Cut(e.Message, "CONSTRAINT `"); ok {
			name, _, _ := strings.Cut(rest, "` failed for ")
			return name
		}
	case 1048, 1263, 1364, 1406:
		_, rest, ok := strings.Cut(e.Message, "olumn '")
		if !ok {
			_, rest, ok = strings.Cut(e.Message, "Field '")
		}
		if ok {
			name, _, _ := strings.Cut(rest, "'")
			return name
		}
	case 1216, 1217, 1451, 1452:
		if _, rest, ok := strings.Cut(e.Message, ", CONSTRAINT `"); ok {
			name, _, _ := strings.Cut(rest, "` FOREIGN KEY (")
			return name
		}
	}
	return ""
}

// classifyLocal knows errors that did not come from the server.
func classifyLocal(e *schema.Error, err error) {
	var network *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, sql.ErrTxDone):
		e.Kind, e.Detail = schema.ErrInvalid, "the transaction has ended"
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &network),
		err.Error() == "sql: database is closed": // of which database/sql has no variable
		e.Kind = schema.ErrUnavailable
	}
}
