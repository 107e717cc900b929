package mysql

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// alterColumns brings columns that both sides have to what the model says, and columns that only the table has out of its way.
func (a *alteration) alterColumns() {
	for _, d := range a.delta.Columns {
		a.alterColumn(d)
	}
	for _, want := range a.t.Born.Columns {
		differs := func(d schema.ColumnDelta) bool { return d.Want.Name == want.Name }
		if have, ok := a.live.Column(want.Name); ok && !slices.ContainsFunc(a.delta.Columns, differs) {
			a.restore(want, have)
		}
	}
	a.rekey()
	for _, c := range a.delta.Extra {
		if !c.Filled() && !a.allows(hazard(schema.HazardDropColumn, c.Name)) {
			loose := c
			loose.NotNull = false
			a.change(inPlace, "MODIFY COLUMN "+a.kept(loose), hazard(schema.HazardLeftoverNotNull, c.Name))
		}
	}
}

// restore gives a text another form where it comes to stand in a key, or does so no more.
func (a *alteration) restore(want, have schema.LiveColumn) {
	raw, target := a.before.raw[a.former(have.Name)], a.birth.raw[want.Name]
	if raw == target || raw == "" || a.staying[have.Name] {
		return
	}
	a.shorten(want.Name, target)
	a.change(copying, "MODIFY COLUMN "+a.wanted(want, have))
}

// rekey makes indexes anew that stay and hold another part of a column than they did: all of a short text, the beginning of a
// long one.
func (a *alteration) rekey() {
	now := map[string]string{} // types that columns get
	turned := func(name string) bool {
		return a.reformed[name] || boundless(a.before.raw[a.former(name)]) != boundless(now[name])
	}
	for _, have := range a.live.Columns {
		now[have.Name] = a.before.raw[a.former(have.Name)]
		if raw, ok := a.birth.raw[have.Name]; ok && !(a.staying[have.Name] && class(raw) == class(now[have.Name])) {
			now[have.Name] = raw
		}
	}
	for _, ix := range a.live.Indexes {
		columns := a.mentioned(ix.Definition)
		if !a.taken[ix.Name] || !slices.ContainsFunc(columns, turned) {
			continue
		}
		definition := ix.Definition
		for _, name := range columns {
			definition = strings.ReplaceAll(definition, quoteName(name), quoteName(name)+beginning(now[name]))
		}
		kind := "KEY "
		if ix.Unique {
			kind = "UNIQUE KEY "
		}
		a.change(copying, "DROP KEY "+a.Quote(ix.Name)+", ADD "+kind+a.Quote(ix.Name)+" ("+definition+")")
	}
}

// shorten looks for texts that have no room in a key.
func (a *alteration) shorten(name, target string) {
	column := a.Quote(name)
	switch {
	case strings.HasPrefix(target, "varchar(254)"):
		a.refuse(fmt.Sprintf(" WHERE char_length(%s) > %d", column, keyText),
			fmt.Sprintf("column %q holds texts of more than %d characters, which have no room in a key", name, keyText))
	case target == "varbinary(1016)":
		a.refuse(fmt.Sprintf(" WHERE octet_length(%s) > %d", column, keyBytes),
			fmt.Sprintf("column %q holds more than %d bytes, which have no room in a key", name, keyBytes))
	}
}

// alterColumn changes one column.
func (a *alteration) alterColumn(d schema.ColumnDelta) {
	want, have := d.Want, d.Have
	c := a.model[want.Name]
	switch {
	case a.ownWay(d, c):
		a.reform(d, c)
		return
	case have.Comment == unfilled && want.Type == have.Type:
		a.fillLater(want, c)
		return
	}
	w, hazards := instant, []schema.Hazard(nil)
	more := func(least way, kind schema.HazardKind) {
		w = max(w, least)
		hazards = append(hazards, hazard(kind, want.Name))
	}
	if want.Type != have.Type {
		if widens(have.Type, want.Type) {
			w = max(w, widening(have.Type, want.Type))
		} else {
			more(copying, schema.HazardRetypeColumn)
			a.convert(d)
		}
	} else if raw, target := a.before.raw[a.former(have.Name)], a.birth.raw[want.Name]; raw != target && !a.staying[have.Name] {
		w = copying
		a.shorten(want.Name, target)
	}
	if want.Generated != "" {
		w = copying // whatever is said of it
	}
	if want.Generated != have.Generated {
		more(copying, schema.HazardChangeGenerated)
	}
	if want.Identity && !have.Identity {
		more(copying, schema.HazardChangeIdentity)
		a.unnumbered(want.Name)
	} else if have.Identity && !want.Identity && !a.keepsNumber(want) {
		more(copying, schema.HazardChangeIdentity)
	}
	a.changeNull(c, d, more)
	a.changeDefault(c, d, more)
	if definition := a.wanted(want, have); definition != a.kept(have) {
		a.change(w, "MODIFY COLUMN "+definition, hazards...)
	}
	a.require(want, have)
}

