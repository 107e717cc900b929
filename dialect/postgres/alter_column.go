package postgres

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// alwaysIdentity is LiveColumn.Generated of a column that takes no number but its own.
const alwaysIdentity = "always as identity"

// madeAnew lists the columns that have to be dropped and added again: those that become generated or change their
// expression or type as such, and those that are computed from one whose type changes.
func (a *alteration) madeAnew() (gone []schema.Rename) {
	add := func(name string) {
		r := schema.Rename{From: a.formerName(name), To: name}
		if !slices.Contains(gone, r) {
			gone = append(gone, r)
		}
	}
	for _, c := range a.delta.Columns {
		was, is := generated(c.Have), generated(c.Want)
		switch {
		case is && c.Want.Generated != c.Have.Generated, is && c.Want.Type != c.Have.Type,
			was && !is && strings.HasSuffix(c.Have.Generated, virtualTail):
			add(c.Want.Name)
			a.computedFrom(c, add)
		case c.Want.Type != c.Have.Type:
			a.held(c)
			a.computedFrom(c, add)
		}
	}
	return gone
}

// computedFrom adds the columns that are computed from one whose type changes or that is made anew itself, and reports
// those that the model does not know and that stay.
func (a *alteration) computedFrom(c schema.ColumnDelta, add func(name string)) {
	for _, other := range a.live.Columns {
		if !generated(other) || !schema.Mentions(other.Generated, c.Want.Name) {
			continue
		}
		born, ok := a.t.Born.Column(other.Name)
		switch {
		case ok && generated(born):
			add(other.Name)
		case !ok && !a.allows(hazard(schema.HazardDropColumn, other.Name)):
			a.plan.Faults = append(a.plan.Faults, "column "+naming([]string{c.Want.Name})+" cannot be changed: the column "+
				naming([]string{other.Name})+" that the model does not know is computed from it")
		}
	}
}

// held reports the checks that the model does not know, that stay, and that a column cannot become a text or cease to
// be one under.
func (a *alteration) held(c schema.ColumnDelta) {
	for _, check := range a.delta.Checks.Extra {
		if textual(c.Have.Type) == textual(c.Want.Type) || !schema.Mentions(check.Expr, c.Want.Name) ||
			a.allows(hazard(schema.HazardDropCheck, a.mentioned(check.Expr)...)) {
			continue
		}
		a.plan.Faults = append(a.plan.Faults, "column "+naming([]string{c.Want.Name})+" cannot change its type: the check "+
			naming([]string{check.Name})+" that the model does not know is over it")
	}
}

// generated reports whether a column is computed from others.
func generated(c schema.LiveColumn) bool { return c.Generated != "" && c.Generated != alwaysIdentity }

// dropGone drops the columns that are made anew, after those that are no longer computed from them have kept their values.
func (a *alteration) dropGone() {
	for _, c := range a.delta.Columns {
		if generated(c.Have) && !generated(c.Want) {
			a.change("ALTER COLUMN "+a.Quote(c.Want.Name)+" DROP EXPRESSION", hazard(schema.HazardChangeGenerated, c.Want.Name))
		}
	}
	for _, computed := range []bool{true, false} { // what is computed from another goes before it
		for _, r := range a.gone {
			if c, _ := a.whole.Column(r.To); generated(c) == computed {
				a.change("DROP COLUMN "+a.Quote(r.From), hazard(schema.HazardChangeGenerated, r.To))
			}
		}
	}
}

// addColumns adds the missing columns, those that are computed from others last.
func (a *alteration) addColumns(computed bool) {
	for _, want := range a.delta.Missing {
		if c := a.model[want.Name]; c != nil && (c.Generated != "") == computed {
			a.addColumn(want, c)
		}
	}
}

func (a *alteration) addColumn(want schema.LiveColumn, c *schema.Column) {
	action := "ADD COLUMN " + a.column(c)
	switch {
	case !a.online():
		a.change(action)
	case c.Generated != "" || c.Auto:
		a.add(schema.Statement{
			SQL: "ALTER TABLE " + a.table + " " + action, Lock: accessExclusive, Rewrites: true, Scans: true,
			Hazards: []schema.Hazard{hazard(schema.HazardRewriteTable, want.Name)},
		})
	case c.Backfill != "" || want.Volatile:
		a.addFilled(want, c)
	case want.NotNull && c.Default == "":
		a.add(schema.Statement{
			SQL: "SELECT 1 FROM " + a.table + " LIMIT 1", Lock: "access share",
			Refuse: "column " + naming([]string{want.Name}) + " is NOT NULL without a default, and there are rows: give it a backfill=",
		})
		a.change(action, hazard(schema.HazardSetNotNull, want.Name))
	default:
		a.change(action)
	}
}

