package sqlite

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// dropIndexes takes away the extra indexes that the policy lets go, by themselves or with one of their columns.
func (a *alteration) dropIndexes() {
	for _, ix := range a.delta.Indexes.Extra {
		kind := schema.HazardDropIndex
		if ix.Unique {
			kind = schema.HazardDropUnique
		}
		columns := mentions(ix.Definition, a.columnNames())
		var hazards []schema.Hazard
		switch {
		case a.allowed(kind, columns...):
			hazards = []schema.Hazard{{Kind: kind, Columns: columns}}
		case !slices.ContainsFunc(columns, a.dropsColumn):
			continue
		}
		if strings.HasPrefix(ix.Name, "sqlite_autoindex_") {
			a.removeUnique(ix, columns, hazards)
			continue
		}
		a.relabeled[fold(ix.Name)] = true
		a.add(schema.Statement{SQL: "DROP INDEX " + a.Quote(ix.Name), Lock: everybody, Hazards: hazards})
	}
}

// removeUnique takes a UNIQUE constraint out of the table's text.
func (a *alteration) removeUnique(ix schema.LiveIndex, columns []string, hazards []schema.Hazard) {
	table := a.edit(hazards...)
	if len(columns) == 1 {
		if c := table.column(a.old(columns[0])); c != nil && c.has(uniqueKey) {
			c.remove(uniqueKey)
			return
		}
	}
	ordered := leading(tokens(ix.Definition), ix.Definition)
	done := false
	table.removeConstraints(func(c clause) bool {
		if done || c.kind != uniqueKey || !slices.Equal(a.present(c.columns), ordered) {
			return false
		}
		done = true
		return true
	})
}

// dropsColumn reports whether an extra column goes.
func (a *alteration) dropsColumn(name string) bool {
	return a.allowed(schema.HazardDropColumn, name) &&
		slices.ContainsFunc(a.delta.Extra, func(c schema.LiveColumn) bool { return c.Name == name })
}

// wantedCheck is a check of the model.
type wantedCheck struct {
	column string // of a check that follows from what the column is
	label  string
	expr   string
}

// wantedChecks gives all checks of the model by their canonical text.
func (a *alteration) wantedChecks() map[string]wantedCheck {
	out := map[string]wantedCheck{}
	for _, c := range a.Model.Checks() {
		out[canonical(tokens(c.Expr))] = wantedCheck{label: a.Quote(schema.CheckName(a.Model.Ref(), c)), expr: c.Expr}
	}
	columns := a.Model.Columns()
	for i := range columns {
		if expr := a.derivedCheck(&columns[i]); expr != "" {
			out[canonical(tokens(expr))] = wantedCheck{column: columns[i].Name, expr: expr}
		}
	}
	return out
}

// changeChecks adds the missing checks, and takes off those that they replace and those that the policy lets go.
func (a *alteration) changeChecks() {
	names, wanted := a.columnNames(), a.wantedChecks()
	over := func(c schema.LiveCheck) []string { return mentions(c.Expr, names) }
	retyped := func(columns []string) bool { return len(columns) == 1 && a.retyped[fold(columns[0])] }
	for _, check := range a.delta.Replaced {
		columns := over(check)
		if !retyped(columns) && !a.widens(check, columns, over) {
			a.edit(hazard(schema.HazardChangeCheck, columns...))
		}
		a.removeCheck(check)
	}
	for _, check := range a.delta.Checks.Extra {
		columns := over(check)
		switch {
		case retyped(columns) && derived(check.Expr), a.unbounded(check, columns):
			a.removeCheck(check)
		case a.allowed(schema.HazardDropCheck, columns...):
			a.edit(hazard(schema.HazardDropCheck, columns...))
			a.removeCheck(check)
		}
	}
	for _, check := range a.delta.Checks.Missing {
		columns := over(check)
		want, ok := wanted[canonical(tokens(check.Expr))]
		if !ok {
			want = wantedCheck{expr: check.Expr}
		}
		if want.column != "" && a.isNew(want.column) {
			continue // it comes with the column
		}
		replaces := slices.ContainsFunc(a.delta.Replaced, func(c schema.LiveCheck) bool { return slices.Equal(over(c), columns) })
		a.addCheck(want, columns, replaces || retyped(columns))
	}
}

