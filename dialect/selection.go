package dialect

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Selection is a query for some columns.
type Selection struct {
	Only          []int // the columns to read, by position, at least one
	Beside        []int // more of them, which follow those of Only; none with Distinct
	Distinct      bool  // each row once; JSON has no equality, so that its columns are ErrInvalid
	Where         Cond
	Order         []Order // with Distinct by columns of Only alone
	Limit, Offset int     // 0 is none
}

// SelectOnly writes a query for some columns, in the order of Only and Beside. All else is as with Select.
func (s *Statements) SelectOnly(op string, sel Selection) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	w.write("SELECT ", s.list(append(slices.Clone(sel.Only), sel.Beside...)), " FROM ")
	if sel.Distinct {
		err = w.distinct(sel)
	} else {
		w.write(s.name)
		err = w.where(sel.Where)
	}
	if err != nil {
		return "", nil, err
	}
	if err := w.orderBy(sel.Order); err != nil {
		return "", nil, err
	}
	if err := w.page(sel.Limit, sel.Offset); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// CountDistinct writes a query for the number of rows that differ in some columns.
func (s *Statements) CountDistinct(op string, only []int, where Cond) (sql string, args []any, err error) {
	w := &writer{Statements: s, op: op}
	w.write("SELECT count(*) FROM ")
	if err := w.distinct(Selection{Only: only, Where: where}); err != nil {
		return "", nil, err
	}
	return w.sql.String(), w.args, nil
}

// distinct writes the FROM item of rows that differ. It stands in a query of its own, for PostgreSQL orders distinct rows
// by what is selected and nothing else, and texts and decimals are not ordered by what is selected.
func (w *writer) distinct(sel Selection) error {
	names := make([]string, len(sel.Only))
	for i, at := range sel.Only {
		if c := &w.table.Columns()[at]; c.Kind == schema.KindJSON {
			return w.fault(c.Name, "values of kind %s have no equality, so that they cannot be distinct", c.Kind)
		}
		names[i] = w.columns[at].name
	}
	for _, o := range sel.Order {
		at, err := w.column(o.Column)
		if err != nil {
			return err
		}
		if !slices.Contains(sel.Only, at) {
			return w.fault(o.Column, "distinct rows are ordered by the columns that are read alone")
		}
	}
	w.write("(SELECT DISTINCT ", strings.Join(names, ", "), " FROM ", w.name)
	if err := w.where(sel.Where); err != nil {
		return err
	}
	w.write(") AS ", w.grammar.Quote("schemactor_rows"))
	return nil
}