// keepsNumber reports whether a column that the server numbers, and the model does not, goes on being numbered: the only one
// that can be is a key by itself.
func (a *alteration) keepsNumber(want schema.LiveColumn) bool {
	return want.Default == "" && want.Generated == "" && slices.Contains([]string{"smallint", "int", "bigint"}, want.Type) &&
		len(a.t.Born.Key) > 0 && a.t.Born.Key[0] == want.Name && !computes(a.t.Model, want.Name) && !a.allows(hazard(schema.HazardChangeIdentity, want.Name))
}

// unnumbered reports what the model does not know and stays, and does not go together with a column that is numbered.
func (a *alteration) unnumbered(column string) {
	held := func(what, name string) {
		a.plan.Faults = append(a.plan.Faults, fmt.Sprintf(
			"column %q cannot be numbered: the %s %q that the model does not know is over it", column, what, name))
	}
	for _, c := range a.delta.Checks.Extra {
		columns := a.mentioned(c.Expr)
		goes := a.allows(hazard(schema.HazardDropCheck, columns...)) || slices.ContainsFunc(columns, a.dropsColumn)
		if slices.Contains(columns, column) && !goes {
			held("check", c.Name)
		}
	}
	for _, c := range a.delta.Extra {
		if schema.Mentions(c.Generated, column) && !a.dropsColumn(c.Name) {
			held("column", c.Name)
		}
	}
}

// changeNull brings NULL in or out of a column that is not computed.
func (a *alteration) changeNull(c *schema.Column, d schema.ColumnDelta, more func(least way, kind schema.HazardKind)) {
	want, have := d.Want, d.Have
	switch {
	case want.NotNull && !have.NotNull && want.Generated == "":
		if !a.online() {
			return
		}
		more(a.rebuilding(), schema.HazardSetNotNull)
		column := a.Quote(want.Name)
		if c.Backfill != "" {
			a.add(a.fill(a.live.Key, want.Name, a.backfill(c), column+" IS NULL", hazard(schema.HazardSetNotNull, want.Name)))
		}
		a.refuse(" WHERE "+column+" IS NULL", fmt.Sprintf("column %q holds NULL: give it a backfill=", want.Name))
	case !want.NotNull && have.NotNull && have.Generated == "":
		more(inPlace, schema.HazardDropNotNull)
	}
}

// changeDefault brings the default and the comment to what they are to be.
func (a *alteration) changeDefault(c *schema.Column, d schema.ColumnDelta, more func(least way, kind schema.HazardKind)) {
	want, have := d.Want, d.Have
	switch {
	case want.Default == have.Default:
	case want.Default != "" && clock(c) && strings.ReplaceAll(have.Default, " ", "") == sessionClock(c.Kind): // as an interrupted plan leaves it
	case want.Default != "" && have.Generated == "":
		more(instant, schema.HazardChangeDefault)
	case want.Default == "" && a.allows(hazard(schema.HazardDropDefault, want.Name)):
		more(instant, schema.HazardDropDefault)
	}
	if want.Comment == "" && have.Comment != "" && a.allows(hazard(schema.HazardDropComment, want.Name)) {
		more(instant, schema.HazardDropComment)
	}
}

// backfill is the expression that fills a column, in the form in which the column keeps values.
func (a *alteration) backfill(c *schema.Column) string {
	filled := *c
	filled.Default = c.Backfill
	return a.DefaultExpr(&filled)
}

// require adds and takes the check by which a computed column is not null.
func (a *alteration) require(want, have schema.LiveColumn) {
	need := want.Generated != "" && want.NotNull
	name, there := a.before.required[a.former(want.Name)]
	switch {
	case need && !there:
		a.addRequired(want.Name)
	case !need && there:
		a.change(instant, "DROP CONSTRAINT "+a.Quote(name))
	}
}

func (a *alteration) addRequired(column string) {
	check := schema.Check{Expr: a.Quote(column) + " IS NOT NULL"}
	a.change(copying, "ADD CONSTRAINT "+a.Quote(a.free(schema.CheckName(a.t.Model.Ref(), check), check.Expr))+" CHECK ("+check.Expr+")")
}

// wanted is the definition of a column as the model has it, with what the model does not know and the policy does not let go.
func (a *alteration) wanted(want, have schema.LiveColumn) string {
	merged := want
	if want.Generated == "" {
		if want.Default == "" && !a.allows(hazard(schema.HazardDropDefault, want.Name)) {
			merged.Default = have.Default
		}
		if have.Identity && !want.Identity && a.keepsNumber(want) {
			merged.Identity, merged.Default = true, ""
		}
	}
	if want.Comment == "" && !a.allows(hazard(schema.HazardDropComment, want.Name)) {
		merged.Comment = have.Comment
	}
	raw := a.birth.raw[want.Name]
	if want.Type == have.Type && a.staying[want.Name] {
		raw = a.before.raw[a.former(have.Name)]
	}
	return a.spelled(merged, raw)
}

