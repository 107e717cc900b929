package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Diff gives the differences between a born and a live table as people read them; see Compare.
func Diff(born, live *Live) []Change { return Compare(born, live).Changes() }

// Changes tells the difference to people, in this order: renames, the model's columns, the live table's extra ones,
// key, indexes, foreign keys, checks, comment.
func (d *Delta) Changes() []Change {
	var c changes
	for _, r := range d.Conflicts {
		c.add(Change{Kind: RenameConflict, Object: r.To, Have: r.From})
	}
	for _, r := range d.Renamed {
		c.add(Change{Kind: RenamedColumn, Object: r.To, Have: r.From})
	}
	for _, want := range d.born.Columns {
		if at := slices.IndexFunc(d.Columns, func(c ColumnDelta) bool { return c.Want.Name == want.Name }); at >= 0 {
			c.column(d.Columns[at])
		} else if slices.ContainsFunc(d.Missing, func(m LiveColumn) bool { return m.Name == want.Name }) {
			c.add(Change{Kind: MissingColumn, Object: want.Name, Want: want.Type})
		}
	}
	for _, have := range d.Extra {
		// An INSERT that does not know the column must still succeed.
		c.add(Change{Kind: ExtraColumn, Object: have.Name, Have: have.Type, Harmless: have.Filled()})
	}
	if d.Key {
		c.add(Change{Kind: PrimaryKey, Want: strings.Join(d.born.Key, ", "), Have: strings.Join(d.live.Key, ", ")})
	}
	c.indexes(d.Indexes)
	for _, fk := range d.ForeignKeys.Missing {
		c.add(Change{Kind: MissingForeignKey, Object: foreignKeyText(fk), Serves: true})
	}
	for _, fk := range d.ForeignKeys.Extra {
		c.add(Change{Kind: ExtraForeignKey, Object: foreignKeyText(fk), Harmless: true})
	}
	for _, check := range d.Checks.Missing {
		c.add(Change{Kind: MissingCheck, Object: check.Expr, Serves: true})
	}
	for _, check := range slices.Concat(d.Replaced, d.Checks.Extra) {
		c.add(Change{Kind: ExtraCheck, Object: check.Expr, Harmless: true})
	}
	for _, name := range d.NotValid {
		c.add(Change{Kind: NotValidated, Object: name, Serves: true})
	}
	for _, name := range d.live.Invalid {
		c.add(Change{Kind: InvalidIndex, Object: name, Harmless: true})
	}
	if d.Comment {
		c.add(Change{Kind: TableComment, Want: d.born.Comment, Have: d.live.Comment, Harmless: true})
	}
	return c
}

// Filled reports whether an INSERT that does not know the column gives it a value or NULL.
func (c LiveColumn) Filled() bool {
	return !c.NotNull || c.Default != "" || c.Generated != "" || c.Identity
}

// changes collects what Changes gives.
type changes []Change

func (c *changes) add(change Change) {
	change.Serves = change.Serves || change.Harmless
	*c = append(*c, change)
}

func (c *changes) column(d ColumnDelta) {
	want, have := d.Want, d.Have
	differs := func(kind ChangeKind, a, b string, harmless, serves bool) {
		if a != b {
			c.add(Change{Kind: kind, Object: want.Name, Want: a, Have: b, Harmless: harmless, Serves: serves})
		}
	}
	differs(ColumnType, want.Type, have.Type, false, d.Fits)
	// A NULL that the model does not expect cannot be read into its struct; one that it may not write is an error of its own.
	differs(ColumnNullability, nullText(want.NotNull), nullText(have.NotNull), false, have.NotNull)
	differs(ColumnIdentity, identityText(want.Identity), identityText(have.Identity), !want.Identity, false)
	// A default that the model does not know of serves writers other than this library.
	differs(ColumnDefault, want.Default, have.Default, want.Default == "", true)
	differs(ColumnGenerated, want.Generated, have.Generated, false, false)
	differs(ColumnComment, want.Comment, have.Comment, true, true)
}

func (c *changes) indexes(sides Sides[LiveIndex]) {
	kind := func(ix LiveIndex, unique, plain ChangeKind) ChangeKind {
		if ix.Unique {
			return unique
		}
		return plain
	}
	for _, ix := range sides.Missing {
		c.add(Change{Kind: kind(ix, MissingUnique, MissingIndex), Object: ix.Definition, Serves: true})
	}
	for _, ix := range sides.Extra {
		c.add(Change{Kind: kind(ix, ExtraUnique, ExtraIndex), Object: ix.Definition, Have: ix.Name, Harmless: true})
	}
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

func indexText(ix LiveIndex) string {
	if ix.Unique {
		return "unique " + ix.Definition
	}
	return ix.Definition
}

func foreignKeyText(fk ForeignKey) string {
	return fmt.Sprintf("(%s) to %s (%s) on delete %s on update %s", strings.Join(fk.Columns, ", "), fk.References,
		strings.Join(fk.RefColumns, ", "), fk.OnDelete, fk.OnUpdate)
}
