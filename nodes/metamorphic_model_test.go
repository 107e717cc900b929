package nodes_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// The reference knows nothing of SQL: tables are slices of maps, and every rule is a loop. It is written from the
// documentation of the methods, not from their code.

// record is a row by its columns: int64, string, bool, time.Time, nil, or a *blank.
type record map[string]any

// blank is a value that the database or its clock gives. The first one that is seen and fits is taken over, and from then
// on it is the value.
type blank struct {
	from, to time.Time // what a time lies between; zero for a number
	value    any
}

// of gives the value of a column, with a filled blank's value in its place.
func (r record) of(column string) any {
	if b, ok := r[column].(*blank); ok {
		return b.value
	}
	return r[column]
}

// same reports whether two records agree in some columns. Nulls are equal to nothing.
func (r record) same(other record, columns []string) bool {
	for _, c := range columns {
		if v := r.of(c); v == nil || v != other.of(c) {
			return false
		}
	}
	return true
}

// refColumn is what the reference knows of a column.
type refColumn struct {
	name     string
	kind     schema.Kind
	nullable bool
	preset   any // what a zero value of a new row becomes; nil: it stays
}

// refTable is a table and its rows, in the order in which they were stored.
type refTable struct {
	name     string
	columns  []refColumn
	key      []string
	uniques  [][]string
	broken   func(record) bool // the check
	parents  map[string]string // column → table whose key it holds
	auto     string            // columns of a role; empty where there is none
	version  string
	created  string
	updated  string
	deleted  string
	grows    bool     // append-only
	known    []string // columns by which a row with a blank key is known again; none: by their order
	rows     []record
	fixed    []string // columns that no change may set
	subjects string   // a column to name rows by in the journal; empty where it has no hooks
}

// world is all tables, and between which moments the operation took place.
type world struct {
	tables   map[string]*refTable
	from, to time.Time
	hooks    string // of the node that did it: "", or how much its hooks do
}

// snapshot copies all rows; put brings them back.
func (w *world) snapshot() map[string][]record {
	out := map[string][]record{}
	for name, t := range w.tables {
		for _, r := range t.rows {
			out[name] = append(out[name], maps.Clone(r))
		}
	}
	return out
}

func (w *world) put(rows map[string][]record) {
	for name, t := range w.tables {
		t.rows = rows[name]
	}
}

func (w *world) now() *blank { return &blank{from: w.from, to: w.to} }

func (t *refTable) column(name string) refColumn {
	for _, c := range t.columns {
		if c.name == name {
			return c
		}
	}
	panic("no column " + name + " in " + t.name)
}

// live reports whether a row is there for methods that do not see marked ones.
func (t *refTable) live(r record) bool { return t.deleted == "" || r[t.deleted] == nil }

// find gives the place of the row with the same values in some columns, or -1.
func (t *refTable) find(r record, columns []string) int {
	return slices.IndexFunc(t.rows, func(other record) bool { return r.same(other, columns) })
}

// invalid reports whether a value cannot be stored in some column, or in one of those named.
func (t *refTable) invalid(r record, columns ...string) bool {
	for _, c := range t.columns {
		if len(columns) > 0 && !slices.Contains(columns, c.name) {
			continue
		}
		text, ok := r[c.name].(string)
		switch {
		case !ok:
		case c.kind == schema.KindDecimal:
			if _, fits := centsOf(text); !fits {
				return true
			}
		case strings.Contains(text, "\x00"):
			return true
		}
	}
	return false
}

// centsOf reads a decimal of two digits behind the point; fits says that it has no more, and at most four before it.
func centsOf(text string) (n int64, fits bool) {
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(text, "-"), ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	for _, digit := range whole + fraction {
		n = 10*n + int64(digit-'0')
	}
	if strings.HasPrefix(text, "-") {
		n = -n
	}
	return n, len(fraction) == 2 && len(whole) <= 4
}

// decimalOf writes cents as the column has them.
func decimalOf(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// refusal is why a row cannot stand at a place, -1 being a new one: nulls and checks come before keys, these before
// references.
func (w *world) refusal(t *refTable, r record, at int) error {
	if err := t.collides(r, at); err != nil {
		return err
	}
	return w.orphan(t, r)
}

// unfit is what is wrong with a row by itself.
func (t *refTable) unfit(r record) error {
	for _, c := range t.columns {
		if !c.nullable && r[c.name] == nil {
			return schema.ErrNotNull
		}
	}
	if t.broken(r) {
		return schema.ErrCheck
	}
	return nil
}

// collides is what is wrong with a row among those of its table.
func (t *refTable) collides(r record, at int) error {
	if err := t.unfit(r); err != nil {
		return err
	}
	for i, other := range t.rows {
		if i == at {
			continue
		}
		if r.same(other, t.key) {
			return schema.ErrDuplicate
		}
		for _, unique := range t.uniques {
			if r.same(other, unique) {
				return schema.ErrDuplicate
			}
		}
	}
	return nil
}

// orphan is what is wrong with a row among those of other tables.
func (w *world) orphan(t *refTable, r record) error {
	for column, parent := range t.parents {
		p := w.tables[parent]
		if v := r.of(column); v != nil && p.find(record{p.key[0]: v}, p.key) < 0 {
			return schema.ErrForeignKey
		}
	}
	return nil
}

// pointed reports whether another table's row holds the key of a row.
func (w *world) pointed(t *refTable, r record) bool {
	for _, child := range w.tables {
		for column, parent := range child.parents {
			for _, other := range child.rows {
				if parent == t.name && other.of(column) == r.of(t.key[0]) {
					return true
				}
			}
		}
	}
	return false
}

// begun is a new row as it is to be stored.
func (w *world) begun(t *refTable, row record) record {
	r := maps.Clone(row)
	for _, c := range t.columns {
		if c.preset != nil && r[c.name] == zeroOf(c) {
			r[c.name] = c.preset
		}
	}
	if t.auto != "" && r[t.auto] == int64(0) {
		r[t.auto] = &blank{}
	}
	if t.created != "" && r[t.created] == (time.Time{}) {
		r[t.created] = w.now()
	}
	if t.updated != "" {
		r[t.updated] = w.now()
	}
	if t.version != "" {
		r[t.version] = int64(1)
	}
	return r
}

// touch moves what moves with every change.
func (w *world) touch(t *refTable, r record) {
	if t.updated != "" {
		now := w.now()
		if before, ok := r.of(t.updated).(time.Time); ok && before.After(now.from) {
			now.from = before // it never goes back
		}
		r[t.updated] = now
	}
	if t.version != "" {
		r[t.version] = r[t.version].(int64) + 1
	}
}

// zeroOf is what a column's field holds where nothing was put into it.
func zeroOf(c refColumn) any {
	switch {
	case c.nullable:
		return nil
	case c.kind.Integer():
		return int64(0)
	case c.kind == schema.KindBool:
		return false
	case c.kind == schema.KindTime:
		return time.Time{}
	}
	return ""
}
