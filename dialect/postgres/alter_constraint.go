package postgres

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// dropExtras drops the constraints and indexes that the policy lets go. Those in whose place another one comes go
// together with its coming. Of columns, those that are computed
// from others go now, for they hold these.
func (a *alteration) dropExtras() {
	for _, fk := range a.delta.ForeignKeys.Extra {
		h := hazard(schema.HazardDropForeignKey, fk.Columns...)
		if a.misfit(fk) || a.allows(h) && !a.delta.Overtaken(fk) {
			a.dropConstraint(fk.Name, h)
		}
	}
	for _, c := range a.delta.Checks.Extra {
		if h := hazard(schema.HazardDropCheck, a.mentioned(c.Expr)...); a.allows(h) {
			a.dropConstraint(c.Name, h)
		}
	}
	for _, ix := range a.delta.Indexes.Extra {
		h := hazard(schema.HazardDropIndex, a.mentioned(ix.Definition)...)
		if ix.Unique {
			h.Kind = schema.HazardDropUnique
		}
		switch {
		case !a.allows(h):
		case ix.Constraint:
			a.dropConstraint(ix.Name, h)
		default:
			delete(a.taken, ix.Name)
			a.add(schema.Statement{SQL: "DROP INDEX " + a.inNamespace(ix.Name), Lock: accessExclusive, Hazards: []schema.Hazard{h}})
		}
	}
	for _, c := range a.delta.Extra {
		if h := hazard(schema.HazardDropColumn, c.Name); generated(c) && a.allows(h) {
			a.change("DROP COLUMN "+a.Quote(c.Name), h)
		}
	}
}

func (a *alteration) dropConstraint(name string, hazards ...schema.Hazard) {
	delete(a.taken, name)
	a.change("DROP CONSTRAINT "+a.Quote(name), hazards...)
}

// indexes makes the missing ones. A unique one is an index here and no constraint, as in a table that is created.
func (a *alteration) indexes() {
	called := a.ownNames(a.t.Model).indexes
	for _, want := range a.delta.Indexes.Missing {
		at := slices.Index(called, want.Name)
		if at < 0 {
			continue
		}
		ix := a.t.Model.Indexes()[at]
		a.index(a.free(want.Name, want.Definition), ix, a.uniqueHazards(ix)...)
	}
}

// uniqueHazards asks whether rows are in the way of a unique index, which they cannot be where a column of it is new
// and empty.
func (a *alteration) uniqueHazards(ix schema.Index) []schema.Hazard {
	columns := a.stored(ix.Columns)
	if !ix.Unique || !a.online() || slices.ContainsFunc(columns, a.empty) {
		return nil
	}
	var present []string
	for _, c := range columns {
		if born, _ := a.t.Born.Column(c); !born.NotNull {
			present = append(present, a.Quote(c)+" IS NOT NULL")
		}
	}
	where := ""
	if len(present) > 0 { // NULLs are no duplicates of each other
		where = " WHERE " + strings.Join(present, " AND ")
	}
	list := a.list(columns)
	a.refuse("SELECT 1 FROM "+a.table+where+" GROUP BY "+list+" HAVING count(*) > 1 LIMIT 1",
		"duplicates in "+naming(columns)+": they cannot become unique")
	return []schema.Hazard{hazard(schema.HazardAddUnique, columns...)}
}

func (a *alteration) index(name string, ix schema.Index, hazards ...schema.Hazard) {
	head, how := "CREATE INDEX ", a.Quote(name)+" ON "+a.table+" USING btree ("+a.list(ix.Columns)+")"
	if ix.Unique {
		head = "CREATE UNIQUE INDEX "
	}
	s := schema.Statement{SQL: head + how, Lock: "share", Hazards: hazards}
	if a.online() {
		s = schema.Statement{
			SQL: head + "CONCURRENTLY " + how, Mode: schema.ModeConcurrent, Lock: shareUpdateExclusive, Scans: true, Hazards: hazards,
			Undo: "DROP INDEX CONCURRENTLY IF EXISTS " + a.inNamespace(name),
		}
	}
	a.add(s)
}

