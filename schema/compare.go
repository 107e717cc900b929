package schema

import "slices"

// Delta is the difference between a model as the server would have made it (born) and a live table, item by item, for
// planners. Delta.Changes tells it to people.
type Delta struct {
	Renamed   []Rename // columns that the live table still has under their old names
	Conflicts []Rename // columns that it has under both names
	Missing   []LiveColumn
	Extra     []LiveColumn
	Columns   []ColumnDelta // in both and not the same; Have is under the new name
	Key       bool          // the primary keys differ

	Indexes     Sides[LiveIndex]
	ForeignKeys Sides[ForeignKey]
	Checks      Sides[LiveCheck]
	// Replaced are extra checks over the very columns of a missing one: the model's condition has changed. They are not
	// in Checks.Extra.
	Replaced []LiveCheck
	// NotValid are the names of wanted foreign keys and checks that hold for new rows only.
	NotValid []string
	Comment  bool // the tables' comments differ

	born, live, renamed *Live
}

// Live gives the live table as it was compared: its columns have their new names, also in expressions, which are
// otherwise as they were.
func (d *Delta) Live() *Live { return d.renamed }

// Overtaken reports whether an extra foreign key is over the columns of a missing one: the model's has changed, and as
// long as the former one is there, the new one's actions cannot do what they say.
func (d *Delta) Overtaken(extra ForeignKey) bool {
	return slices.ContainsFunc(d.ForeignKeys.Missing, func(fk ForeignKey) bool { return slices.Equal(fk.Columns, extra.Columns) })
}

// Rename is one column's change of name.
type Rename struct{ From, To string }

// ColumnDelta is a column that is not as the model wants it.
type ColumnDelta struct {
	Want, Have LiveColumn
	// Fits reports that the model can use the other type: it is the wanted one or a wider one. Compare sets it for equal
	// types; what is wider is for the planner to say.
	Fits bool
}

// Sides are the items that only one of the two has. Missing ones are the model's.
type Sides[T any] struct{ Missing, Extra []T }

// Compare finds the difference between a born and a live table. Indexes, foreign keys and checks are matched by what
// they are, not by what they are called. Renames are what the model says of its columns; those that are done already
// do not count. Where born was only parsed, expressions that both have are taken for equal.
func Compare(born, live *Live, renames ...Rename) *Delta {
	d := &Delta{born: born, live: live}
	names := map[string]string{}
	for _, r := range renames {
		_, old := live.Column(r.From)
		_, done := live.Column(r.To)
		switch {
		case old && done:
			d.Conflicts = append(d.Conflicts, r)
		case old:
			d.Renamed = append(d.Renamed, r)
			names[r.From] = r.To
		}
	}
	spell := func(text string) string { return text }
	if live.Ref != born.Ref {
		live = live.moved(born.Ref)
	}
	if len(names) > 0 {
		live = live.renamed(names)
	}
	if len(names) > 0 || born.Parsed {
		spell = func(text string) string { return respell(text, nil) }
	}
	d.renamed = live
	d.columns(born, live, spell)
	d.Key = !slices.Equal(born.Key, live.Key)
	d.Indexes = unmatched(born.Indexes, live.Indexes, func(ix LiveIndex) string { return spell(indexText(ix)) })
	d.ForeignKeys = unmatched(born.ForeignKeys, live.ForeignKeys, foreignKeyText)
	d.checks(born, live, spell)
	d.Comment = born.Comment != live.Comment
	return d
}

func (d *Delta) columns(born, live *Live, spell func(string) string) {
	same := func(a, b string) bool {
		return a == b || spell(a) == spell(b) || born.Parsed && a != "" && b != ""
	}
	for _, want := range born.Columns {
		have, ok := live.Column(want.Name)
		if !ok {
			d.Missing = append(d.Missing, want)
			continue
		}
		if same(want.Default, have.Default) {
			have.Default = want.Default
		}
		if same(want.Generated, have.Generated) {
			have.Generated = want.Generated
		}
		c := ColumnDelta{Want: want, Have: have, Fits: want.Type == have.Type}
		want.Collation, want.Volatile, have.Collation, have.Volatile = "", false, "", false
		if want != have {
			d.Columns = append(d.Columns, c)
		}
	}
	for _, have := range live.Columns {
		if _, ok := born.Column(have.Name); !ok {
			d.Extra = append(d.Extra, have)
		}
	}
}

