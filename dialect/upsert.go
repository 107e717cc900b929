package dialect

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Conflict says what becomes of a row that is there already when one with the same values in Target is to be inserted.
// Columns are given by their positions.
type Conflict struct {
	Target  []int // the primary key, or the columns of a unique index
	Set     []int // the columns that take the new row's values
	Nothing bool  // the row that is there stays as it is, and Set does not matter
}

// TellsInserted reports whether a row that comes back from Upsert is followed by a boolean: true where it was inserted.
func (s *Statements) TellsInserted() bool { return s.grammar.InsertedExpr() != "" }

// stored is the name of the row that is there already. A column of the table is told from it by the dot behind it.
const stored = "schemactor_stored"

// Upsert writes the insert of one row, with values bound as Insert or InsertAuto (auto) bind them. Where a row stands in
// its way, c says what is done; updated then takes the new row's value, too, the version counts up and a mark of deletion
// goes away. All columns of the row as it then is come back, followed, where the statement is Told, by whether it was
// inserted; without that no row comes back where c leaves the one that was there alone.
func (s *Statements) Upsert(c Conflict, auto bool) Statement {
	bind, _, names, values := s.written(auto)
	st := Statement{Bind: bind, Return: s.every()}
	columns := " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
	if text, ok := s.grammar.Upsert(s.upsertion(c, bind, "INSERT INTO "+s.name+columns)); ok {
		st.SQL, st.Told = text, true
		return st
	}
	st.SQL = "INSERT INTO " + s.name + " AS " + s.grammar.Quote(stored) + columns + s.onConflict(c) + s.returningUpsert(c)
	st.Told = !c.Nothing && s.TellsInserted()
	return st
}

// Upsertion is an upsert in pieces, for databases that put it together in another way. Names are quoted.
type Upsertion struct {
	Insert string // the insert of the new row
	Table  string
	Key    string   // a column of the primary key
	Target []string // the columns by which a row stands in the way
	Index  string   // the unique index over Target, by the name that the model gives it; empty is the primary key
	Same   string   // the condition that is true of this row, and binds what the insert binds
	Take   []string // the columns that take the new row's values
	// Assign are further assignments, which name no other row.
	Assign []string
	// TakeBound are assignments of the values of Take as the insert binds them.
	TakeBound []string
	Nothing   bool   // the row that is there stays as it is
	List      string // what comes back
}

// upsertion takes an upsert apart.
func (s *Statements) upsertion(c Conflict, bind []int, insert string) Upsertion {
	u := Upsertion{Insert: insert, Table: s.name, Key: s.columns[s.table.Key()[0]].name, Nothing: c.Nothing, List: s.all}
	bound := func(at int) string { return s.orDefault(at, s.value(at, slices.Index(bind, at)+1)) }
	var same []string
	for _, at := range c.Target {
		name := s.columns[at].name
		u.Target, same = append(u.Target, name), append(same, name+" = "+bound(at))
	}
	u.Same = strings.Join(same, " AND ")
	for _, ix := range s.table.Indexes() {
		other := func(at int) bool { return !slices.Contains(ix.Columns, s.table.Columns()[at].Name) }
		if ix.Unique && len(ix.Columns) == len(c.Target) && !slices.ContainsFunc(c.Target, other) {
			u.Index = s.grammar.Quote(schema.IndexName(s.table.Ref(), ix))
		}
	}
	if c.Nothing {
		return u
	}
	take := slices.Clone(c.Set)
	if s.updated >= 0 {
		take = append(take, s.updated)
	}
	for _, at := range take {
		name := s.columns[at].name
		u.Take, u.TakeBound = append(u.Take, name), append(u.TakeBound, name+" = "+bound(at))
	}
	if s.version >= 0 {
		u.Assign = append(u.Assign, s.countUp())
	}
	if s.deleted >= 0 {
		u.Assign = append(u.Assign, s.columns[s.deleted].name+" = NULL")
	}
	return u
}

func (s *Statements) every() []int {
	every := make([]int, len(s.columns))
	for i := range every {
		every[i] = i
	}
	return every
}

func (s *Statements) returningUpsert(c Conflict) string {
	list := " RETURNING " + s.all
	if !c.Nothing && s.TellsInserted() {
		list += ", " + s.grammar.InsertedExpr()
	}
	return list
}

// onConflict is the clause that settles what is done about a row in the way.
func (s *Statements) onConflict(c Conflict) string {
	target := make([]string, len(c.Target))
	for i, at := range c.Target {
		target[i] = s.columns[at].name
	}
	clause := " ON CONFLICT (" + strings.Join(target, ", ") + ") DO "
	if c.Nothing {
		return clause + "NOTHING"
	}
	var set []string
	for _, at := range c.Set {
		set = append(set, s.excluded(at))
	}
	if s.updated >= 0 {
		set = append(set, s.excluded(s.updated))
	}
	if s.version >= 0 {
		name := s.columns[s.version].name
		set = append(set, name+" = "+s.grammar.Quote(stored)+"."+name+" + 1")
	}
	if s.deleted >= 0 {
		set = append(set, s.columns[s.deleted].name+" = NULL")
	}
	if len(set) == 0 { // the row comes back only from an update
		name := s.columns[s.table.Key()[0]].name
		set = append(set, name+" = "+s.grammar.Quote(stored)+"."+name)
	}
	return clause + "UPDATE SET " + strings.Join(set, ", ")
}

// excluded is the SET term by which a column takes the new row's value.
func (s *Statements) excluded(at int) string {
	name := s.columns[at].name
	return name + " = excluded." + name
}

// Settable reports whether a program may name the column among those that a change of rows gives new values: it is no
// key, lifecycle or generated column.
func (s *Statements) Settable(column int) bool { return column != s.updated && s.changeable(column) }

// Stands writes the question whether a row stands in the way of one with the same values in the target, marked deleted or
// not: it gives a single 1 or no row. The target must hold no generated column.
func (s *Statements) Stands(target []int) Statement {
	terms := make([]string, len(target))
	for i, at := range target {
		terms[i] = s.columns[at].name + " = " + s.orDefault(at, s.value(at, i+1))
	}
	return Statement{SQL: "SELECT 1 FROM " + s.name + " WHERE " + strings.Join(terms, " AND "), Bind: target}
}

// Positions looks columns up by their names, none of which may come twice. Errors are ErrInvalid and begin with what, the
// words for where the names were given.
func (s *Statements) Positions(op, what string, names []string) ([]int, error) {
	out := make([]int, 0, len(names))
	for _, name := range names {
		at, ok := s.table.Column(name)
		if !ok {
			return nil, schema.Invalid(op, s.table.String(), clip(name), "%s: unknown column", what)
		}
		if slices.Contains(out, at) {
			return nil, schema.Invalid(op, s.table.String(), name, "%s: the same column twice", what)
		}
		out = append(out, at)
	}
	return out, nil
}
