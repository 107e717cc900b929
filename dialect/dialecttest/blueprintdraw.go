package dialecttest

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// allKinds are the kinds of columns, those with the most rules more often.
var allKinds = []schema.Kind{
	schema.KindInt64, schema.KindString, schema.KindInt32, schema.KindString, schema.KindInt64, schema.KindInt16,
	schema.KindBool, schema.KindFloat32, schema.KindFloat64, schema.KindBytes, schema.KindTime, schema.KindDate,
	schema.KindUUID, schema.KindDecimal, schema.KindJSON,
}

// The formulas over numbers and over texts. Those of a generated column are total, so that it can be NOT NULL.
var (
	numberFormulas = []string{"coalesce(%[1]s, 0) * 2", "coalesce(%[1]s, 0) + 1"}
	textFormulas   = []string{"coalesce(%[1]s, '') || '!'", "'<' || coalesce(%[1]s, '')"}
	numberChecks   = []string{"%[1]s >= -1000", "%[1]s < 1000 OR %[1]s IS NULL", "%[1]s > 0"}
	textChecks     = []string{"%[1]s <> 'nobody'", "length(%[1]s) < 100 OR %[1]s IN ('a', 'b')", "%[1]s <> ''"}
)

var enumWords = []string{"x", "yy", "red", "green", "blue"}

func pick[V any](r *rapid.T, label string, values []V) V {
	return rapid.SampledFrom(values).Draw(r, label)
}

// one reports true in one of n cases, and in none once the case is shrunk.
func one(r *rapid.T, n int, label string) bool { return rapid.IntRange(1, n).Draw(r, label) == n }

// drawBlueprint draws a model.
func drawBlueprint(r *rapid.T, d dialect.Dialect) *blueprint {
	b := &blueprint{strict: d.Name() == "mysql"}
	first := part{Column: schema.Column{Name: b.name(r), Kind: pick(r, "id", []schema.Kind{schema.KindInt64, schema.KindInt32})}}
	first.Auto = one(r, 4, "auto")
	b.columns = append(b.columns, first)
	for range rapid.IntRange(1, 6).Draw(r, "columns") {
		b.columns = append(b.columns, b.draw(r, d))
	}
	b.key = []string{first.Name}
	if one(r, 4, "longer key") {
		b.key = append(b.key, pick(r, "key", b.names()[1:]))
	}
	for range rapid.IntRange(0, 4).Draw(r, "extras") {
		switch pick(r, "extra", []string{"index", "check", "foreign key"}) {
		case "index":
			b.addIndex(r)
		case "check":
			b.addCheck(r)
		default:
			b.addTie(r)
		}
	}
	if one(r, 4, "table comment") {
		b.comment = pick(r, "comment", comments)
	}
	b.tidy()
	return b
}

var comments = []string{"a comment", "it's \"quoted\" \\ -- $1", "日本"}

// name gives a name that was never used, some of which want quotes.
func (b *blueprint) name(r *rapid.T) string {
	b.serial++
	stem := pick(r, "name", []string{"c", "c", "c", "Mixed", "größe ", `it's "so" `, "a_name_that_goes_on_and_on_until_nobody_can_remember_how_it_began_"})
	return fmt.Sprintf("%s%d", stem, b.serial)
}

// names lists the columns.
func (b *blueprint) names() []string {
	names := make([]string, len(b.columns))
	for i := range b.columns {
		names[i] = b.columns[i].Name
	}
	return names
}

// draw draws a column.
func (b *blueprint) draw(r *rapid.T, d dialect.Dialect) part {
	c := part{Column: schema.Column{Name: b.name(r)}}
	c.shape(r, d, pick(r, "kind", allKinds))
	c.Nullable = rapid.Bool().Draw(r, "nullable")
	if one(r, 4, "column comment") {
		c.Comment = pick(r, "comment", comments)
	}
	if one(r, 6, "generated") {
		c.generate(r, b)
	}
	return c
}

// shape makes the column one of a kind, with all that hangs on it.
func (c *part) shape(r *rapid.T, d dialect.Dialect, kind schema.Kind) {
	c.Kind, c.Size, c.Precision, c.Scale, c.Enum, c.Default = kind, 0, 0, 0, nil, ""
	c.formula, c.Generated = formula{}, ""
	switch kind {
	case schema.KindString:
		switch rapid.IntRange(0, 2).Draw(r, "limits") {
		case 1:
			c.Size = rapid.IntRange(5, 20).Draw(r, "size")
		case 2:
			c.Enum = slices.Clone(enumWords[:rapid.IntRange(1, 4).Draw(r, "words")])
		}
	case schema.KindBytes:
		c.Size = rapid.SampledFrom([]int{0, 16}).Draw(r, "size")
	case schema.KindDecimal:
		c.Precision, c.Scale = rapid.IntRange(4, 20).Draw(r, "precision"), rapid.IntRange(0, 2).Draw(r, "scale")
	}
	if one(r, 3, "default") {
		c.Default = c.aDefault(r, d)
	}
}

// aDefault draws a default that fits the column.
func (c *part) aDefault(r *rapid.T, d dialect.Dialect) string {
	values := literals(d, &c.Column)
	if c.Kind == schema.KindTime || c.Kind == schema.KindDate {
		values = append([]string{schema.DefaultNow}, values...)
	}
	return pick(r, "value", values)
}

// generate makes the column one that is computed of another one, where there is one that can be computed with.
func (c *part) generate(r *rapid.T, b *blueprint) {
	sources := slices.DeleteFunc(b.names(), func(name string) bool {
		other := b.column(name)
		return name == c.Name || other.formula.text != "" || !other.Kind.Integer() && other.Kind != schema.KindString
	})
	if len(sources) == 0 {
		return
	}
	source := b.column(pick(r, "source", sources))
	text := pick(r, "formula", textFormulas)
	kind := schema.KindString
	if source.Kind.Integer() {
		text, kind = pick(r, "formula", numberFormulas), schema.KindInt64
	}
	c.Kind, c.Size, c.Precision, c.Scale, c.Enum, c.Default = kind, 0, 0, 0, nil, ""
	c.formula = formula{text, []string{source.Name}}
}

func (b *blueprint) addIndex(r *rapid.T) {
	var columns []string
	for range rapid.IntRange(1, 2).Draw(r, "index columns") {
		if name := pick(r, "column", b.names()); !slices.Contains(columns, name) {
			columns = append(columns, name)
		}
	}
	b.indexes = append(b.indexes, schema.Index{Columns: columns, Unique: one(r, 3, "unique")})
}

func (b *blueprint) addCheck(r *rapid.T) {
	c := b.column(pick(r, "column", b.names()))
	f := formula{over: []string{c.Name}}
	switch {
	case c.Kind.Integer():
		f.text = pick(r, "check", numberChecks)
	case c.Kind == schema.KindString:
		f.text = pick(r, "check", textChecks)
	default:
		return
	}
	if !slices.ContainsFunc(b.checks, func(other formula) bool { return other.text == f.text && other.over[0] == c.Name }) {
		b.checks = append(b.checks, f)
	}
}

func (b *blueprint) addTie(r *rapid.T) {
	c := b.column(pick(r, "column", b.names()))
	if !slices.ContainsFunc(b.ties, func(t tie) bool { return t.column == c.Name }) {
		action := pick(r, "on delete", []schema.Action{schema.NoAction, schema.Cascade, schema.SetNull})
		b.ties = append(b.ties, tie{c.Name, action, one(r, 4, "to itself")})
	}
}
