package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Diff gives the differences between a model as the server would have made it and a live table, both in the server's
// own words. Indexes, foreign keys and checks are matched by what they are, not by what they are called. The order is
// that of the model's columns, then the live table's extra ones, key, indexes, foreign keys, checks, comment.
func Diff(born, live *Live) []Change {
	var d differ
	for _, want := range born.Columns {
		if have, ok := live.Column(want.Name); ok {
			d.column(want, have)
		} else {
			d.add(MissingColumn, want.Name, want.Type, "", false)
		}
	}
	for _, have := range live.Columns {
		if _, ok := born.Column(have.Name); !ok {
			// An INSERT that does not know the column must still succeed.
			filled := !have.NotNull || have.Default != "" || have.Generated != "" || have.Identity
			d.add(ExtraColumn, have.Name, "", have.Type, filled)
		}
	}
	if !slices.Equal(born.Key, live.Key) {
		d.add(PrimaryKey, "", strings.Join(born.Key, ", "), strings.Join(live.Key, ", "), false)
	}
	d.indexes(born.Indexes, live.Indexes)
	missing, extra := unmatched(born.ForeignKeys, live.ForeignKeys, foreignKeyText)
	d.each(MissingForeignKey, missing, foreignKeyText, false)
	d.each(ExtraForeignKey, extra, foreignKeyText, true)
	d.checks(born.Checks, live.Checks)
	if born.Comment != live.Comment {
		d.add(TableComment, "", born.Comment, live.Comment, true)
	}
	return d
}

// differ collects changes.
type differ []Change

func (d *differ) add(kind ChangeKind, object, want, have string, harmless bool) {
	*d = append(*d, Change{Kind: kind, Object: object, Want: want, Have: have, Harmless: harmless})
}

func (d *differ) each(kind ChangeKind, list []ForeignKey, text func(ForeignKey) string, harmless bool) {
	for _, item := range list {
		d.add(kind, text(item), "", "", harmless)
	}
}

func (d *differ) column(want, have LiveColumn) {
	differs := func(kind ChangeKind, a, b string, harmless bool) {
		if a != b {
			d.add(kind, want.Name, a, b, harmless)
		}
	}
	differs(ColumnType, want.Type, have.Type, false)
	differs(ColumnNullability, nullText(want.NotNull), nullText(have.NotNull), false)
	differs(ColumnIdentity, identityText(want.Identity), identityText(have.Identity), !want.Identity)
	// A default that the model does not know of serves writers other than this library.
	differs(ColumnDefault, want.Default, have.Default, want.Default == "")
	differs(ColumnGenerated, want.Generated, have.Generated, false)
	differs(ColumnComment, want.Comment, have.Comment, true)
}

func nullText(notNull bool) string {
	if notNull {
		return "not null"
	}
	return "null"
}

func identityText(identity bool) string {
	if identity {
		return "numbered by the database"
	}
	return "not numbered"
}

func (d *differ) indexes(born, live []LiveIndex) {
	text := func(ix LiveIndex) string {
		if ix.Unique {
			return "unique " + ix.Definition
		}
		return ix.Definition
	}
	missing, extra := unmatched(born, live, text)
	for _, ix := range missing {
		d.add(indexKind(ix, MissingUnique, MissingIndex), ix.Definition, "", "", false)
	}
	for _, ix := range extra {
		d.add(indexKind(ix, ExtraUnique, ExtraIndex), ix.Definition, "", ix.Name, true)
	}
}

func indexKind(ix LiveIndex, unique, plain ChangeKind) ChangeKind {
	if ix.Unique {
		return unique
	}
	return plain
}

func (d *differ) checks(born, live []string) {
	missing, extra := unmatched(born, live, func(s string) string { return s })
	for _, expr := range missing {
		d.add(MissingCheck, expr, "", "", false)
	}
	for _, expr := range extra {
		d.add(ExtraCheck, expr, "", "", true)
	}
}

func foreignKeyText(fk ForeignKey) string {
	return fmt.Sprintf("(%s) to %s (%s) on delete %s on update %s", strings.Join(fk.Columns, ", "), fk.References,
		strings.Join(fk.RefColumns, ", "), fk.OnDelete, fk.OnUpdate)
}

// unmatched pairs equal items off, each with one of the other side, and gives what is left of both.
func unmatched[T any](want, have []T, text func(T) string) (missing, extra []T) {
	return without(want, have, text), without(have, want, text)
}

// without gives the items that have no partner among others.
func without[T any](items, others []T, text func(T) string) (left []T) {
	partners := map[string]int{}
	for _, o := range others {
		partners[text(o)]++
	}
	for _, item := range items {
		t := text(item)
		if partners[t] == 0 {
			left = append(left, item)
		}
		partners[t] = max(0, partners[t]-1)
	}
	return left
}