// addCheck adds a check; settled says that its hazard is counted already.
func (a *alteration) addCheck(want wantedCheck, columns []string, settled bool) {
	expr := respelled(want.expr, a.former)
	cl := clause{kind: checkClause, label: want.label, text: "CHECK (" + expr + ")", expr: canonical(tokens(expr))}
	var hazards []schema.Hazard
	if !settled && slices.ContainsFunc(columns, func(c string) bool { return !a.isNew(c) }) {
		hazards = a.overRows(schema.HazardAddCheck, columns...)
	}
	if added := a.attachable(columns); added != nil {
		cl.text = "CHECK (" + want.expr + ")"
		added.checks = append(added.checks, cl)
		added.hazards = append(added.hazards, hazards...)
		return
	}
	table := a.edit(hazards...)
	if column := table.column(a.old(want.column)); want.column != "" && column != nil {
		column.clauses = append(column.clauses, cl)
	} else {
		table.constraints = append(table.constraints, cl)
	}
	changed := func(c string) bool { _, ok := a.values[fold(a.old(c))]; return ok || a.isNew(c) }
	if !slices.ContainsFunc(columns, changed) {
		a.guard("SELECT 1 FROM "+a.source()+" WHERE NOT ("+expr+") LIMIT 1", "a row does not meet the check %s", canonical(tokens(want.expr)))
	}
}

// removeCheck takes a check out of the table's text.
func (a *alteration) removeCheck(check schema.LiveCheck) {
	table, done := a.edit(), false
	expr := canonical(tokens(check.Expr))
	gone := func(c clause) bool {
		if done || c.kind != checkClause || a.anew(c.expr) != expr {
			return false
		}
		done = true
		return true
	}
	for _, c := range table.columns {
		c.clauses = slices.DeleteFunc(c.clauses, gone)
	}
	table.removeConstraints(gone)
}

var sizeCheck = regexp.MustCompile(`^length \( (\S+|"[^"]+") \) <= ([0-9]+)$`)

// size reads the check by which a text or blob is kept short.
func size(expr string) (n int, ok bool) {
	parts := sizeCheck.FindStringSubmatch(canonical(tokens(expr)))
	if parts == nil {
		return 0, false
	}
	n, err := strconv.Atoi(parts[2])
	return n, err == nil
}

// widens reports whether a check on a column's length only gives way to a longer one.
func (a *alteration) widens(check schema.LiveCheck, columns []string, over func(schema.LiveCheck) []string) bool {
	have, short := size(check.Expr)
	return short && !slices.ContainsFunc(a.delta.Checks.Missing, func(c schema.LiveCheck) bool {
		want, ok := size(c.Expr)
		return slices.Equal(over(c), columns) && (!ok || want < have)
	})
}

// unbounded reports whether a check limits the length of a column that the model lets be of any length: the column's
// type has become wider.
func (a *alteration) unbounded(check schema.LiveCheck, columns []string) bool {
	if _, short := size(check.Expr); !short || len(columns) != 1 {
		return false
	}
	c := a.modelled(columns[0])
	return (c.Kind == schema.KindString || c.Kind == schema.KindBytes) && c.Size == 0
}

var derivedForms = regexp.MustCompile(
	`^(json_valid \( (\S+|"[^"]+") \)|(\S+|"[^"]+") in \( (0 , 1|'.*') \)|length \( (\S+|"[^"]+") \) <= [0-9]+.*)$`)

// derived reports whether a check looks like one that follows from a column's kind.
func derived(expr string) bool { return derivedForms.MatchString(canonical(tokens(expr))) }

// changeForeignKeys adds the missing foreign keys, and takes off those that the policy lets go.
func (a *alteration) changeForeignKeys() {
	for _, fk := range a.delta.ForeignKeys.Missing {
		for _, own := range a.Model.ForeignKeys() {
			if own.References.Name == fk.References.Name && slices.Equal(own.Columns, fk.Columns) && slices.Equal(own.RefColumns, fk.RefColumns) {
				fk.Name = own.Name
			}
		}
		var hazards []schema.Hazard
		if slices.ContainsFunc(fk.Columns, func(c string) bool { return !a.isNew(c) || a.modelled(c).Backfill != "" }) {
			hazards = a.overRows(schema.HazardAddForeignKey, fk.Columns...)
		}
		added := a.attachable(fk.Columns)
		if added != nil && len(fk.Columns) == 1 && added.column.Default == "" {
			added.foreignKey = &fk
			continue
		}
		table := a.edit(hazards...)
		table.constraints = append(table.constraints, a.foreignKeyClause(a.formerForeignKey(fk)))
	}
	for _, fk := range a.delta.ForeignKeys.Extra {
		if a.allowed(schema.HazardDropForeignKey, fk.Columns...) || a.unkeyed(fk) || a.delta.Overtaken(fk) {
			a.edit(hazard(schema.HazardDropForeignKey, fk.Columns...))
			a.removeForeignKey(fk)
		}
	}
}

