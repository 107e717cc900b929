package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// addition is a column that the table lacks.
type addition struct {
	column     *schema.Column
	native     bool     // ALTER TABLE can add it
	checks     []clause // of the table, which can stand in the column
	foreignKey *schema.ForeignKey
	hazards    []schema.Hazard
}

// addColumns finds out how the missing columns can be added.
func (a *alteration) addColumns() {
	for _, want := range a.delta.Missing {
		c := a.modelled(want.Name)
		added := &addition{column: c}
		inKey := slices.Contains(a.Model.KeyNames(), c.Name)
		filled := c.Nullable || c.Default != ""
		added.native = !inKey && filled && c.Generated == "" && c.Backfill == "" && (c.Default == "" || constant(a.DefaultExpr(c)))
		a.added = append(a.added, added)
		if added.native {
			continue
		}
		a.edit()
		switch value := a.backfill(c); {
		case c.Generated != "", c.Auto:
		case c.Backfill != "":
			a.values[fold(c.Name)] = value
			if !c.Nullable {
				a.guardFilled(c, value)
			}
		case !filled:
			a.guard("SELECT 1 FROM "+a.source()+" LIMIT 1", "column %q is new and NOT NULL, and the table holds rows: give it a default, or say backfill=", c.Name)
		}
		if !filled && c.Generated == "" {
			a.edit(a.overRows(schema.HazardSetNotNull, c.Name)...)
		}
	}
}

// constant reports whether a default is one literal, as ADD COLUMN asks for.
func constant(expr string) bool {
	list := tokens(canonical(tokens(expr)))
	if len(list) == 2 && (list[0].text == "-" || list[0].text == "+") {
		list = list[1:]
		return number(list[0])
	}
	if len(list) != 1 {
		return false
	}
	t := list[0]
	return number(t) || strings.HasPrefix(t.text, "'") || t.word && slices.Contains([]string{"null", "true", "false"}, t.text)
}

func number(t token) bool { return t.word && t.text[0] >= '0' && t.text[0] <= '9' }

// attachable finds the new column that ADD COLUMN can add together with a constraint over some columns.
func (a *alteration) attachable(columns []string) *addition {
	var last *addition
	for _, added := range a.added {
		if slices.Contains(columns, added.column.Name) {
			last = added
			if !added.native {
				return nil
			}
		}
	}
	return last
}

// isNew reports whether a column is to be added.
func (a *alteration) isNew(name string) bool {
	return slices.ContainsFunc(a.added, func(added *addition) bool { return added.column.Name == name })
}

// backfill is the expression that fills a column, in the form in which the column keeps values.
func (a *alteration) backfill(c *schema.Column) string {
	filled := *c
	filled.Default = c.Backfill
	return a.DefaultExpr(&filled)
}

// changeColumns brings the columns of both sides to what the model says.
func (a *alteration) changeColumns() {
	for _, d := range a.delta.Columns {
		c, want, have := a.modelled(d.Want.Name), d.Want, d.Have
		if want.Type != have.Type {
			a.column(c.Name, hazard(schema.HazardRetypeColumn, c.Name)).class = want.Type
			a.retyped[fold(c.Name)] = true
			if want.Generated == "" {
				a.convert(c, have)
			}
		}
		if want.Generated != have.Generated {
			text := a.column(c.Name, hazard(schema.HazardChangeGenerated, c.Name))
			text.remove(generated)
			if want.Generated != "" {
				text.remove(defaulted)
				expr := respelled(c.Generated, a.former)
				text.set(clause{kind: generated, text: "GENERATED ALWAYS AS (" + expr + ") STORED", expr: canonical(tokens(expr))})
			}
		}
		if want.Identity && !have.Identity {
			a.edit(hazard(schema.HazardChangeIdentity, c.Name))
		}
		a.changeNull(c, want, have)
		a.changeDefault(c, want, have)
	}
}

func hazard(kind schema.HazardKind, columns ...string) schema.Hazard {
	return schema.Hazard{Kind: kind, Columns: columns}
}

// changeNull brings NULL in or out.
func (a *alteration) changeNull(c *schema.Column, want, have schema.LiveColumn) {
	switch {
	case want.NotNull && !have.NotNull:
		a.column(c.Name, a.overRows(schema.HazardSetNotNull, c.Name)...).refuseNull(true)
		if want.Generated != "" {
			return
		}
		value := a.value(c.Name)
		switch {
		case c.Auto:
			a.guard("SELECT 1 FROM "+a.source()+" WHERE "+value+" IS NULL LIMIT 1", "column %q holds NULL: number these rows", c.Name)
		case c.Backfill == "":
			a.guard("SELECT 1 FROM "+a.source()+" WHERE "+value+" IS NULL LIMIT 1", "column %q holds NULL: give it a backfill", c.Name)
		case value == a.backfill(c):
			a.guardFilled(c, value)
		default:
			value = "coalesce(" + value + ", " + a.backfill(c) + ")"
			a.values[fold(a.old(c.Name))] = value
			a.guardFilled(c, value)
		}
	case !want.NotNull && have.NotNull:
		a.column(c.Name, hazard(schema.HazardDropNotNull, c.Name)).refuseNull(false)
	}
}