// key puts another primary key in the place of the old one. Over rows its index is made before, and taken over.
func (a *alteration) key() {
	if !a.delta.Key {
		return
	}
	a.pointedTo()
	columns := a.t.Born.Key
	h := hazard(schema.HazardChangeKey, columns...)
	name, drop := a.live.KeyName, ""
	if name != "" {
		drop = "DROP CONSTRAINT IF EXISTS " + a.Quote(name) // it went with a column of it that was dropped before
	} else {
		name = a.free(a.t.Model.Ref().Name+"_pkey", "key")
	}
	if !a.online() {
		if drop != "" {
			drop += ", "
		}
		a.change(drop+"ADD CONSTRAINT "+a.Quote(name)+" PRIMARY KEY ("+a.list(columns)+")", h)
		return
	}
	index := keyName(a.t.Model.Ref().Name, columns)
	if !a.ours.indexes[index] {
		a.refuse("SELECT 1 FROM "+a.table+" GROUP BY "+a.list(columns)+" HAVING count(*) > 1 LIMIT 1",
			"duplicates in "+naming(columns)+": they cannot be the key")
		a.index(index, schema.Index{Columns: columns, Unique: true}, h)
	}
	if drop != "" {
		a.change(drop, h)
	}
	a.change("ADD CONSTRAINT "+a.Quote(name)+" PRIMARY KEY USING INDEX "+a.Quote(index), h)
}

// pointedTo reports foreign keys of the table to its own key that the model does not know and that stay: the key cannot
// go from beneath them.
func (a *alteration) pointedTo() {
	for _, fk := range a.delta.ForeignKeys.Extra {
		self := fk.References.Name == a.live.Ref.Name && (a.live.Ref.Namespace == "" || fk.References.Namespace == a.live.Ref.Namespace)
		if self && slices.Equal(fk.RefColumns, a.live.Key) && !a.allows(hazard(schema.HazardDropForeignKey, fk.Columns...)) {
			a.plan.Faults = append(a.plan.Faults,
				"the primary key cannot change: the foreign key "+naming([]string{fk.Name})+" that the model does not know points to it")
		}
	}
}

// checks adds the missing ones, each in one statement with the dropping of those that it replaces, so that there is no
// moment without a condition.
func (a *alteration) checks() {
	called, model := a.ownNames(a.t.Model).checks, a.Grammar.checks(a.t.Model)
	replaced := slices.Clone(a.delta.Replaced)
	for _, want := range a.delta.Checks.Missing {
		at := slices.Index(called, want.Name)
		if at < 0 {
			continue
		}
		columns, c := a.mentioned(want.Expr), constraint{name: want.Name, structure: want.Expr, lock: accessExclusive}
		replaced = slices.DeleteFunc(replaced, func(old schema.LiveCheck) bool {
			same := slices.Equal(a.mentioned(old.Expr), columns)
			if same {
				c.drop = append(c.drop, old.Name)
				c.hazards = []schema.Hazard{hazard(schema.HazardChangeCheck, columns...)}
			}
			return same
		})
		fresh := len(columns) > 0 && !slices.ContainsFunc(columns, func(name string) bool { return !a.fresh(name) })
		if a.online() && len(c.drop) == 0 && !fresh {
			c.hazards = []schema.Hazard{hazard(schema.HazardAddCheck, columns...)}
		}
		c.definition = "CHECK (" + model[at].Expr + ")"
		if a.online() && !fresh {
			a.refuse("SELECT 1 FROM "+a.table+" WHERE NOT ("+model[at].Expr+") LIMIT 1", "rows do not meet the check over "+naming(columns))
		}
		a.constrain(c)
	}
}

// foreignKeys adds the missing ones.
func (a *alteration) foreignKeys() {
	for _, want := range a.delta.ForeignKeys.Missing {
		at := slices.IndexFunc(a.t.Model.ForeignKeys(), func(fk schema.ForeignKey) bool {
			return a.FitName(schema.ForeignKeyName(a.t.Model.Ref(), fk)) == want.Name
		})
		if at < 0 {
			continue
		}
		fk := a.t.Model.ForeignKeys()[at]
		c := constraint{name: want.Name, structure: want.References.String() + want.OnDelete.String() + want.OnUpdate.String()}
		c.definition, c.lock, c.deferred = a.references(fk), shareRowExclusive, true
		for _, old := range a.delta.ForeignKeys.Extra {
			if h := hazard(schema.HazardDropForeignKey, old.Columns...); slices.Equal(old.Columns, want.Columns) && !a.misfit(old) {
				c.drop, c.hazards, c.lock = append(c.drop, old.Name), append(c.hazards, h), accessExclusive
			}
		}
		if a.online() && !slices.ContainsFunc(want.Columns, a.empty) {
			c.hazards = append(c.hazards, hazard(schema.HazardAddForeignKey, want.Columns...))
			a.refuse(a.orphans(fk), "rows point nowhere by "+naming(want.Columns))
		}
		a.constrain(c)
	}
}

