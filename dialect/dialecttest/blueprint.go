package dialecttest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// blueprint is a model that can still be changed. The first column is always there and has another number in each row.
type blueprint struct {
	columns []part
	key     []string
	indexes []schema.Index
	checks  []formula
	ties    []tie
	comment string
	// strict is for a database where foreign keys are of the very type of what they point to, and nothing is computed from what
	// the database numbers or sets to null.
	strict bool
	serial int // of the next column: no name is ever used twice
}

// part is a column of a blueprint.
type part struct {
	schema.Column
	formula formula // of a generated column; empty for others
}

// formula is SQL with the columns it is over left open, as %[1]s.
type formula struct {
	text string
	over []string
}

// tie is a foreign key to the id of the table that all of them point to, or to the first column of its own table.
type tie struct {
	column   string
	onDelete schema.Action
	own      bool
}

// tied is what the ties point to.
type tied struct {
	ID int64 `db:"id" schema:"pk"`
}

const tiedRows = 5

func (f formula) in(d dialect.Dialect) string {
	names := make([]any, len(f.over))
	for i, name := range f.over {
		names[i] = d.Quote(name)
	}
	return fmt.Sprintf(f.text, names...)
}

func (b *blueprint) clone() *blueprint {
	out := *b
	out.columns, out.key = slices.Clone(b.columns), slices.Clone(b.key)
	out.indexes, out.checks, out.ties = slices.Clone(b.indexes), slices.Clone(b.checks), slices.Clone(b.ties)
	return &out
}

// column finds a column, nil where there is none.
func (b *blueprint) column(name string) *part {
	for i := range b.columns {
		if b.columns[i].Name == name {
			return &b.columns[i]
		}
	}
	return nil
}

// tidy takes away what the present columns do not carry any more, as a foreign key of a column that is text now.
func (b *blueprint) tidy() {
	for i := range b.columns {
		c := &b.columns[i]
		if c.Generated = c.formula.text; !b.fits(c.formula) {
			c.formula, c.Generated = formula{}, ""
		}
	}
	b.key = slices.DeleteFunc(b.key, func(name string) bool { return !keyable(b.column(name)) })
	if len(b.key) == 0 {
		b.key = []string{b.columns[0].Name}
	}
	for i := range b.columns {
		c := &b.columns[i]
		inKey := slices.Contains(b.key, c.Name)
		c.Nullable = c.Nullable && !inKey
		c.Auto = c.Auto && c.Kind.Integer() && len(b.key) == 1 && inKey
		if c.Auto || c.Generated != "" {
			c.Default, c.Backfill = "", ""
		}
	}
	b.checks = slices.DeleteFunc(b.checks, func(f formula) bool { return !b.fits(f) })
	b.ties = slices.DeleteFunc(b.ties, func(t tie) bool {
		c := b.column(t.column)
		gone := c == nil || !c.Kind.Integer() || b.strict && c.Kind != schema.KindInt64 || c.Generated != "" || slices.Contains(b.key, t.column)
		gone = gone || t.own && (len(b.key) > 1 || b.key[0] != b.columns[0].Name || !b.columns[0].Kind.Integer())
		gone = gone || t.own && b.strict && b.columns[0].Kind != schema.KindInt64
		return gone || t.onDelete == schema.SetNull && (!c.Nullable || b.strict && b.computes(t.column))
	})
	b.indexes = slices.DeleteFunc(b.indexes, func(ix schema.Index) bool {
		return slices.ContainsFunc(ix.Columns, func(name string) bool {
			c := b.column(name)
			return c == nil || c.Kind == schema.KindJSON
		})
	})
}

// computes reports whether a check or another column is over a column.
func (b *blueprint) computes(name string) bool {
	return slices.ContainsFunc(b.checks, func(f formula) bool { return slices.Contains(f.over, name) }) ||
		slices.ContainsFunc(b.columns, func(p part) bool { return slices.Contains(p.formula.over, name) })
}

func keyable(c *part) bool {
	return c != nil && c.formula.text == "" && (c.Kind.Integer() || c.Kind == schema.KindString || c.Kind == schema.KindUUID ||
		c.Kind == schema.KindDate)
}

