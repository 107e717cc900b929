package mysql

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// dropsColumn reports whether an extra column goes.
func (a *alteration) dropsColumn(name string) bool {
	return a.allows(hazard(schema.HazardDropColumn, name)) &&
		slices.ContainsFunc(a.delta.Extra, func(c schema.LiveColumn) bool { return c.Name == name })
}

// dropExtras drops what the model does not know and the policy lets go, by itself or with one of its columns.
func (a *alteration) dropExtras() {
	for _, fk := range a.delta.ForeignKeys.Extra {
		h := hazard(schema.HazardDropForeignKey, fk.Columns...)
		switch {
		case a.allows(h) || a.delta.Overtaken(fk) || a.retyped(fk):
			a.dropForeignKey(fk, h)
		case slices.ContainsFunc(fk.Columns, a.dropsColumn):
			a.dropForeignKey(fk)
		default:
			a.stays(fk.Columns)
		}
	}
	for _, ix := range a.delta.Indexes.Extra {
		columns := a.mentioned(ix.Definition)
		h := hazard(schema.HazardDropIndex, columns...)
		if ix.Unique {
			h.Kind = schema.HazardDropUnique
		}
		switch {
		case a.allows(h):
			a.dropIndex(ix.Name, h)
		case slices.ContainsFunc(columns, a.dropsColumn):
			a.dropIndex(ix.Name)
		case ix.Unique:
			a.stays(columns)
		}
	}
	for _, c := range a.delta.Checks.Extra {
		columns := a.mentioned(c.Expr)
		switch h := hazard(schema.HazardDropCheck, columns...); {
		case a.allows(h):
			a.dropCheck(c, h)
		case slices.ContainsFunc(columns, a.dropsColumn):
			a.dropCheck(c)
		}
	}
	for _, computed := range []bool{true, false} {
		for _, c := range a.delta.Extra {
			if a.dropsColumn(c.Name) && (c.Generated != "") == computed {
				if name, there := a.before.required[c.Name]; there {
					a.change(instant, "DROP CONSTRAINT "+a.Quote(name))
				}
				a.change(instant, "DROP COLUMN "+a.Quote(c.Name), hazard(schema.HazardDropColumn, c.Name))
			}
		}
	}
}

// retyped reports whether a column at either end of a foreign key gets another type: the server lets none change under it.
func (a *alteration) retyped(fk schema.ForeignKey) bool {
	own := fk.References.Name == a.live.Ref.Name || fk.References.Name == a.t.Live.Ref.Name
	return slices.ContainsFunc(a.delta.Columns, func(d schema.ColumnDelta) bool {
		return d.Want.Type != d.Have.Type &&
			(slices.Contains(fk.Columns, d.Want.Name) || own && slices.Contains(fk.RefColumns, d.Want.Name))
	})
}

// stays marks columns of a key that is kept, in which texts have their room.
func (a *alteration) stays(columns []string) {
	for _, name := range columns {
		a.staying[name] = true
	}
}

func (a *alteration) dropForeignKey(fk schema.ForeignKey, hazards ...schema.Hazard) {
	delete(a.taken, fk.Name)
	a.change(dropping, "DROP FOREIGN KEY "+a.Quote(fk.Name), hazards...)
	if a.before.implied[fk.Name] {
		a.change(dropping, "DROP KEY "+a.Quote(fk.Name))
	}
}

func (a *alteration) dropIndex(name string, hazards ...schema.Hazard) {
	delete(a.taken, name)
	text := "DROP KEY " + a.Quote(name)
	for _, fk := range a.live.ForeignKeys {
		if a.taken[fk.Name] && !a.before.implied[fk.Name] && !a.indexed(fk.Columns) {
			text += ", ADD KEY " + a.Quote(fk.Name) + " (" + a.list(fk.Columns) + ")" // as the server would have made it
			a.before.implied[fk.Name] = true
		}
	}
	a.change(dropping, text, hazards...)
}

// indexed reports whether an index that stays begins with some columns, as every foreign key needs one.
func (a *alteration) indexed(columns []string) bool {
	list := a.list(columns)
	if strings.HasPrefix(a.list(a.live.Key)+",", list+",") {
		return true
	}
	return slices.ContainsFunc(a.live.Indexes, func(ix schema.LiveIndex) bool {
		return a.taken[ix.Name] && strings.HasPrefix(ix.Definition+",", list+",")
	})
}

func (a *alteration) dropCheck(c schema.LiveCheck, hazards ...schema.Hazard) {
	delete(a.taken, c.Name)
	a.change(instant, "DROP CONSTRAINT "+a.Quote(c.Name), hazards...)
}

// key puts another primary key in the place of the old one.
func (a *alteration) key() {
	if !a.delta.Key {
		return
	}
	columns := a.t.Born.Key
	drop := ""
	if len(a.live.Key) > 0 {
		drop = "DROP PRIMARY KEY, "
	}
	missing := func(name string) bool { _, ok := a.live.Column(name); return !ok }
	if !slices.ContainsFunc(columns, missing) {
		a.refuse(" GROUP BY "+a.list(columns)+" HAVING count(*) > 1", "duplicates in "+naming(columns)+": they cannot be the key")
	}
	w := a.rebuilding()
	if slices.ContainsFunc(a.live.Key, a.dropsColumn) {
		w = copying // with the key, of which it is a part
	}
	a.change(w, drop+"ADD PRIMARY KEY ("+a.list(columns)+")", hazard(schema.HazardChangeKey, columns...))
}