// orphans asks for a row whose foreign key has no target. One that is NULL in part has none to have.
func (a *alteration) orphans(fk schema.ForeignKey) string {
	var present, pairs []string
	for i, name := range fk.Columns {
		present = append(present, "c."+a.Quote(name)+" IS NOT NULL")
		pairs = append(pairs, "p."+a.Quote(fk.RefColumns[i])+" = c."+a.Quote(name))
	}
	return "SELECT 1 FROM " + a.table + " AS c WHERE " + strings.Join(present, " AND ") + " AND NOT EXISTS (SELECT 1 FROM " +
		a.QuoteTable(fk.References) + " AS p WHERE " + strings.Join(pairs, " AND ") + ") LIMIT 1"
}

// misfit reports whether a foreign key has to go before one of its columns gets a type that cannot be compared with what
// it points to.
func (a *alteration) misfit(fk schema.ForeignKey) bool {
	whole := []string{"smallint", "integer", "bigint"}
	return slices.ContainsFunc(a.delta.Columns, func(c schema.ColumnDelta) bool {
		return slices.Contains(fk.Columns, c.Want.Name) && c.Want.Type != c.Have.Type && !widens(c.Have.Type, c.Want.Type) &&
			!(slices.Contains(whole, c.Have.Type) && slices.Contains(whole, c.Want.Type))
	})
}

// constraint is one that is to be added, and what goes at the same moment.
type constraint struct {
	name, structure, definition, lock string
	drop                              []string
	hazards                           []schema.Hazard
	deferred                          bool
}

// constrain adds a constraint: on a table with rows first for what is written from then on, which takes a moment, and
// then for the rows that are there, under a lock that lets others read and write.
func (a *alteration) constrain(c constraint) {
	actions := make([]string, 0, len(c.drop)+1)
	for _, name := range c.drop {
		delete(a.taken, name)
		actions = append(actions, "DROP CONSTRAINT "+a.Quote(name))
	}
	name := a.free(c.name, c.structure)
	actions = append(actions, "ADD CONSTRAINT "+a.Quote(name)+" "+c.definition)
	s := schema.Statement{
		SQL: "ALTER TABLE " + a.table + " " + strings.Join(actions, ", "), Lock: c.lock, Hazards: c.hazards, Deferred: c.deferred,
	}
	if a.online() {
		s.SQL += " NOT VALID"
		s.Mode, s.Deferred = schema.ModeAlone, false
	}
	a.add(s)
	if a.online() {
		a.validated(name)
	}
}

// validate looks at the rows for constraints that hold for new ones only.
func (a *alteration) validate() {
	for _, name := range a.delta.NotValid {
		a.validated(name)
	}
}

func (a *alteration) validated(name string) {
	s := schema.Statement{
		SQL:  "ALTER TABLE " + a.table + " VALIDATE CONSTRAINT " + a.Quote(name),
		Lock: shareUpdateExclusive, Scans: a.online(),
	}
	if a.online() {
		s.Mode = schema.ModeAlone
	}
	a.add(s)
}

// fresh reports whether a column is added by this plan.
func (a *alteration) fresh(column string) bool {
	return slices.ContainsFunc(a.delta.Missing, func(c schema.LiveColumn) bool { return c.Name == column })
}

// empty reports whether a column is added by this plan and NULL in every row.
func (a *alteration) empty(column string) bool {
	born, _ := a.t.Born.Column(column)
	c := a.model[column]
	return a.fresh(column) && !born.NotNull && c != nil && c.Default == "" && c.Backfill == "" && c.Generated == ""
}

// stored gives names as they are stored.
func (a *alteration) stored(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = a.FitName(name)
	}
	return out
}
