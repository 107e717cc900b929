package dialect

import (
	"maps"
	"slices"
	"time"
)

// UpdateWhere writes an update of the columns in set for all rows that match and are not marked deleted. Which columns can
// be set, and how lifecycle columns move, is as with Patch.
func (s *Statements) UpdateWhere(op string, set map[string]any, where Cond, now time.Time) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	if err := w.update(set, now); err != nil {
		return "", nil, err
	}
	if err := w.where(where); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// update writes an update as far as its WHERE clause.
func (w *writer) update(set map[string]any, now time.Time) error {
	if len(set) == 0 {
		return w.fault("", "nothing to set")
	}
	columns := make([]int, 0, len(set))
	for _, name := range slices.Sorted(maps.Keys(set)) {
		at, err := w.column(name)
		if err != nil {
			return err
		}
		if !w.Settable(at) {
			return w.fault(name, "this column cannot be set")
		}
		columns = append(columns, at)
	}
	slices.Sort(columns)
	w.write("UPDATE ", w.name, " SET ")
	for _, at := range columns {
		if err := w.set(at, set[w.table.Columns()[at].Name]); err != nil {
			return err
		}
	}
	return w.touch(now)
}
