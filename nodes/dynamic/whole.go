package dynamic

import (
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// possible refuses operations that the table does not have, whatever the inputs.
func (r *request[T, K]) possible() error {
	table := r.h.table
	switch r.op {
	case "update", "patch", "delete", "restore", "purge", "bulk_update", "bulk_update_rows", "bulk_delete", "bulk_purge":
		if table.AppendOnly() {
			return r.invalid("the table is append-only")
		}
	}
	if _, ok := table.Role(schema.RoleDeleted); r.op == "restore" && !ok {
		return r.invalid("the table has no deleted column")
	}
	return nil
}

// whole looks at what the inputs come to together, once each of them has been found right.
func (r *request[T, K]) whole() error {
	h, q := r.h, &r.query
	switch r.op {
	case "create":
		return r.kept(&r.row, r.named)
	case "update":
		return r.complete()
	case "upsert":
		if err := r.kept(&r.row, r.named); err != nil {
			return err
		}
		return r.settle()
	case "patch":
		_, _, err := h.statements.Patch(r.op, r.set, time.Time{})
		return err
	case "list", "count":
		if q.Distinct && len(q.Only) == 0 {
			return r.invalid("distinct wants only")
		}
	case "aggregate":
		_, _, _, err := h.statements.Aggregate(r.op, dialect.Aggregation{By: r.by, Terms: r.terms})
		return err
	case "bulk_update", "bulk_delete", "bulk_purge":
		return r.swept()
	}
	return r.wholeRows()
}

// swept looks at an operation on all rows that match.
func (r *request[T, K]) swept() error {
	switch empty := r.query.Where.Empty(); {
	case empty && !r.query.All:
		return r.invalid("no condition is given: all_rows says that every row is meant")
	case !empty && r.query.All:
		return r.invalid("all_rows together with a condition")
	case r.op != "bulk_update":
		return nil
	}
	_, _, err := r.h.statements.UpdateWhere(r.op, r.set, r.query.Where, time.Time{})
	return err
}

// wholeRows looks at an operation that takes rows.
func (r *request[T, K]) wholeRows() error {
	if len(r.rows) == 0 {
		return nil
	}
	if r.op == "bulk_update_rows" {
		return r.complete()
	}
	for i := range r.rows {
		if err := r.kept(&r.rows[i], r.each[i]); err != nil {
			return r.numbered(i, err)
		}
	}
	if r.op == "bulk_upsert" {
		return r.settle()
	}
	return nil
}

// kept refuses values that would be stored as something else: a field that is zero takes its column's default.
func (r *request[T, K]) kept(row *T, named []int) error {
	h := r.h
	for _, at := range named {
		column := &h.columns[at]
		if column.Default == "" || column.Role != schema.RoleNone || !h.rows.Zero(row, at) {
			continue
		}
		value, err := h.rows.Value(row, at)
		switch {
		case err != nil:
			return r.h.complete(r.op, err)
		case value == nil:
			return r.invalid("column %s: null would give way to the default: leave the column out", column.Name)
		case !isZeroText(column.Default):
			return r.invalid("column %s: the zero value would give way to the default, for the model's field cannot hold both",
				column.Name)
		}
	}
	return nil
}

// isZeroText reports whether a default is plainly the zero value of its type.
func isZeroText(expr string) bool {
	return slices.Contains([]string{"0", "0.0", "''", "false"}, strings.ToLower(strings.TrimSpace(expr)))
}

// complete refuses rows that leave out columns which an update stores.
func (r *request[T, K]) complete() error {
	h := r.h
	for at := range h.columns {
		needed := h.statements.Settable(at) || h.columns[at].Role == schema.RoleVersion || slices.Contains(h.keys, at)
		if needed && !slices.Contains(r.named, at) {
			return r.invalid("column %s is missing: an update stores all of them, and patch some", h.columns[at].Name)
		}
	}
	return nil
}

// settle gives the options of an upsert. Without update_only, columns that the rows leave out stay as they are stored.
func (r *request[T, K]) settle() error {
	h := r.h
	if h.table.AppendOnly() && !r.doNothing {
		return r.invalid("the table is append-only, so that it wants do_nothing")
	}
	same := r.onConflict
	if same != nil {
		r.upsert = append(r.upsert, nodes.OnConflict(same...))
	} else {
		same = r.h.table.KeyNames()
	}
	if r.doNothing {
		r.upsert = append(r.upsert, nodes.DoNothing())
	}
	if r.updateOnly != nil {
		for _, name := range r.updateOnly {
			if at, ok := r.h.table.Column(name); ok && !slices.Contains(r.named, at) {
				return r.invalid("update_only: column %s is not in the row", name)
			}
		}
		r.upsert = append(r.upsert, nodes.UpdateOnly(r.updateOnly...))
		return nil
	}
	only, all := []string{}, true
	for at := range h.columns {
		name := h.columns[at].Name
		switch {
		case !h.statements.Settable(at) || slices.Contains(same, name):
		case slices.Contains(r.named, at):
			only = append(only, name)
		default:
			all = false
		}
	}
	switch {
	case r.doNothing || all:
		return nil
	case len(only) == 0:
		return r.invalid("the row names no column to update: name one, or ask to do nothing")
	}
	r.upsert = append(r.upsert, nodes.UpdateOnly(only...))
	return nil
}
