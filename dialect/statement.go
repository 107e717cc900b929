package dialect

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Statement is SQL whose text does not depend on values.
type Statement struct {
	SQL    string
	Bind   []int // positions of the columns whose values are bound, in placeholder order
	Return []int // positions of the columns that come back, in result order
	Told   bool  // behind them comes a boolean: true where the row was inserted; see Upsert and InsertRowsNew
}

// Statements are the CRUD statements of one table in one grammar. Column lists are explicit everywhere. They are
// immutable and safe for concurrent use.
//
// Inserting gives columns with a default the default where NULL is bound, so the caller binds nil for a zero field.
// Columns that the database fills (auto, generated, defaults) come back by Return. Where the table has a deleted
// column, Get, Exists, Update, Patch, Select, Count and DeleteWhere see only rows that are not marked deleted.
type Statements struct {
	// Insert binds every column that is written; InsertAuto leaves the auto column to the database and equals Insert
	// where there is none.
	Insert, InsertAuto Statement
	// Get and Exists bind the key. Get gives all columns, Exists a single 1; neither gives a row where there is none.
	Get, Exists Statement
	// Update binds all columns that may change, then the key, then, where the table has one, the version that the row
	// must still have; the version column itself counts up. Returned are version and generated columns. A
	// table of nothing but its key is updated to what it is, so that the count of rows tells whether it is there.
	Update Statement
	// Delete binds the key; with a deleted column it is an update that binds deleted and, if any, updated before it.
	Delete Statement
	// Restore takes the mark off a row that is marked deleted; it binds updated, if any, and the key. Without a deleted
	// column it has no text.
	Restore Statement
	// Purge binds the key and removes the row for good, marked or not.
	Purge Statement

	grammar Grammar
	table   *schema.Table
	columns []columnSQL // by position
	most    int         // values that one statement may bind; 0 is without limit
	name    string      // the table, quoted
	all     string      // select list of all columns
	live    string      // condition for rows that are not marked deleted; empty without a deleted column
	deleted int         // position of the deleted, updated and version column, or -1
	updated int
	version int
}

// columnSQL is what does not change in the way one column is written.
type columnSQL struct {
	name    string // quoted
	order   string
	ordered bool
	encode  func(any) any
}

// NewStatements writes the statements of a table. A grammar that also tells its Capability, as every Dialect does, has
// its MaxParameters kept.
func NewStatements(g Grammar, t *schema.Table) *Statements {
	s := &Statements{grammar: g, table: t, name: g.QuoteTable(t.Ref())}
	if able, ok := g.(interface{ Capability() Capability }); ok {
		s.most = able.Capability().MaxParameters
	}
	columns := t.Columns()
	every := make([]int, len(columns))
	for i := range columns {
		c := &columns[i]
		sql := columnSQL{name: g.Quote(c.Name), encode: g.Encoder(c)}
		sql.order, sql.ordered = g.OrderExpr(c)
		s.columns = append(s.columns, sql)
		every[i] = i
	}
	s.all = s.list(every)
	s.deleted, s.updated, s.version = s.role(schema.RoleDeleted), s.role(schema.RoleUpdated), s.role(schema.RoleVersion)
	if s.deleted >= 0 {
		s.live = s.columns[s.deleted].name + " IS NULL"
	}
	s.Insert, s.InsertAuto = s.insert(false), s.insert(true)
	s.Get, s.Exists = s.byKey(s.all, every), s.byKey("1", nil)
	s.Update, s.Delete = s.update(), s.delete()
	s.Restore, s.Purge = s.restore(), s.purge()
	return s
}

// Table gives the table.
func (s *Statements) Table() *schema.Table { return s.table }

// QuotedTable gives the table as statements spell it.
func (s *Statements) QuotedTable() string { return s.name }

func (s *Statements) role(r schema.Role) int {
	if at, ok := s.table.Role(r); ok {
		return at
	}
	return -1
}

// list is the select or RETURNING list of columns.
func (s *Statements) list(columns []int) string {
	exprs := make([]string, len(columns))
	for i, at := range columns {
		exprs[i] = s.grammar.SelectExpr(&s.table.Columns()[at])
	}
	return strings.Join(exprs, ", ")
}

func (s *Statements) returning(columns []int) string {
	if len(columns) == 0 {
		return ""
	}
	return " RETURNING " + s.list(columns)
}

// readBack is what stands behind an update of one row, before and behind the list of what comes back; where tells which row that
// is, whatever the update has made of it.
func (s *Statements) readBack(where string) (before, behind string) {
	if mark := s.grammar.ReadBack(); mark != "" {
		return mark + "SELECT ", " FROM " + s.name + where
	}
	return " RETURNING ", ""
}