// addFilled adds a column whose old rows get values of their own. The default is set afterwards, so that it is for new
// rows only and the table is not written anew; the check in which nothing is asked tells the next plan, should this one
// be interrupted, that there is still something to fill.
func (a *alteration) addFilled(want schema.LiveColumn, c *schema.Column) {
	plain := *c
	plain.Default, plain.Nullable = "", true
	a.change("ADD COLUMN " + a.column(&plain))
	if c.Default != "" {
		a.setDefault(c)
	}
	name := a.Quote(want.Name)
	a.change("ADD CONSTRAINT " + a.Quote(a.fillingName(want.Name)) + " CHECK (" + name + " IS NULL OR true) NOT VALID")
	if !want.NotNull {
		a.fillColumn(c)
		a.change("DROP CONSTRAINT " + a.Quote(a.fillingName(want.Name)))
		return
	}
	var hazards []schema.Hazard
	if c.Default == "" {
		hazards = append(hazards, hazard(schema.HazardSetNotNull, want.Name))
	}
	a.require(c, a.fillingName(want.Name), hazards...)
}

// fillColumn gives the rows in which the column is NULL their value.
func (a *alteration) fillColumn(c *schema.Column) {
	expr := c.Backfill
	if expr == "" {
		expr = a.DefaultExpr(c)
	}
	a.add(a.fill(a.transition(), a.FitName(c.Name), expr, ""))
}

// require makes a column of a table with rows NOT NULL without keeping anybody waiting. filling is the check that marks
// it as not yet filled, or empty.
//
// The check that stands for NOT NULL comes after the filling: before it, whoever changed another column of a row that is
// not filled yet would fail. What was written between the two is filled once more, now that nothing can follow.
func (a *alteration) require(c *schema.Column, filling string, hazards ...schema.Hazard) {
	name := a.FitName(c.Name)
	column, required := a.Quote(name), a.requiredName(name)
	fills := c.Backfill != "" || filling != ""
	valid, there := a.ours.checks[required]
	switch {
	case valid:
	case fills && !there:
		a.fillColumn(c)
	case !fills:
		a.refuse("SELECT 1 FROM "+a.table+" WHERE "+column+" IS NULL LIMIT 1",
			"column "+naming([]string{name})+" holds NULL: give it a backfill=")
	}
	if !there {
		a.add(schema.Statement{
			SQL:  "ALTER TABLE " + a.table + " ADD CONSTRAINT " + a.Quote(required) + " CHECK (" + column + " IS NOT NULL) NOT VALID",
			Mode: schema.ModeAlone, Lock: accessExclusive, Hazards: hazards,
		})
	}
	if !valid {
		if fills && (filling == "" || c.Default == "") { // nobody writes NULL to a new column that has a default
			a.fillColumn(c)
		}
		a.validated(required)
	}
	a.change("ALTER COLUMN "+column+" SET NOT NULL", hazards...)
	a.change("DROP CONSTRAINT " + a.Quote(required))
	if filling != "" {
		a.change("DROP CONSTRAINT " + a.Quote(filling))
	}
}

// alterColumns changes the columns that both sides have, but for what the old primary key is in the way of.
func (a *alteration) alterColumns() {
	for _, c := range a.delta.Columns {
		a.alterColumn(c, a.model[c.Want.Name])
	}
	// Of columns that are to be filled still, those that may stay NULL do not differ from the model.
	for _, want := range a.t.Born.Columns {
		name := a.fillingName(want.Name)
		have, ok := a.live.Column(want.Name)
		if _, marked := a.ours.checks[name]; !marked || !ok || want.NotNull && !have.NotNull {
			continue
		}
		if c := a.model[want.Name]; !want.NotNull && (c.Backfill != "" || c.Default != "") && a.online() {
			a.fillColumn(c)
		}
		a.change("DROP CONSTRAINT " + a.Quote(name))
	}
}

