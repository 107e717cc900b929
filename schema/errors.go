package schema

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The failure contract, the same on every database; test with errors.Is. The driver's own error is below and can be
// had with errors.As, but its text is never printed where it may hold row values.
var (
	ErrNotFound       = errors.New("no such row")
	ErrConflict       = errors.New("row was changed by someone else")
	ErrDuplicate      = errors.New("unique key already exists")
	ErrForeignKey     = errors.New("foreign key violated")
	ErrCheck          = errors.New("check violated")
	ErrNotNull        = errors.New("null in a not-null column")
	ErrSchemaMismatch = errors.New("table does not match its model")
	ErrLockTimeout    = errors.New("lock not available in time")
	ErrNotEnsured     = errors.New("table not ensured before the transaction")
	ErrClosed         = errors.New("coordinator is closed")
	ErrMissing        = errors.New("table or column is missing, or its type has changed")
	ErrUnavailable    = errors.New("database cannot be reached")
	ErrPermission     = errors.New("permission denied")
	ErrSerialization  = errors.New("transaction must be run again")
	ErrRaced          = errors.New("someone else changed the schema at the same moment")
	ErrRegistered     = errors.New("table is already registered")
	ErrInvalid        = errors.New("invalid input")
	// ErrOutcomeUnknown: the connection was lost, or the caller's context ended, while something was being written, which
	// may be stored or not: look before writing it again. It matches ErrUnavailable, too, and the context's error if that was
	// the cause.
	ErrOutcomeUnknown = fmt.Errorf("%w: it is not known whether the change took effect", ErrUnavailable)
	// ErrUnfinished: a call was left by a panic, or its goroutine ended. Only an Observer sees it.
	ErrUnfinished = errors.New("call was not finished")
	// ErrChanged: somebody else has changed the table since it was looked at. It is a reason to look again, and never
	// what a call returns.
	ErrChanged = errors.New("table was changed by someone else")
	// ErrMigrationRequired: the table must change, and not while a caller waits: see PolicyError, Plan and Migrate.
	ErrMigrationRequired = errors.New("migration required")
	// ErrDestructive: the plan holds hazards that the policy does not allow.
	ErrDestructive = errors.New("destructive change not allowed")
	// ErrStaleModel: a newer program has changed the table so that this model cannot use it any more.
	ErrStaleModel = errors.New("model is older than its table, which no longer serves it")
	// ErrStalePlan: the table or its model is not the one that the plan was made for. Plan again.
	ErrStalePlan = errors.New("plan is out of date")
	// ErrUnfitRows: rows that are there do not allow the change, as NULLs in a column that is to be NOT NULL.
	ErrUnfitRows = errors.New("rows do not allow the change")
)

// Error is a failed database operation in the library's words.
type Error struct {
	Op         string // the operation, as "create" or "list"; may be empty below another Error
	Table      string // the table for people; may be empty
	Constraint string // the constraint, index or column concerned, where the database names it
	Code       string // the driver's code: SQLSTATE, or SQLite's extended result code
	Kind       error  // one of the Err values of this package, or nil where none fits
	Detail     string // more words that are known to hold no row values and no credentials; may be empty
	Cause      error  // the driver's error; not printed
}

// Error tells operation, table, kind, constraint and code, never the driver's text.
func (e *Error) Error() string {
	var parts []string
	if head := strings.TrimSpace(e.Op + " " + e.Table); head != "" {
		parts = append(parts, head)
	}
	switch {
	case e.Kind != nil:
		parts = append(parts, e.Kind.Error())
	case errors.Is(e.Cause, context.Canceled), errors.Is(e.Cause, context.DeadlineExceeded):
		parts = append(parts, "gave up")
	default:
		parts = append(parts, "database error")
	}
	if e.Detail != "" {
		parts = append(parts, e.Detail)
	}
	text := strings.Join(parts, ": ")
	if e.Constraint != "" {
		text += " [" + e.Constraint + "]"
	}
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// Is matches the Kind, and what the Kind itself matches.
func (e *Error) Is(target error) bool { return e.Kind != nil && errors.Is(e.Kind, target) }

// Unwrap gives the driver's error.
func (e *Error) Unwrap() error { return e.Cause }

// Invalid makes an ErrInvalid that names operation, table and column; column may be empty. The text must hold no
// row values.
func Invalid(op, table, column, format string, args ...any) error {
	return &Error{Op: op, Table: table, Constraint: column, Kind: ErrInvalid, Detail: fmt.Sprintf(format, args...)}
}

// Transient reports whether an error may go away by itself: locks, connections, timeouts and races. All else —
// permissions, mismatches, faulty DDL — needs a person.
func Transient(err error) bool {
	for _, kind := range []error{
		ErrLockTimeout, ErrUnavailable, ErrSerialization, ErrRaced, context.DeadlineExceeded, context.Canceled,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// Phase is the step of the cold path at which something happened.
type Phase string

// The steps of making a table ready, in their order.
const (
	PhaseDependencies Phase = "dependencies" // tables that foreign keys point to
	PhaseSurvey       Phase = "survey"       // ledger and catalogue of all registered tables, one round trip
	PhaseLedger       Phase = "ledger"       // the library's own two tables
	PhaseLock         Phase = "lock"
	PhaseInspect      Phase = "inspect"
	PhasePlan         Phase = "plan"
	PhaseApply        Phase = "apply"
	PhaseVerify       Phase = "verify"
	PhaseRecord       Phase = "record"
	PhaseCommit       Phase = "commit"
	PhasePublish      Phase = "publish" // committed; the memory is about to be stored
)

// EnsureError says why a table could not be made ready. Every waiting caller gets the same one.
type EnsureError struct {
	Table     Ref
	Phase     Phase
	Statement string   // the statement that failed, where one did: DDL, without row values
	Changes   []Change // the differences, for ErrSchemaMismatch and ErrStaleModel
	Plan      *Plan    // what would settle them, where there is such a plan
	Retryable bool     // the library tries again by itself once the backoff has passed
	Cause     error
}

// Error names table, phase and cause, and each difference where there are some.
func (e *EnsureError) Error() string {
	text := fmt.Sprintf("ensure %s: %s: %v", e.Table, e.Phase, e.Cause)
	for _, c := range e.Changes {
		text += "; " + c.String()
	}
	return text
}

// Unwrap gives the cause.
func (e *EnsureError) Unwrap() error { return e.Cause }