// checks pairs the checks off. Of a parsed model's it is known only which columns they are over.
func (d *Delta) checks(born, live *Live, spell func(string) string) {
	over := func(c LiveCheck) string {
		return columnsIn(c.Expr, born, live)
	}
	if born.Parsed {
		if len(live.Checks) < len(born.Checks) {
			d.Checks.Missing = without(born.Checks, live.Checks, over)
		}
	} else {
		d.Checks = unmatched(born.Checks, live.Checks, func(c LiveCheck) string { return spell(c.Expr) })
		d.Checks.Extra = slices.DeleteFunc(d.Checks.Extra, func(extra LiveCheck) bool {
			columns := over(extra)
			replaced := columns != "" && slices.ContainsFunc(d.Checks.Missing, func(c LiveCheck) bool { return over(c) == columns })
			if replaced {
				d.Replaced = append(d.Replaced, extra)
			}
			return replaced
		})
	}
	// A check that is not validated is there for Extra and Missing; so is a foreign key.
	for _, c := range live.Checks {
		named := func(own LiveCheck) bool { return own.Name == c.Name }
		if born.Parsed && !slices.ContainsFunc(born.Checks, named) {
			continue // it may be an extra one
		}
		if slices.Contains(live.NotValid, c.Name) && !slices.Contains(d.Checks.Extra, c) && !slices.Contains(d.Replaced, c) {
			d.NotValid = append(d.NotValid, c.Name)
		}
	}
	for _, fk := range live.ForeignKeys {
		extra := slices.ContainsFunc(d.ForeignKeys.Extra, func(other ForeignKey) bool { return other.Name == fk.Name })
		if slices.Contains(live.NotValid, fk.Name) && !extra {
			d.NotValid = append(d.NotValid, fk.Name)
		}
	}
}

// renamed gives the table as it will be once its columns have their new names.
func (l *Live) renamed(names map[string]string) *Live {
	rename := func(list []string) []string {
		out := slices.Clone(list)
		for i, name := range out {
			if to, ok := names[name]; ok {
				out[i] = to
			}
		}
		return out
	}
	// What mentions none of them stays in the server's own words.
	say := func(text string) string {
		for name := range names {
			if Mentions(text, name) {
				return respell(text, names)
			}
		}
		return text
	}
	out := *l
	out.Columns, out.Indexes, out.Checks = slices.Clone(l.Columns), slices.Clone(l.Indexes), slices.Clone(l.Checks)
	out.ForeignKeys = slices.Clone(l.ForeignKeys)
	out.Key = rename(l.Key)
	for i := range out.Columns {
		c := &out.Columns[i]
		if to, ok := names[c.Name]; ok {
			c.Name = to
		}
		c.Default, c.Generated = say(c.Default), say(c.Generated)
	}
	for i := range out.Indexes {
		out.Indexes[i].Definition = say(out.Indexes[i].Definition)
	}
	for i := range out.Checks {
		out.Checks[i].Expr = say(out.Checks[i].Expr)
	}
	for i := range out.ForeignKeys {
		fk := &out.ForeignKeys[i]
		fk.Columns = rename(fk.Columns)
		if l.itself(fk.References) {
			fk.RefColumns = rename(fk.RefColumns)
		}
	}
	return &out
}

// moved gives the table as it will be under another name: what points at itself points there.
func (l *Live) moved(to Ref) *Live {
	out := *l
	out.Ref, out.ForeignKeys = to, slices.Clone(l.ForeignKeys)
	for i := range out.ForeignKeys {
		fk := &out.ForeignKeys[i]
		if !l.itself(fk.References) {
			continue
		}
		fk.References.Name = to.Name
		if to.Namespace != l.Ref.Namespace && to.Namespace != "" {
			fk.References.Namespace = to.Namespace
		}
	}
	return &out
}

// itself reports whether a foreign key points at its own table. A catalogue shows the target's namespace also where the
// table was asked for without one.
func (l *Live) itself(target Ref) bool {
	return target.Name == l.Ref.Name && (l.Ref.Namespace == "" || target.Namespace == l.Ref.Namespace)
}

// unmatched pairs equal items off, each with one of the other side, and gives what is left of both.
func unmatched[T any](want, have []T, text func(T) string) Sides[T] {
	return Sides[T]{Missing: without(want, have, text), Extra: without(have, want, text)}
}

// without gives the items that have no partner among others.
func without[T any](items, others []T, text func(T) string) (left []T) {
	partners := make(map[string]int, len(others))
	for _, o := range others {
		partners[text(o)]++
	}
	for _, item := range items {
		if key := text(item); partners[key] > 0 {
			partners[key]--
		} else {
			left = append(left, item)
		}
	}
	return left
}
