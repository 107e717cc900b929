package mysql

import (
	"fmt"
	"slices"

	"github.com/schemactor/schemactor/schema"
)

// formerName is what a column is called whose values are on their way to one of another type.
func formerName(column string) string {
	return Grammar{}.FitName("schemactor_former_" + column)
}

// ownWay reports whether the model says of a column how its values become those of another type.
func (a *alteration) ownWay(d schema.ColumnDelta, c *schema.Column) bool {
	return a.online() && d.Want.Type != d.Have.Type && d.Want.Generated == "" && d.Have.Generated == "" &&
		schema.Mentions(c.Backfill, d.Want.Name)
}

// reform puts a column of another type in the place of one that steps back under another name. Its values are computed while
// the table is written anew and nobody else writes, as its default is asked for each row. Then the default becomes what it is to
// be, and the former column goes.
func (a *alteration) reform(d schema.ColumnDelta, c *schema.Column) {
	name := d.Want.Name
	if held := a.heldBy(c, d); held != "" {
		a.plan.Faults = append(a.plan.Faults, fmt.Sprintf("column %q: its values cannot be turned into those of another type, for %s", name, held))
		return
	}
	former := d.Have
	former.Name, former.NotNull, former.Default, former.Comment = formerName(name), false, "", ""
	filled := *c
	filled.Default = c.Backfill
	convert := "(" + a.DefaultExpr(&filled) + ")"
	if d.Want.NotNull {
		a.refuse(" WHERE "+convert+" IS NULL", fmt.Sprintf("column %q would be NULL by its backfill=", name))
	}
	fresh := d.Want
	fresh.Default = schema.Substitute(convert, name, a.Quote(former.Name))
	h := hazard(schema.HazardRetypeColumn, name)
	a.change(copying, "CHANGE COLUMN "+a.Quote(name)+" "+a.spelled(former, a.before.raw[a.former(name)]), h)
	a.change(copying, "ADD COLUMN "+a.spelled(fresh, a.birth.raw[name]), h)
	a.reformed[name] = true
	if slices.Contains(a.live.Key, name) && !a.delta.Key {
		a.change(copying, "DROP PRIMARY KEY, ADD PRIMARY KEY ("+a.list(a.live.Key)+")")
	}
	for _, check := range a.live.Checks {
		replaced := func(old schema.LiveCheck) bool { return old.Name == check.Name }
		if a.taken[check.Name] && schema.Mentions(check.Expr, name) && !slices.ContainsFunc(a.delta.Replaced, replaced) {
			a.dropCheck(check)
			a.change(copying, "ADD CONSTRAINT "+a.Quote(a.free(check.Name, check.Expr))+" CHECK ("+check.Expr+")")
		}
	}
	a.retire(d.Want)
}

// heldBy tells what keeps a column from stepping back.
func (a *alteration) heldBy(model *schema.Column, d schema.ColumnDelta) string {
	if model.Auto || d.Have.Identity {
		return "the database numbers it"
	}
	for _, c := range a.live.Columns {
		if c.Generated != "" && schema.Mentions(c.Generated, d.Want.Name) && !a.dropsColumn(c.Name) {
			return fmt.Sprintf("%q is computed from it", c.Name)
		}
	}
	for _, fk := range a.live.ForeignKeys {
		if fk.References.Name == a.live.Ref.Name && slices.Contains(fk.RefColumns, d.Want.Name) {
			return fmt.Sprintf("%q of the same table points to it", fk.Columns)
		}
	}
	return ""
}

// retire ends what reform has begun.
func (a *alteration) retire(want schema.LiveColumn) {
	set := "DROP DEFAULT"
	if want.Default != "" {
		set = "SET DEFAULT (" + want.Default + ")"
	}
	a.later = append(a.later, schema.Statement{
		SQL: "ALTER TABLE " + a.table + " ALTER COLUMN " + a.Quote(want.Name) + " " + set + ", DROP COLUMN " + a.Quote(formerName(want.Name)) +
			", ALGORITHM=INSTANT",
		Hazards: []schema.Hazard{hazard(schema.HazardRetypeColumn, want.Name)},
	})
}

// interrupted finds the columns that an interrupted plan has left under another name.
func (a *alteration) interrupted() {
	for _, want := range a.t.Born.Columns {
		left := func(c schema.LiveColumn) bool { return c.Name == formerName(want.Name) }
		have, there := a.live.Column(want.Name)
		if !there || have.Type != want.Type || !slices.ContainsFunc(a.delta.Extra, left) || !a.allows(hazard(schema.HazardRetypeColumn, want.Name)) {
			continue
		}
		a.delta.Extra = slices.DeleteFunc(a.delta.Extra, left)
		a.delta.Columns = slices.DeleteFunc(a.delta.Columns, func(d schema.ColumnDelta) bool {
			same := d.Have
			same.Default = want.Default
			return d.Want.Name == want.Name && same == d.Want
		})
		a.retire(want)
	}
}