// unkeyed reports whether a foreign key of the table to itself points to a key that goes: it has to go with it.
func (a *alteration) unkeyed(fk schema.ForeignKey) bool {
	if !a.delta.Key || fk.References != a.Model.Ref() {
		return false
	}
	folded := func(names []string) []string { return slices.Sorted(slices.Values(a.present(names))) }
	target := folded(fk.RefColumns)
	unique := func(ix schema.LiveIndex) bool {
		return ix.Unique && !strings.HasPrefix(ix.Definition, "on ") &&
			slices.Equal(folded(leading(tokens(ix.Definition), ix.Definition)), target)
	}
	return slices.Equal(target, folded(a.Live.Key)) && !slices.ContainsFunc(a.Live.Indexes, unique)
}

// formerForeignKey gives a foreign key of the model in the names that the table has before the renames.
func (a *alteration) formerForeignKey(fk schema.ForeignKey) schema.ForeignKey {
	fk.Name = schema.ForeignKeyName(a.Model.Ref(), fk)
	if fk.References == a.Model.Ref() {
		fk.References, fk.RefColumns = a.Live.Ref, a.olds(fk.RefColumns)
	}
	fk.Columns = a.olds(fk.Columns)
	return fk
}

// foreignKeyClause spells a foreign key as a constraint of the table.
func (a *alteration) foreignKeyClause(fk schema.ForeignKey) clause {
	label := a.Quote(schema.ForeignKeyName(a.Model.Ref(), fk))
	text := strings.TrimPrefix(a.foreignKey(a.Model, fk), "CONSTRAINT "+label+" ")
	cl := clause{kind: references, label: label, text: text, target: fold(fk.References.Name)}
	for _, c := range fk.Columns {
		cl.columns = append(cl.columns, fold(c))
	}
	return cl
}

// removeForeignKey takes a foreign key out of the table's text.
func (a *alteration) removeForeignKey(fk schema.ForeignKey) {
	table, done := a.edit(), false
	var columns []string
	for _, c := range fk.Columns {
		columns = append(columns, fold(a.old(c)))
	}
	target := fk.References.Name
	if fk.References == a.Model.Ref() {
		target = a.Live.Ref.Name
	}
	gone := func(c clause, own []string) bool {
		same := c.kind == references && c.target == fold(target) && slices.Equal(own, columns) &&
			c.actions == [2]string{fk.OnDelete.String(), fk.OnUpdate.String()}
		if done || !same || len(c.there) > 0 && len(c.there) != len(fk.RefColumns) {
			return false
		}
		for i, there := range c.there {
			if there != fold(fk.RefColumns[i]) && there != fold(a.old(fk.RefColumns[i])) {
				return false
			}
		}
		done = true
		return true
	}
	for _, c := range table.columns {
		c.clauses = slices.DeleteFunc(c.clauses, func(cl clause) bool { return gone(cl, []string{fold(c.name)}) })
		if !c.has(references) {
			c.remove(deferring)
		}
	}
	table.removeConstraints(func(c clause) bool { return gone(c, c.columns) })
}

// droppedColumns gives the extra columns that go, those that are computed from others first, and takes out of the
// table's text what would keep them.
func (a *alteration) droppedColumns() (names []string) {
	var plain []string
	for _, c := range a.delta.Extra {
		switch {
		case !a.allowed(schema.HazardDropColumn, c.Name):
		case c.Generated != "":
			names = append(names, c.Name)
		default:
			plain = append(plain, c.Name)
		}
	}
	names = append(names, plain...)
	if a.table == nil {
		return names
	}
	for _, name := range names {
		column := a.table.column(name)
		holds := func(c clause) bool { return len(a.keeps(c, name)) > 0 }
		foreign := func(other *columnText) bool {
			return other != column && slices.ContainsFunc(other.clauses, func(c clause) bool { return c.kind == checkClause && holds(c) })
		}
		if !column.has(uniqueKey) && !column.has(references) && !slices.ContainsFunc(a.table.constraints, holds) &&
			!slices.ContainsFunc(a.table.columns, foreign) {
			continue
		}
		table := a.edit()
		table.column(name).remove(uniqueKey, references, deferring)
		table.removeConstraints(holds)
		for _, other := range table.columns {
			if other != column {
				other.clauses = slices.DeleteFunc(other.clauses, func(c clause) bool { return c.kind == checkClause && holds(c) })
			}
		}
	}
	return names
}

// keeps gives the column if a constraint names it.
func (a *alteration) keeps(c clause, name string) []string {
	switch {
	case slices.Contains(c.columns, fold(name)):
		return []string{name}
	case c.kind == references && c.target == fold(a.Live.Ref.Name) && slices.Contains(c.there, fold(name)):
		return []string{name}
	case c.kind == checkClause:
		return mentions(c.expr, []string{name})
	}
	return nil
}
