package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// ArrayBinder is a Grammar whose database takes the values of many rows as one array for each column, so that a statement
// has one text whatever the number of rows.
type ArrayBinder interface {
	// ArrayExpr wraps a placeholder that holds what Array gives.
	ArrayExpr(c *schema.Column, placeholder string) string
	// Array gives what is bound for the encoded values of a column, nil for null.
	Array(c *schema.Column, values []any) any
}

// Arrays gives the grammar's way to bind many rows at once; ok is false where there is none.
func (s *Statements) Arrays() (binder ArrayBinder, ok bool) {
	binder, ok = s.grammar.(ArrayBinder)
	return binder, ok
}

// given is the name of the rows that are bound as arrays, place that of their number, from 1.
const (
	given = "schemactor_given"
	place = "schemactor_place"
)

// column of the given rows, by its place in Bind.
func (s *Statements) givenColumn(n int) string {
	return s.grammar.Quote(given) + "." + s.grammar.Quote(givenName(n))
}

func givenName(n int) string { return "schemactor_" + strconv.Itoa(n) }

func (s *Statements) givenPlace() string {
	return s.grammar.Quote(given) + "." + s.grammar.Quote(place)
}

// unnest is the FROM item of rows whose columns are bound as arrays, in the order of bind.
func (s *Statements) unnest(binder ArrayBinder, bind []int) string {
	arrays, names := make([]string, len(bind)), make([]string, len(bind))
	for i, at := range bind {
		arrays[i] = binder.ArrayExpr(&s.table.Columns()[at], s.grammar.Placeholder(i+1))
		names[i] = s.grammar.Quote(givenName(i))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") WITH ORDINALITY AS " + s.grammar.Quote(given) +
		" (" + strings.Join(names, ", ") + ", " + s.grammar.Quote(place) + ")"
}

// UpsertMany is Upsert for rows that are bound as arrays. What comes back is as with Upsert, in the order of the rows, and
// for a Conflict without Target the statement is a plain insert. No two rows may be the same by the target.
func (s *Statements) UpsertMany(c Conflict, auto bool) Statement {
	bind, _, _, _ := s.written(auto)
	st := Statement{
		SQL:  "INSERT INTO " + s.name + " AS " + s.grammar.Quote(stored) + s.selectGiven(auto),
		Bind: bind, Return: s.every(),
	}
	if len(c.Target) == 0 {
		st.SQL += " RETURNING " + s.all
	} else {
		st.SQL += s.onConflict(c) + s.returningUpsert(c)
	}
	return st
}

// UpdateMany is Update for rows that are bound as arrays. They are locked in their order, whatever the database makes of
// the rest. What comes back begins with the place of the row, from 1; a row that is not there, or has another version,
// does not come back. No two rows may have the same key.
func (s *Statements) UpdateMany() Statement {
	binder, _ := s.Arrays()
	st := Statement{Bind: s.Update.Bind, Return: s.Update.Return}
	changed := len(st.Bind) - len(s.table.Key())
	if s.version >= 0 {
		changed--
	}
	var set, same []string
	for i, at := range st.Bind[:changed] {
		set = append(set, s.columns[at].name+" = "+s.givenColumn(i))
	}
	if s.version >= 0 {
		name := s.columns[s.version].name
		set = append(set, name+" = "+s.grammar.Quote(stored)+"."+name+" + 1")
	}
	if len(set) == 0 {
		name := s.columns[s.table.Key()[0]].name
		set = append(set, name+" = "+s.grammar.Quote(stored)+"."+name)
	}
	locked := make([]string, 0, len(s.table.Key()))
	for i, at := range st.Bind[changed:] {
		term := "." + s.columns[at].name + " = " + s.givenColumn(changed+i)
		same = append(same, s.grammar.Quote(stored)+term)
		if slices.Contains(s.table.Key(), at) {
			locked = append(locked, s.grammar.Quote("schemactor_locked")+term)
		}
	}
	if s.live != "" {
		same = append(same, s.grammar.Quote(stored)+"."+s.live)
	}
	st.SQL = "UPDATE " + s.name + " AS " + s.grammar.Quote(stored) + " SET " + strings.Join(set, ", ") +
		" FROM (SELECT " + s.grammar.Quote(given) + ".* FROM " + s.unnest(binder, st.Bind) +
		" JOIN " + s.name + " AS " + s.grammar.Quote("schemactor_locked") + " ON " + strings.Join(locked, " AND ") +
		" ORDER BY " + s.givenPlace() + " FOR NO KEY UPDATE OF " + s.grammar.Quote("schemactor_locked") + ") AS " +
		s.grammar.Quote(given) + " WHERE " + strings.Join(same, " AND ") + " RETURNING " + s.givenPlace()
	if len(st.Return) > 0 {
		st.SQL += ", " + s.list(st.Return)
	}
	return st
}
