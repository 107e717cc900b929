package dialect

import (
	"slices"
	"time"
)

// PatchVersion is Patch for a row that must still have a version, whose value, encoded, the caller appends to args behind
// the key's. A table without a version column is ErrInvalid.
func (s *Statements) PatchVersion(op string, set map[string]any, now time.Time) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	if s.version < 0 {
		return "", nil, w.fault("", "the table has no version column")
	}
	if err := w.update(set, now); err != nil {
		return "", nil, err
	}
	key := len(w.args) + 1
	where := s.whereKey(key)
	before, behind := s.readBack(where)
	w.write(where, s.ofVersion(key+len(s.table.Key())), before, s.all, behind)
	return w.sql.String(), w.args, nil
}

// DeleteVersion is Delete for a row that must still have the version that is bound behind the key. Without a version column
// ok is false.
func (s *Statements) DeleteVersion() (st Statement, ok bool) {
	if s.version < 0 {
		return Statement{}, false
	}
	st = s.Delete
	st.Bind = append(slices.Clone(st.Bind), s.version)
	st.SQL += s.ofVersion(len(st.Bind))
	return st, true
}

// ofVersion is the end of a WHERE clause that lets only one version of the row through.
func (s *Statements) ofVersion(n int) string { return " AND " + s.assign(s.version, n) }