// indexes makes the missing ones.
func (a *alteration) indexes() {
	for _, want := range a.delta.Indexes.Missing {
		for _, ix := range a.t.Model.Indexes() {
			if a.FitName(schema.IndexName(a.t.Model.Ref(), ix)) == want.Name {
				ix.Name = a.free(want.Name, want.Definition)
				a.change(inPlace, "ADD "+a.index(a.t.Model, ix), a.uniqueHazards(ix)...)
				break
			}
		}
	}
}

// uniqueHazards asks whether rows are in the way of a unique index, which they cannot be where a column of it is new and
// empty.
func (a *alteration) uniqueHazards(ix schema.Index) []schema.Hazard {
	if !ix.Unique || !a.online() {
		return nil
	}
	var present []string
	columns := make([]string, len(ix.Columns))
	for i, name := range ix.Columns {
		columns[i] = a.FitName(name)
		if a.empty(columns[i]) {
			return nil
		}
		if _, there := a.live.Column(columns[i]); !there {
			return []schema.Hazard{hazard(schema.HazardAddUnique, columns...)}
		}
		present = append(present, a.Quote(columns[i])+" IS NOT NULL")
	}
	a.refuse(" WHERE "+strings.Join(present, " AND ")+" GROUP BY "+a.list(columns)+" HAVING count(*) > 1",
		"duplicates in "+naming(columns)+": they cannot become unique")
	return []schema.Hazard{hazard(schema.HazardAddUnique, columns...)}
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

// checks adds the missing ones, together with the dropping of those that they replace.
func (a *alteration) checks() {
	var replaced [][]string
	for _, old := range a.delta.Replaced {
		columns := a.mentioned(old.Expr)
		a.dropCheck(old, hazard(schema.HazardChangeCheck, columns...))
		replaced = append(replaced, columns)
	}
	for _, want := range a.delta.Checks.Missing {
		for _, c := range a.Grammar.checks(a.t.Model) {
			if a.FitName(schema.CheckName(a.t.Model.Ref(), c)) != want.Name {
				continue
			}
			columns := a.mentioned(want.Expr)
			there := func(name string) bool { return !a.fresh(name) }
			instead := func(other []string) bool { return slices.Equal(other, columns) }
			var hazards []schema.Hazard
			if slices.ContainsFunc(columns, there) && !slices.ContainsFunc(replaced, instead) {
				hazards = a.overRows(schema.HazardAddCheck, columns...)
			}
			if !slices.ContainsFunc(columns, a.fresh) {
				a.refuse(" WHERE NOT ("+c.Expr+")", "rows do not meet the check over "+naming(columns))
			}
			a.change(copying, "ADD CONSTRAINT "+a.Quote(a.free(want.Name, want.Expr))+" CHECK ("+c.Expr+")", hazards...)
			break
		}
	}
}

// foreignKeys adds the missing ones. Over rows the server looks at each of them, which it does only while it copies.
func (a *alteration) foreignKeys() {
	for _, want := range a.delta.ForeignKeys.Missing {
		for _, fk := range a.t.Model.ForeignKeys() {
			if a.FitName(schema.ForeignKeyName(a.t.Model.Ref(), fk)) != want.Name {
				continue
			}
			var hazards []schema.Hazard
			if !slices.ContainsFunc(want.Columns, a.empty) {
				hazards = a.overRows(schema.HazardAddForeignKey, want.Columns...)
			}
			a.addForeignKey(fk, want, hazards...)
			break
		}
	}
	// Those that are there and stay go for the time in which their columns change.
	for _, fk := range a.live.ForeignKeys {
		extra := func(other schema.ForeignKey) bool { return other.Name == fk.Name }
		if a.retyped(fk) && !slices.ContainsFunc(a.delta.ForeignKeys.Extra, extra) {
			a.dropForeignKey(fk)
			a.addForeignKey(fk, fk)
		}
	}
}

// addForeignKey adds one under a name that is free: the server does not take one in the same statement in which it is dropped.
func (a *alteration) addForeignKey(fk, want schema.ForeignKey, hazards ...schema.Hazard) {
	for _, old := range a.t.Live.ForeignKeys {
		a.taken[old.Name] = true
	}
	fk.Name = a.free(want.Name, want.References.String()+want.OnDelete.String()+want.OnUpdate.String())
	a.change(copying, "ADD "+a.foreignKey(a.t.Model.Ref(), fk), hazards...)
}

// comment sets the table's.
func (a *alteration) comment() {
	if !a.delta.Comment {
		return
	}
	h := schema.Hazard{Kind: schema.HazardDropComment}
	switch text := a.t.Born.Comment; {
	case text != "":
		a.change(instant, "COMMENT "+quotedText(text))
	case a.allows(h):
		a.change(instant, "COMMENT ''", h)
	}
}

// asMeant gives a table whose foreign keys have NO ACTION for RESTRICT, as in the table of somebody who said nothing: here both are
// one, for no check waits until the transaction's end.
func asMeant(live *schema.Live) *schema.Live {
	out := *live
	out.ForeignKeys = slices.Clone(live.ForeignKeys)
	for i := range out.ForeignKeys {
		for _, action := range []*schema.Action{&out.ForeignKeys[i].OnDelete, &out.ForeignKeys[i].OnUpdate} {
			if *action == schema.Restrict {
				*action = schema.NoAction
			}
		}
	}
	return &out
}