// fits reports whether a formula's columns are there and of the kind it was made for: all are over numbers or all over
// texts.
func (b *blueprint) fits(f formula) bool {
	for _, name := range f.over {
		c := b.column(name)
		if c == nil || c.formula.text != "" || b.strict && c.Auto || c.Kind.Integer() == strings.ContainsRune(f.text, '\'') || !c.Kind.Integer() && c.Kind != schema.KindString {
			return false
		}
	}
	return true
}

// model makes the table of a blueprint.
func (b *blueprint) model(t tester, d dialect.Dialect, name string, opts ...schema.TableOption) *schema.Table {
	t.Helper()
	fields := make([]reflect.StructField, len(b.columns))
	for i := range b.columns {
		fields[i] = b.field(d, i)
	}
	opts = append(opts, schema.Named(name))
	for _, ix := range b.indexes {
		if ix.Unique {
			opts = append(opts, schema.WithUnique(ix.Columns...))
		} else {
			opts = append(opts, schema.WithIndex(ix.Columns...))
		}
	}
	for _, f := range b.checks {
		opts = append(opts, schema.WithCheck(f.in(d)))
	}
	for _, tie := range b.ties {
		fk := schema.ForeignKey{
			Columns: []string{tie.column}, References: schema.Ref{Name: "tieds"}, RefColumns: []string{"id"}, OnDelete: tie.onDelete,
		}
		if tie.own {
			fk.References.Name, fk.RefColumns[0] = name, b.columns[0].Name
		}
		opts = append(opts, schema.WithForeignKey(fk))
	}
	if b.comment != "" {
		opts = append(opts, schema.WithComment(b.comment))
	}
	table, err := schema.TableOfType(reflect.StructOf(fields), opts...)
	require.NoError(t, err)
	return table
}

// goTypes are the Go types that columns are read into, by kind.
func goTypes() map[schema.Kind]reflect.Type {
	return map[schema.Kind]reflect.Type{
		schema.KindBool: reflect.TypeFor[bool](), schema.KindInt16: reflect.TypeFor[int16](),
		schema.KindInt32: reflect.TypeFor[int32](), schema.KindInt64: reflect.TypeFor[int64](),
		schema.KindFloat32: reflect.TypeFor[float32](), schema.KindFloat64: reflect.TypeFor[float64](),
		schema.KindString: reflect.TypeFor[string](), schema.KindBytes: reflect.TypeFor[[]byte](),
		schema.KindTime: reflect.TypeFor[time.Time](), schema.KindDate: reflect.TypeFor[time.Time](),
		schema.KindUUID: reflect.TypeFor[uuid.UUID](), schema.KindDecimal: reflect.TypeFor[string](),
		schema.KindJSON: reflect.TypeFor[json.RawMessage](),
	}
}

// field is a column as a struct's field, with everything else in its tag.
func (b *blueprint) field(d dialect.Dialect, at int) reflect.StructField {
	c := &b.columns[at]
	options := []string{"type=" + c.Kind.String()}
	add := func(when bool, format string, args ...any) {
		if when {
			options = append(options, fmt.Sprintf(format, args...))
		}
	}
	inKey := slices.Contains(b.key, c.Name)
	add(inKey, "pk")
	add(c.Auto, "auto")
	add(c.Nullable, "null")
	add(!c.Nullable && !inKey, "notnull")
	add(c.Size > 0, "size=%d", c.Size)
	add(c.Kind == schema.KindDecimal, "precision=%d,scale=%d", c.Precision, c.Scale)
	add(len(c.Enum) > 0, "enum=%s", strings.Join(c.Enum, "|"))
	add(c.Default != "", "default=%s", c.Default)
	if c.Generated != "" {
		add(true, "generated=%s", c.formula.in(d))
	}
	add(c.Comment != "", "comment=%s", quoted(c.Comment))
	add(c.Was != "", "was=%s", quoted(c.Was))
	add(c.Backfill != "", "backfill=%s", c.Backfill)
	goType := goTypes()[c.Kind]
	if !inKey {
		goType = reflect.PointerTo(goType)
	}
	tag := fmt.Sprintf("db:%s schema:%s", strconv.Quote(c.Name), strconv.Quote(strings.Join(options, ",")))
	return reflect.StructField{Name: fmt.Sprintf("F%d", at), Type: goType, Tag: reflect.StructTag(tag)}
}

// quoted puts a text between single quotes, which is the same in SQL and in a tag.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