// kept is the definition of a column as it is.
func (a *alteration) kept(c schema.LiveColumn) string {
	return a.spelled(c, a.before.raw[a.former(c.Name)])
}

// spelled writes a column in the catalogue's own words.
func (a *alteration) spelled(c schema.LiveColumn, raw string) string {
	kind, collate, _ := strings.Cut(raw, " collate ")
	text := a.Quote(c.Name) + " " + kind
	if collate != "" {
		text += " COLLATE " + collate
	} else if textual(kind) {
		text += " CHARACTER SET utf8mb4 COLLATE " + collation
	}
	switch {
	case c.Generated != "":
		expr, virtual := strings.CutSuffix(c.Generated, " virtual")
		text += " GENERATED ALWAYS AS (" + expr + ")"
		if virtual {
			text += " VIRTUAL"
		} else {
			text += " STORED"
		}
	case c.NotNull:
		text += " NOT NULL"
	default:
		text += " NULL"
	}
	if c.Identity {
		text += " AUTO_INCREMENT"
	}
	if c.Default != "" && c.Generated == "" {
		expr, touched, _ := strings.Cut(c.Default, "on update ")
		if expr = strings.TrimSpace(expr); expr != "" {
			text += " DEFAULT (" + expr + ")"
		}
		if touched != "" {
			text += " ON UPDATE " + strings.ReplaceAll(touched, " ", "")
		}
	}
	if c.Comment != "" {
		text += " COMMENT " + quotedText(c.Comment)
	}
	return text
}

func textual(raw string) bool {
	return strings.HasSuffix(raw, "text") || strings.HasPrefix(raw, "varchar(") || strings.HasPrefix(raw, "char(")
}

// addColumns adds the missing columns.
func (a *alteration) addColumns() {
	for _, computed := range []bool{false, true} {
		for _, want := range a.delta.Missing {
			if (want.Generated != "") == computed {
				a.addColumn(want, a.model[want.Name])
			}
		}
	}
}

// clock reports whether a column's default is the time at which a row comes.
func clock(c *schema.Column) bool {
	return c.Default == schema.DefaultNow && sessionClock(c.Kind) != ""
}

// sessionClock is how the time is asked for where the server knows that it is one for all rows, so that it writes none of them. In
// our sessions it is that of UTC.
func sessionClock(kind schema.Kind) string {
	switch kind {
	case schema.KindTime:
		return "current_timestamp(6)"
	case schema.KindDate:
		return "curdate()"
	}
	return ""
}

var constant = regexp.MustCompile(`^(-?[0-9.]+|'(?:[^']|'')*'|(?i:true|false|null|unhex\('[0-9a-f]*'\)))$`)

func (a *alteration) addColumn(want schema.LiveColumn, c *schema.Column) {
	w, hazards := instant, []schema.Hazard(nil)
	definition := *c
	computed := c.Default != "" && !constant.MatchString(a.DefaultExpr(c))
	switch {
	case want.Generated != "", want.Identity:
		w = copying
	case a.online() && (c.Backfill != "" || computed && !clock(c)) && a.fillable(want):
		a.addFilled(want, c)
		return
	case c.Backfill != "" && a.online():
		// The rows that are there get the value as their default, which then becomes what it is to be.
		w = copying
		definition.Default = c.Backfill
		if want.NotNull && c.Default == "" {
			hazards = append(hazards, hazard(schema.HazardSetNotNull, want.Name))
		}
		set := "DROP DEFAULT"
		if c.Default != "" {
			set = "SET DEFAULT (" + a.DefaultExpr(c) + ")"
		}
		a.later = append(a.later, schema.Statement{SQL: "ALTER TABLE " + a.table + " ALTER COLUMN " + a.Quote(want.Name) + " " + set})
	case want.NotNull && c.Default == "" && a.online():
		a.refuse("", fmt.Sprintf("column %q is NOT NULL without a default, and there are rows: give it a backfill=", want.Name))
		hazards = append(hazards, hazard(schema.HazardSetNotNull, want.Name))
	case computed && clock(c) && a.online():
		// The clock of the session is UTC's as well, and its value is one for all rows that are there.
		definition.Default = sessionClock(c.Kind)
		a.later = append(a.later, schema.Statement{
			SQL: "ALTER TABLE " + a.table + " ALTER COLUMN " + a.Quote(want.Name) + " SET DEFAULT (" + a.DefaultExpr(c) + "), ALGORITHM=INSTANT",
		})
	case computed:
		w = copying
	}
	a.change(w, "ADD COLUMN "+a.column(a.t.Model, &definition), hazards...)
	if want.Generated != "" && want.NotNull {
		a.addRequired(want.Name)
	}
}
