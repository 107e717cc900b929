package telemetry

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/schema"
)

// class is what kind of error a call ended with. The zero value is none.
type class uint8

// The classes that something depends on. All others are places in the list.
const (
	fine       class = 0
	notFound   class = 1
	other      class = 27
	classCount       = 28
)

// otherClass is the name that the conventions give to errors which none other fits.
const otherClass = "_OTHER"

// kindOf is one class of errors.
type kindOf struct {
	name string
	err  error
}

// classes gives the classes by number: an error is of the first that it matches.
func classes() [classCount]kindOf {
	return [classCount]kindOf{
		fine:     {},
		notFound: {"not_found", schema.ErrNotFound},
		2:        {"outcome_unknown", schema.ErrOutcomeUnknown},
		3:        {"canceled", context.Canceled},
		4:        {"timeout", context.DeadlineExceeded},
		5:        {"conflict", schema.ErrConflict},
		6:        {"duplicate", schema.ErrDuplicate},
		7:        {"foreign_key", schema.ErrForeignKey},
		8:        {"check", schema.ErrCheck},
		9:        {"not_null", schema.ErrNotNull},
		10:       {"invalid", schema.ErrInvalid},
		11:       {"serialization", schema.ErrSerialization},
		12:       {"not_ensured", schema.ErrNotEnsured},
		13:       {"closed", schema.ErrClosed},
		14:       {"lock_timeout", schema.ErrLockTimeout},
		15:       {"unavailable", schema.ErrUnavailable},
		16:       {"permission", schema.ErrPermission},
		17:       {"schema_mismatch", schema.ErrSchemaMismatch},
		18:       {"destructive", schema.ErrDestructive},
		19:       {"migration_required", schema.ErrMigrationRequired},
		20:       {"stale_model", schema.ErrStaleModel},
		21:       {"stale_plan", schema.ErrStalePlan},
		22:       {"unfit_rows", schema.ErrUnfitRows},
		23:       {"missing", schema.ErrMissing},
		24:       {"raced", schema.ErrRaced},
		25:       {"changed", schema.ErrChanged},
		26:       {"panic", schema.ErrUnfinished},
		other:    {otherClass, nil},
	}
}

// classOf finds the class of an error.
func classOf(err error) class {
	if err == nil {
		return fine
	}
	for i, kind := range classes() {
		if kind.err != nil && errors.Is(err, kind.err) {
			return class(i)
		}
	}
	return other
}

// errorType is the value of error.type: empty where the call did what it was to do, and for a row that is not there.
func (c class) errorType() string {
	if c <= notFound {
		return ""
	}
	return classes()[c].name
}

// outcome is the value of schemactor.outcome.
func (c class) outcome() string {
	switch c {
	case fine:
		return "ok"
	case notFound:
		return "not_found"
	}
	return "error"
}

// errorTypeOf is the error.type of an error.
func errorTypeOf(err error) string { return classOf(err).errorType() }
