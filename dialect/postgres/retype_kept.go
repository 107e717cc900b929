package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// What hangs on a column whose type changes is made anew on the second column, under names of its own, and gets the old
// names when the columns change places.

// scratch is the name that something has until then.
func (r *retyping) scratch(kind, name string) string {
	return retypePrefix + shortHash(strings.Join([]string{kind, name, r.c.Want.Name, r.c.Want.Type}, "\x00"))
}

// over gives an expression over the old column as one over the second.
func (r *retyping) over(expr string) string { return schema.Substitute(expr, r.c.Want.Name, r.fresh) }

// concerns reports whether something that is over the column is to be made anew. It is what the table has and keeps, and
// of what an interrupted plan has left that which the present one counts on.
func (r *retyping) concerns(name, expr string, extra bool, drop schema.HazardKind) bool {
	column := r.c.Want
	switch {
	case !schema.Mentions(expr, column.Name), slices.ContainsFunc(r.gone(), func(c string) bool { return schema.Mentions(expr, c) }):
		return false
	case name == r.FitName(requiredPrefix+column.Name):
		return column.NotNull && !r.c.Have.NotNull
	case name == r.FitName(fillingPrefix+column.Name), name == keyName(r.t.Model.Ref().Name, r.t.Born.Key):
		return true
	}
	return !strings.HasPrefix(name, ownPrefix) && !(extra && r.goes(drop, r.columnsOf(expr)))
}

// gone lists the generated columns that the plan has dropped before, and everything over them with them, to add them again
// when the column has its new type.
func (r *retyping) gone() (columns []string) {
	for _, c := range r.t.Live.Columns {
		changes := slices.ContainsFunc(r.delta.Columns, func(d schema.ColumnDelta) bool {
			return d.Have.Name == c.Name && (generated(d.Have) || generated(d.Want)) &&
				(d.Want.Generated != d.Have.Generated && d.Want.Generated != "" || d.Want.Type != d.Have.Type)
		})
		if changes || generated(c) && schema.Mentions(c.Generated, r.c.Want.Name) {
			columns = append(columns, c.Name)
		}
	}
	return columns
}

// goes reports whether an extra of the table is dropped by a statement of the plan that comes before.
func (r *retyping) goes(kind schema.HazardKind, columns []string) bool {
	_, ok := r.t.Policy.Allows(hazard(kind, columns...), r.t.Model.Ref())
	return ok
}

// columnsOf lists the columns that an expression mentions.
func (r *retyping) columnsOf(expr string) (columns []string) {
	for _, live := range []*schema.Live{r.t.Born, r.t.Live} {
		for _, c := range live.Columns {
			if schema.Mentions(expr, c.Name) && !slices.Contains(columns, c.Name) {
				columns = append(columns, c.Name)
			}
		}
	}
	slices.Sort(columns)
	return columns
}

// notNull makes the second column NOT NULL when the columns change places, which the check makes a matter of a moment.
func (r *retyping) notNull() {
	if !r.c.Want.NotNull || !r.c.Have.NotNull {
		return
	}
	name := r.scratch("not null", "")
	r.check(name, "CHECK ("+r.fresh+" IS NOT NULL)", true)
	r.last("ALTER COLUMN " + r.old + " SET NOT NULL")
	r.last("DROP CONSTRAINT " + r.Quote(name))
}

// checks makes those that mention the column. One that the model replaces, and whose words may not fit the new type, is
// only kept by name, for the plan will drop it.
func (r *retyping) checks() {
	for _, c := range r.t.Live.Checks {
		if !r.concerns(c.Name, c.Expr, slices.Contains(r.delta.Checks.Extra, c), schema.HazardDropCheck) {
			continue
		}
		definition, name := "CHECK ("+r.over(c.Expr)+")", r.scratch("check", c.Name)
		if slices.Contains(r.delta.Replaced, c) && textual(r.c.Have.Type) != textual(r.c.Want.Type) {
			definition = "CHECK (" + r.fresh + " IS NULL OR true)"
		}
		r.check(name, definition, !slices.Contains(r.t.Live.NotValid, c.Name))
		r.last("RENAME CONSTRAINT " + r.Quote(name) + " TO " + r.Quote(c.Name))
	}
}