// guardFilled sees to it that a fill fills.
func (a *alteration) guardFilled(c *schema.Column, value string) {
	a.guard("SELECT 1 FROM "+a.source()+" WHERE "+value+" IS NULL LIMIT 1", "column %q: its backfill leaves NULL in it", c.Name)
}

// changeDefault sets a default, or takes one off that the model does not know and the policy lets go.
func (a *alteration) changeDefault(c *schema.Column, want, have schema.LiveColumn) {
	switch {
	case want.Default == have.Default:
	case want.Default != "":
		text := "DEFAULT " + a.DefaultExpr(c)
		a.column(c.Name, hazard(schema.HazardChangeDefault, c.Name)).set(clause{kind: defaulted, text: text})
	case a.allowed(schema.HazardDropDefault, c.Name):
		a.column(c.Name, hazard(schema.HazardDropDefault, c.Name)).remove(defaulted)
	}
}

// value is what is copied into a column that was there before.
func (a *alteration) value(name string) string {
	if v, ok := a.values[fold(a.old(name))]; ok {
		return v
	}
	return a.Quote(a.old(name))
}

// leftovers takes NOT NULL off columns that the model does not know and that keep it from inserting.
func (a *alteration) leftovers() {
	for _, c := range a.delta.Extra {
		if !c.Filled() && !a.allowed(schema.HazardDropColumn, c.Name) {
			a.column(c.Name, hazard(schema.HazardLeftoverNotNull, c.Name)).refuseNull(false)
		}
	}
}

// changeKey gives the table another primary key, or the one it has the numbering it lacks.
func (a *alteration) changeKey() {
	numbering := slices.ContainsFunc(a.delta.Columns, func(d schema.ColumnDelta) bool { return d.Want.Identity && !d.Have.Identity })
	if !a.delta.Key && !numbering && !a.misnumbered() {
		return
	}
	table := a.edit()
	if a.delta.Key {
		a.edit(hazard(schema.HazardChangeKey, a.Model.KeyNames()...))
		a.guardUnique(a.Model.KeyNames(), "rows are equal in the columns of the new key")
	}
	former, _ := table.key()
	table.removeConstraints(func(c clause) bool { return c.kind == primaryKey })
	auto := false
	for _, text := range table.columns {
		text.remove(primaryKey)
	}
	columns := a.Model.Columns()
	for i := range columns {
		c := &columns[i]
		text := table.column(a.old(c.Name))
		auto = auto || c.Auto
		if text == nil || a.isNew(c.Name) {
			continue
		}
		text.refuseNull(!c.Nullable)
		if c.Auto {
			text.class, table.rowless = "INTEGER", false
			text.clauses = slices.Insert(text.clauses, 0, clause{kind: primaryKey, text: "PRIMARY KEY AUTOINCREMENT", auto: true})
		}
	}
	for _, name := range former { // what is not filled by being the key any more
		if _, ok := a.Model.Column(a.presentName(name)); !ok && !table.column(name).has(defaulted) {
			table.column(name).refuseNull(false)
		}
	}
	if !auto {
		list := a.olds(a.Model.KeyNames())
		cl := clause{kind: primaryKey, text: "PRIMARY KEY (" + a.list(list) + ")"}
		for _, name := range list {
			cl.columns = append(cl.columns, fold(name))
		}
		table.constraints = slices.Insert(table.constraints, 0, cl)
	}
}

// misnumbered reports whether a column that is numbered one by one has become one that cannot be.
func (a *alteration) misnumbered() bool {
	if a.table == nil {
		return false
	}
	key, auto := a.table.key()
	return auto && fold(a.table.column(key[0]).class) != "integer"
}

// presentName is the inverse of old.
func (a *alteration) presentName(name string) string {
	if now, ok := a.now[fold(name)]; ok {
		return now
	}
	if c := a.before.column(name); c != nil {
		return c.name
	}
	return name
}

// guard plans a query that must find nothing before the table is built anew.
func (a *alteration) guard(query, words string, args ...any) {
	a.guards = append(a.guards, schema.Statement{SQL: query, Refuse: fmt.Sprintf(words, args...), Scans: true})
}

// guardUnique looks for rows that are equal in some columns, where all of them were there before.
func (a *alteration) guardUnique(columns []string, words string) {
	list := make([]string, len(columns))
	for i, c := range columns {
		if a.isNew(c) {
			return
		}
		list[i] = a.value(c)
	}
	by := strings.Join(list, ", ")
	a.guard("SELECT 1 FROM "+a.source()+" GROUP BY "+by+" HAVING count(*) > 1 LIMIT 1", "%s", words)
}

// source is what rows are read from: the table, with renamed columns under either name, for a backfill may use both.
func (a *alteration) source() string {
	table := a.Quote(a.Live.Ref.Name)
	more := ""
	for _, r := range a.delta.Renamed {
		if !a.quiet[r.To] {
			more += ", " + a.Quote(r.From) + " AS " + a.Quote(r.To)
		}
	}
	if more == "" {
		return table
	}
	number := ""
	if a.before != nil && a.before.rowid() != "" {
		number = a.before.rowid() + " AS " + a.before.rowid() + ", "
	}
	return "(SELECT " + number + "*" + more + " FROM " + table + ") AS " + table
}