// value is the n-th bound value, as a value of the column.
func (s *Statements) value(column, n int) string {
	return s.grammar.ValueExpr(&s.table.Columns()[column], s.grammar.Placeholder(n))
}

// assign is the SET term that binds the n-th value.
func (s *Statements) assign(column, n int) string {
	return s.columns[column].name + " = " + s.value(column, n)
}

// countUp is the SET term of the version column.
func (s *Statements) countUp() string {
	name := s.columns[s.version].name
	return name + " = " + name + " + 1"
}

func (s *Statements) insert(auto bool) Statement {
	var st Statement
	var names, values []string
	st.Bind, st.Return, names, values = s.written(auto)
	st.SQL = "INSERT INTO " + s.name
	if len(names) == 0 {
		st.SQL += s.grammar.EmptyRow()
	} else {
		st.SQL += " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
	}
	st.SQL += s.returning(st.Return)
	return st
}

// written gives the columns that an insert binds, their names and values as SQL, and the columns that the database fills.
func (s *Statements) written(auto bool) (bind, back []int, names, values []string) {
	columns := s.table.Columns()
	for i := range columns {
		c := &columns[i]
		filled := c.Generated != "" || c.Auto && auto
		if filled || c.Default != "" {
			back = append(back, i)
		}
		if filled {
			continue
		}
		bind = append(bind, i)
		names, values = append(names, s.columns[i].name), append(values, s.orDefault(i, s.value(i, len(bind))))
	}
	return bind, back, names, values
}

// orDefault puts a column's default, if it has one, in the place of a value that is null.
func (s *Statements) orDefault(column int, value string) string {
	c := &s.table.Columns()[column]
	if c.Default == "" {
		return value
	}
	return "COALESCE(" + value + ", " + s.grammar.DefaultExpr(c) + ")"
}

// whereKey is the WHERE clause for one row, its values bound from number n on.
func (s *Statements) whereKey(n int) string {
	terms := make([]string, 0, len(s.table.Key())+1)
	for i, at := range s.table.Key() {
		terms = append(terms, s.assign(at, n+i))
	}
	if s.live != "" {
		terms = append(terms, s.live)
	}
	return " WHERE " + strings.Join(terms, " AND ")
}

func (s *Statements) byKey(list string, columns []int) Statement {
	return Statement{
		SQL:    "SELECT " + list + " FROM " + s.name + s.whereKey(1),
		Bind:   slices.Clone(s.table.Key()),
		Return: columns,
	}
}

// changeable reports whether a program may give the column another value once the row is there.
func (s *Statements) changeable(column int) bool {
	c := &s.table.Columns()[column]
	lifecycle := c.Role == schema.RoleCreated || c.Role == schema.RoleDeleted || c.Role == schema.RoleVersion
	return !lifecycle && c.Generated == "" && !slices.Contains(s.table.Key(), column)
}

func (s *Statements) update() Statement {
	var st Statement
	var set []string
	columns := s.table.Columns()
	for i := range columns {
		switch {
		case s.changeable(i):
			st.Bind = append(st.Bind, i)
			set = append(set, s.assign(i, len(st.Bind)))
		case i == s.version:
			set = append(set, s.countUp())
		}
		if i == s.version || columns[i].Generated != "" {
			st.Return = append(st.Return, i)
		}
	}
	if len(set) == 0 {
		name := s.columns[s.table.Key()[0]].name
		set = append(set, name+" = "+name)
	}
	where := s.whereKey(len(st.Bind) + 1)
	st.SQL = "UPDATE " + s.name + " SET " + strings.Join(set, ", ") + where
	st.Bind = append(st.Bind, s.table.Key()...)
	if s.version >= 0 {
		st.Bind = append(st.Bind, s.version)
		st.SQL += " AND " + s.assign(s.version, len(st.Bind))
	}
	if len(st.Return) > 0 {
		before, behind := s.readBack(where)
		st.SQL += before + s.list(st.Return) + behind
	}
	return st
}

func (s *Statements) delete() Statement {
	var st Statement
	if s.deleted < 0 {
		st.SQL = "DELETE FROM " + s.name
	} else {
		st.SQL = "UPDATE " + s.name + " SET " + s.assign(s.deleted, 1)
		st.Bind = append(st.Bind, s.deleted)
		if s.updated >= 0 {
			st.SQL += ", " + s.assign(s.updated, 2)
			st.Bind = append(st.Bind, s.updated)
		}
		if s.version >= 0 {
			st.SQL += ", " + s.countUp()
		}
	}
	st.SQL += s.whereKey(len(st.Bind) + 1)
	st.Bind = append(st.Bind, s.table.Key()...)
	return st
}