// foreignKeys makes those of the column.
func (r *retyping) foreignKeys() {
	for _, fk := range r.t.Live.ForeignKeys {
		if strings.HasPrefix(fk.Name, ownPrefix) || !slices.Contains(fk.Columns, r.c.Want.Name) || r.dropped(fk) {
			continue
		}
		fk.Columns = slices.Clone(fk.Columns)
		fk.Columns[slices.Index(fk.Columns, r.c.Want.Name)] = freshName(r.c.Want.Name)
		name := r.scratch("foreign key", fk.Name)
		at := len(r.out)
		r.check(name, r.references(fk), !slices.Contains(r.t.Live.NotValid, fk.Name))
		if !r.there(name) {
			r.out[at].Lock = shareRowExclusive
		}
		r.last("RENAME CONSTRAINT " + r.Quote(name) + " TO " + r.Quote(fk.Name))
	}
}

// dropped reports whether a foreign key is an extra one that goes, and not only together with the coming of another.
func (r *retyping) dropped(fk schema.ForeignKey) bool {
	same := func(other schema.ForeignKey) bool { return other.Name == fk.Name }
	replaced := func(m schema.ForeignKey) bool { return slices.Equal(m.Columns, fk.Columns) }
	return slices.ContainsFunc(r.delta.ForeignKeys.Extra, same) && !slices.ContainsFunc(r.delta.ForeignKeys.Missing, replaced) &&
		r.goes(schema.HazardDropForeignKey, fk.Columns)
}

// check adds a constraint for new rows, and then for all. One that an interrupted plan has added is added again.
func (r *retyping) check(name, definition string, valid bool) {
	action := "ADD CONSTRAINT " + r.Quote(name) + " " + definition + " NOT VALID"
	if r.there(name) {
		action = "DROP CONSTRAINT IF EXISTS " + r.Quote(name) + ", " + action
	}
	add := r.alter(action)
	add.Mode, add.Undo = schema.ModeAlone, r.undo()
	r.add(add)
	if !valid {
		return
	}
	r.add(schema.Statement{
		SQL:  "ALTER TABLE " + r.table + " VALIDATE CONSTRAINT " + r.Quote(name),
		Mode: schema.ModeAlone, Lock: shareUpdateExclusive, Scans: true, Undo: r.undo(),
	})
}

// there reports whether the table has a constraint of the name.
func (r *retyping) there(name string) bool {
	return slices.ContainsFunc(r.t.Live.Checks, func(c schema.LiveCheck) bool { return c.Name == name }) ||
		slices.ContainsFunc(r.t.Live.ForeignKeys, func(fk schema.ForeignKey) bool { return fk.Name == name })
}

// indexes makes those that mention the column.
func (r *retyping) indexes() {
	made := false
	for _, ix := range r.t.Live.Indexes {
		kind := schema.HazardDropIndex
		if ix.Unique {
			kind = schema.HazardDropUnique
		}
		extra := slices.ContainsFunc(r.delta.Indexes.Extra, func(other schema.LiveIndex) bool { return other.Name == ix.Name })
		if r.concerns(ix.Name, ix.Definition, extra, kind) {
			r.index(ix)
			made = true
		}
	}
	if !made {
		return
	}
	// The columns of an index have names of their own, which people see in its description.
	s := r.alter("")
	s.SQL = "DO " + dollars(fmt.Sprintf(`DECLARE ix text; BEGIN
  FOR ix IN SELECT x.indexrelid::regclass FROM pg_catalog.pg_index x JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indexrelid
    WHERE x.indrelid = %s::regclass AND a.attname = %s LOOP
    EXECUTE 'ALTER TABLE ' || ix || %s;
  END LOOP;
END`, literal(r.table), literal(freshName(r.c.Want.Name)), literal(" RENAME COLUMN "+r.fresh+" TO "+r.old)))
	r.swap = append(r.swap, s)
}

func (r *retyping) index(ix schema.LiveIndex) {
	head, name := "CREATE INDEX ", r.scratch("index", ix.Name)
	if ix.Unique {
		head = "CREATE UNIQUE INDEX "
	}
	scratch := r.QuoteTable(schema.Ref{Namespace: r.t.Model.Ref().Namespace, Name: name})
	r.add(schema.Statement{
		// An unfinished one of an earlier try is seen and dropped by Step.
		SQL:  head + "CONCURRENTLY IF NOT EXISTS " + r.Quote(name) + " ON " + r.table + " USING " + r.over(ix.Definition),
		Mode: schema.ModeConcurrent, Lock: shareUpdateExclusive, Scans: true,
		Undo: "DROP INDEX CONCURRENTLY IF EXISTS " + scratch,
	})
	if ix.Constraint {
		r.last("ADD CONSTRAINT " + r.Quote(ix.Name) + " UNIQUE USING INDEX " + r.Quote(name))
		return
	}
	s := r.alter("")
	s.SQL = "ALTER INDEX " + scratch + " RENAME TO " + r.Quote(ix.Name)
	r.swap = append(r.swap, s)
}