func (a *alteration) alterColumn(c schema.ColumnDelta, model *schema.Column) {
	name, alter := c.Want.Name, "ALTER COLUMN "+a.Quote(c.Want.Name)+" "
	identity := hazard(schema.HazardChangeIdentity, name)
	switch {
	case c.Have.Generated == alwaysIdentity && c.Want.Identity:
		a.change(alter+"SET GENERATED BY DEFAULT", identity)
	case c.Have.Generated == alwaysIdentity:
		a.change(alter+"DROP IDENTITY", identity)
	case c.Have.Identity && !c.Want.Identity && (c.Want.Default != "" || !countable(c.Want.Type) || a.allows(identity)):
		// One of both is what numbers it, and what is no whole number cannot be numbered.
		a.change(alter+"DROP IDENTITY IF EXISTS", identity)
		a.change(alter+"DROP DEFAULT", identity)
	}
	if c.Want.Type != c.Have.Type {
		a.retyped(c, model)
	} else if c.Want.Default != c.Have.Default {
		a.changeDefault(c, model)
	}
	if !c.Want.NotNull || c.Have.NotNull {
		return
	}
	null, filling := hazard(schema.HazardSetNotNull, name), a.fillingName(name)
	_, marked := a.ours.checks[filling]
	_, begun := a.ours.checks[a.requiredName(name)]
	switch {
	case !a.online():
		for _, check := range []string{a.requiredName(name), filling} {
			if _, ok := a.ours.checks[check]; ok {
				a.change("DROP CONSTRAINT " + a.Quote(check))
			}
		}
		a.change(alter + "SET NOT NULL")
	case marked && (model.Backfill != "" || model.Default != ""):
		a.require(model, filling)
	case marked:
		a.change("DROP CONSTRAINT " + a.Quote(filling))
		a.require(model, "", null)
	case begun:
		a.require(model, "")
	default:
		a.require(model, "", null)
	}
}

// countable reports whether a type is one that an identity column may have.
func countable(typ string) bool { return typ == "smallint" || typ == "integer" || typ == "bigint" }

func (a *alteration) changeDefault(c schema.ColumnDelta, model *schema.Column) {
	switch drop := hazard(schema.HazardDropDefault, c.Want.Name); {
	case c.Want.Default != "":
		a.setDefault(model, hazard(schema.HazardChangeDefault, c.Want.Name))
	case a.allows(drop):
		a.change("ALTER COLUMN "+a.Quote(c.Want.Name)+" DROP DEFAULT", drop)
	}
}

func (a *alteration) setDefault(c *schema.Column, hazards ...schema.Hazard) {
	a.change("ALTER COLUMN "+a.Quote(c.Name)+" SET DEFAULT ("+a.DefaultExpr(c)+")", hazards...)
}

// loosen takes constraints off columns and drops columns, and makes the key be numbered: all that the old primary key
// was in the way of.
func (a *alteration) loosen() {
	for _, c := range a.delta.Columns {
		column := a.Quote(c.Want.Name)
		if c.Have.NotNull && !c.Want.NotNull {
			a.change("ALTER COLUMN "+column+" DROP NOT NULL", hazard(schema.HazardDropNotNull, c.Want.Name))
		}
		if c.Want.Identity && !c.Have.Identity && c.Have.Generated != alwaysIdentity {
			a.number(c)
		}
	}
	for _, c := range a.delta.Extra {
		column, drop := a.Quote(c.Name), hazard(schema.HazardDropColumn, c.Name)
		switch {
		case a.allows(drop) && generated(c): // it is gone
		case a.allows(drop):
			a.change("DROP COLUMN "+column, drop)
		case !c.Filled():
			a.change("ALTER COLUMN "+column+" DROP NOT NULL", hazard(schema.HazardLeftoverNotNull, c.Name))
		}
	}
}

// number makes the database number a column, from what is there on.
func (a *alteration) number(c schema.ColumnDelta) {
	column, h := a.Quote(c.Want.Name), hazard(schema.HazardChangeIdentity, c.Want.Name)
	if c.Have.Default != "" {
		a.change("ALTER COLUMN "+column+" DROP DEFAULT", h)
	}
	a.change("ALTER COLUMN "+column+" ADD GENERATED BY DEFAULT AS IDENTITY", h)
	a.add(schema.Statement{
		SQL: "SELECT setval(pg_get_serial_sequence(" + literal(a.table) + ", " + literal(c.Want.Name) + ")::regclass, greatest(coalesce(max(" +
			column + "), 1), 1), coalesce(max(" + column + ") > 0, false)) FROM " + a.table,
		Lock: "access share",
	})
}
