package schema

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// DefaultMaxRows is Policy.MaxRows where that is zero.
const DefaultMaxRows = 100_000

// Policy says which changes may be made. The zero value allows additive changes only. It is a value and not changed
// once it was handed over.
type Policy struct {
	// Allow lists the hazards that are accepted, and where.
	Allow []Allowance
	// MaxRows bounds the work on the request path: a statement whose duration grows with the table is run there only on
	// tables of at most so many rows; on larger ones it is left to Migrate. 0 is DefaultMaxRows, a negative value is no
	// bound. Migrate itself knows none.
	MaxRows int64
}

// Allowance accepts a hazard, and says why.
type Allowance struct {
	Hazard HazardKind // AnyHazard for every one
	Table  string     // "orders", or "billing.orders" with its namespace; empty is every table
	Column string     // empty is every column
	Reason string     // for the history; needed
}

// Validate reports, as one joined ErrInvalid, unknown hazards and missing reasons.
func (p Policy) Validate() error {
	var faults []error
	for i, a := range p.Allow {
		switch {
		case !slices.Contains(HazardKinds(), a.Hazard):
			faults = append(faults, Invalid("policy", a.Table, a.Column, "allowance %d: unknown hazard %q", i+1, a.Hazard))
		case strings.TrimSpace(a.Reason) == "":
			faults = append(faults, Invalid("policy", a.Table, a.Column, "allowance %d: %s needs a reason", i+1, a.Hazard))
		case badText(a.Reason):
			faults = append(faults, Invalid("policy", a.Table, a.Column, "allowance %d: the reason is not UTF-8 text", i+1))
		}
	}
	return errors.Join(faults...)
}

// Allows reports whether a hazard is accepted on a table, and for what reason. A hazard of several columns is accepted
// by an allowance for any one of them.
func (p Policy) Allows(h Hazard, table Ref) (reason string, ok bool) {
	for _, a := range p.Allow {
		kind := a.Hazard == AnyHazard || a.Hazard == h.Kind
		where := a.Table == "" || a.Table == table.Name || a.Table == table.String()
		if kind && where && (a.Column == "" || slices.Contains(h.Columns, a.Column)) {
			return a.Reason, true
		}
	}
	return "", false
}

// And gives a policy that allows what either allows; MaxRows stays p's own.
func (p Policy) And(other Policy) Policy {
	p.Allow = slices.Concat(p.Allow, other.Allow)
	return p
}

// RowLimit is MaxRows with its default filled in; negative is no limit.
func (p Policy) RowLimit() int64 {
	if p.MaxRows == 0 {
		return DefaultMaxRows
	}
	return p.MaxRows
}

// PolicyError is a plan that was not carried out because the policy keeps it out. It matches ErrSchemaMismatch, for
// the table is not what its model says; ErrDestructive where hazards are not allowed; and ErrMigrationRequired where it
// is the request path that stays away from it, so that Plan and Migrate are the way.
type PolicyError struct {
	Plan    *Plan
	Refused []Hazard // that no allowance accepts; empty where the plan is only too long for the request path
	// RequestPath tells where the plan was met: while a caller waited for the table, or in Migrate.
	RequestPath bool
}

// Error names the hazards, or the rows that make the plan too long.
func (e *PolicyError) Error() string {
	if len(e.Refused) == 0 {
		return fmt.Sprintf("%v: more than %d rows, too long for the request path", ErrMigrationRequired, e.Plan.Rows-1)
	}
	kinds := make([]string, len(e.Refused))
	for i, h := range e.Refused {
		kinds[i] = h.String()
	}
	kind := ErrDestructive
	if e.RequestPath {
		kind = ErrMigrationRequired
	}
	return fmt.Sprintf("%v: the policy does not allow %s", kind, strings.Join(kinds, ", "))
}

// Is matches the sentinels.
func (e *PolicyError) Is(target error) bool {
	switch target {
	case ErrSchemaMismatch:
		return true
	case ErrDestructive:
		return len(e.Refused) > 0
	case ErrMigrationRequired:
		return e.RequestPath
	}
	return false
}
