package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/schema"
)

// Classify implements dialect.Classifier; see the function Classify.
func (d *DB) Classify(err error) *schema.Error { return Classify(err) }

// Classify gives an error of pgx in the library's words, nil for nil. Detail holds the server's message for those
// classes of errors whose messages cannot hold row values, and host and database for a connection that failed.
func Classify(err error) *schema.Error {
	if err == nil {
		return nil
	}
	var known *schema.Error
	if errors.As(err, &known) {
		return known
	}
	e := &schema.Error{Cause: err}
	var refused *pgconn.PgError
	if errors.As(err, &refused) {
		e.Code, e.Kind = refused.Code, kindOf(refused)
		e.Constraint = refused.ConstraintName
		if e.Constraint == "" {
			e.Constraint = refused.ColumnName
		}
		switch {
		case elsewhere(refused):
			e.Detail = refused.Message + ": " + unfitMode
		case harmless(refused.Code):
			e.Detail = refused.Message
		}
	} else {
		classifyLocal(e, err)
	}
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) {
		e.Detail = connectDetail(connecting.Config, e)
	}
	return e
}

// kindOf knows the SQLSTATEs that have a meaning to the library.
func kindOf(e *pgconn.PgError) error {
	switch {
	case raced(e):
		return schema.ErrRaced
	case elsewhere(e):
		return nil
	case pooler(e) && poolerRefuses(e):
		return schema.ErrPermission
	}
	switch e.Code {
	case "23505": // unique_violation
		return schema.ErrDuplicate
	case "23503", "23001": // foreign_key_violation, restrict_violation
		return schema.ErrForeignKey
	case "23514", "23P01", "22001": // check, exclusion, string_data_right_truncation
		return schema.ErrCheck
	case "54000": // program_limit_exceeded
		if e.ConstraintName != "" { // a value too long for an index
			return schema.ErrCheck
		}
		return nil
	case "23502": // not_null_violation
		return schema.ErrNotNull
	case "42P01", "3F000", "42703", // undefined table, schema, column
		"42804", "42883": // datatype_mismatch, undefined operator: what a column of another type leads to
		return schema.ErrMissing
	case "0A000": // feature_not_supported
		if stalePlan(e) {
			return schema.ErrMissing
		}
		return nil
	case "42P10": // invalid_column_reference
		if e.Routine == "infer_arbiter_indexes" { // the unique index that an upsert needs
			return schema.ErrMissing
		}
		return nil
	case "42501": // insufficient_privilege
		return schema.ErrPermission
	case "55P03": // lock_not_available
		return schema.ErrLockTimeout
	case "40001", "40P01": // serialization_failure, deadlock_detected
		return schema.ErrSerialization
	case "57014", // query_canceled, which is also statement_timeout
		"57P01", "57P02", "57P03", "57P04", "57P05", // shutdowns and ended sessions
		"25006", "25P03", "25P04", // read-only after a failover, timeouts of a transaction
		"3D000": // invalid_catalog_name: the database is not there
		return schema.ErrUnavailable
	case "22P02", "22P03", "22003", "22007", "22008", "22021", "22P05", "428C9":
		return schema.ErrInvalid
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "53", "58":
		return schema.ErrUnavailable
	case "28":
		return schema.ErrPermission
	}
	return nil
}

// stalePlan reports whether a prepared statement's result has other types than when it was prepared.
func stalePlan(e *pgconn.PgError) bool {
	return e.Code == "0A000" &&
		(e.Routine == "RevalidateCachedQuery" || strings.Contains(e.Message, "cached plan must not change result type"))
}

// raced reports whether someone else created or changed the same object at the same moment.
func raced(e *pgconn.PgError) bool {
	switch e.Code {
	case "42P07", "42P06": // duplicate_table, duplicate_schema
		return true
	case "42710": // duplicate_object: the type that each table has, of one that is just being made
		return e.Routine == "heap_create_with_catalog" || e.Routine == "TypeCreate"
	case "23505":
		return e.SchemaName == "pg_catalog" || strings.HasPrefix(e.ConstraintName, "pg_")
	case "XX000":
		return strings.Contains(e.Message, "concurrently") || strings.HasPrefix(e.Message, "cache lookup failed")
	}
	return false
}

// harmless reports whether the server's messages under a code can hold neither row values nor credentials: they speak
// of objects, types, sessions and resources.
func harmless(code string) bool {
	switch code {
	case "22001": // names the type and its length only
		return true
	case "":
		return false
	}
	switch code[:min(2, len(code))] {
	case "08", "0A", "25", "28", "2B", "3D", "3F", "40", "42", "53", "54", "55", "57", "58":
		return true
	}
	return false
}

// classifyLocal knows errors that did not come from the server.
func classifyLocal(e *schema.Error, err error) {
	var network *net.OpError
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
	case errors.Is(err, pgx.ErrNoRows):
		e.Kind = schema.ErrNotFound
	case errors.Is(err, pgx.ErrTxCommitRollback):
		e.Detail = "a statement had failed before, and the transaction was rolled back"
	case errors.Is(err, pgx.ErrTxClosed):
		e.Kind, e.Detail = schema.ErrInvalid, "the transaction has ended"
	case err.Error() == "closed pool": // pgxpool keeps the sentinel to itself
		e.Kind, e.Detail = schema.ErrUnavailable, "the pool is closed"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, pgconn.ErrConnClosed), errors.As(err, &network), pgconn.SafeToRetry(err), pgconn.Timeout(err):
		e.Kind = schema.ErrUnavailable
	}
}

// connectDetail tells where a connection was to go and why it failed, and completes the kind.
func connectDetail(config *pgconn.Config, e *schema.Error) string {
	var name *net.DNSError
	reason := e.Detail
	switch {
	case e.Code != "":
	case errors.Is(e.Cause, context.Canceled):
		reason = "canceled"
	case errors.Is(e.Cause, context.DeadlineExceeded):
		reason = "timed out"
	case errors.As(e.Cause, &name):
		reason = "the host's name is not known"
		e.Kind = schema.ErrUnavailable
	case errors.Is(e.Cause, syscall.ECONNREFUSED):
		reason = "nothing answers there"
		e.Kind = schema.ErrUnavailable
	default:
		reason = "the connection failed"
		e.Kind = schema.ErrUnavailable
	}
	if e.Kind == nil && e.Code == "" {
		// The caller's context matches errors.Is as well, through the cause.
		e.Kind = schema.ErrUnavailable
	}
	return fmt.Sprintf("host %s, port %d, database %s: %s", config.Host, config.Port, config.Database, reason)
}
