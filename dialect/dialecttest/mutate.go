package dialecttest

import (
	"maps"
	"slices"

	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// conversion is a change of kind that values outlive.
type conversion struct {
	to schema.Kind
	// same reports that the value reads the same as text before and after.
	same bool
}

// conversions are the changes of kind that are tried, all of them such that each value has one of the new kind to
// become. Whole numbers stay within the smallest kind. What is not here, as a text that becomes a number, is for people
// to write.
func conversions() map[schema.Kind][]conversion {
	whole := []conversion{
		{schema.KindInt16, true},
		{schema.KindInt32, true},
		{schema.KindInt64, true},
		{schema.KindFloat64, false},
		{schema.KindDecimal, true},
		{schema.KindString, true},
	}
	return map[schema.Kind][]conversion{
		schema.KindInt16: whole, schema.KindInt32: whole, schema.KindInt64: whole,
		schema.KindFloat32: {{schema.KindFloat64, false}},
		schema.KindDecimal: {{schema.KindDecimal, true}},
		schema.KindUUID:    {{schema.KindString, true}},
		schema.KindDate:    {{schema.KindString, true}},
		schema.KindJSON:    {{schema.KindString, true}},
	}
}

// change is what a mutation works on.
type change struct {
	*blueprint
	before *blueprint
	r      *rapid.T
	d      dialect.Dialect
	// converted are the columns, by their present names, whose values are not what they were.
	converted map[string]bool
}

// mutate gives another model for the same table, one to five changes away. converted names the columns that are in both
// and whose values do not read the same afterwards.
func (b *blueprint) mutate(r *rapid.T, d dialect.Dialect) (after *blueprint, converted map[string]bool) {
	c := &change{blueprint: b.clone(), before: b, r: r, d: d, converted: map[string]bool{}}
	ways := map[string]func(){
		"add column": c.addColumn, "drop column": c.dropColumn, "retype": c.retype, "nullability": c.nullability,
		"default": c.defaults, "size": c.size, "enum": c.enum, "drop index": c.dropIndex, "drop check": c.dropCheck,
		"drop foreign key": c.dropTie, "add index": func() { c.addIndex(r) }, "add check": func() { c.addCheck(r) },
		"add foreign key": func() { c.addTie(r) }, "rename": c.rename, "generated": c.generated, "comment": c.comments,
		"key": c.newKey, "auto": c.auto,
	}
	names := slices.Sorted(maps.Keys(ways))
	for range rapid.IntRange(1, 5).Draw(r, "changes") {
		ways[pick(r, "change", names)]()
		c.tidy()
	}
	c.possible()
	return c.blueprint, c.converted
}

// possible gives columns their old form back that nothing leads to from there: one that was computed for a while, and of
// another kind, is not any more when what it was computed from has gone.
func (c *change) possible() {
	for i := range c.columns {
		p := &c.columns[i]
		old := c.former(p)
		if old == nil || p.formula.text != "" || p.Kind == old.Kind {
			continue
		}
		leads := func(way conversion) bool { return way.to == p.Kind }
		if !slices.ContainsFunc(conversions()[old.Kind], leads) {
			name, was := p.Name, p.Was
			*p = *old
			p.Name, p.Was = name, was
			p.formula, p.Generated = formula{}, ""
		}
	}
	c.tidy()
}

// former finds what a column was.
func (c *change) former(p *part) *part {
	if p.Was != "" {
		return c.before.column(p.Was)
	}
	return c.before.column(p.Name)
}

// any draws a column, the first one included only where that is said.
func (c *change) any(from int) *part {
	if len(c.columns) <= from {
		return &part{} // a change that changes nothing
	}
	return &c.columns[rapid.IntRange(from, len(c.columns)-1).Draw(c.r, "column")]
}

func (c *change) addColumn() {
	added := c.draw(c.r, c.d)
	if !added.Nullable && one(c.r, 2, "backfill") {
		added.Backfill = pick(c.r, "backfill", literals(c.d, &added.Column))
	}
	c.columns = append(c.columns, added)
}

func (c *change) dropColumn() {
	name := c.any(1).Name
	c.columns = slices.DeleteFunc(c.columns, func(p part) bool { return p.Name == name })
}

func (c *change) retype() {
	p := c.any(0)
	first := p.Name == c.columns[0].Name
	ways := conversions()[p.Kind]
	if len(ways) == 0 || p.formula.text != "" {
		return
	}
	way := pick(c.r, "kind", ways)
	if first && !way.to.Integer() && way.to != schema.KindString {
		return
	}
	scale, precision := p.Scale, p.Precision
	p.shape(c.r, c.d, way.to)
	p.Size, p.Enum = 0, nil
	if way.to == schema.KindDecimal {
		p.Scale, p.Precision = scale, min(max(precision, 4)+rapid.IntRange(1, 4).Draw(c.r, "digits"), 38)
	}
	if p.Default != "" {
		p.Default = p.aDefault(c.r, c.d)
	}
	c.converted[p.Name] = c.converted[p.Name] || !way.same
}

func (c *change) nullability() {
	p := c.any(1)
	p.Nullable, p.Backfill = !p.Nullable, ""
	if !p.Nullable && rapid.Bool().Draw(c.r, "backfill") && p.Kind != schema.KindInvalid {
		p.Backfill = pick(c.r, "backfill", literals(c.d, &p.Column))
	}
}

func (c *change) defaults() {
	p := c.any(1)
	if p.Default == "" && p.Kind != schema.KindInvalid {
		p.Default = p.aDefault(c.r, c.d)
	} else {
		p.Default = ""
	}
}

// size makes a text or bytes column wider, narrower or boundless.
func (c *change) size() {
	p := c.any(1)
	switch {
	case len(p.Enum) > 0 || p.formula.text != "":
	case p.Kind == schema.KindString:
		p.Size = rapid.SampledFrom([]int{5, 0, 8, 20, 30}).Draw(c.r, "size")
	case p.Kind == schema.KindBytes:
		p.Size = rapid.SampledFrom([]int{16, 0, 20}).Draw(c.r, "size")
	}
	p.fitDefault(c.r, c.d)
}

// fitDefault draws another default where there is one that may not fit any more.
func (p *part) fitDefault(r *rapid.T, d dialect.Dialect) {
	if p.Backfill != "" {
		p.Backfill = pick(r, "backfill", literals(d, &p.Column))
	}
	if p.Default != "" {
		p.Default = p.aDefault(r, d)
	}
}

// enum lets more words into a column, or fewer, or all.
func (c *change) enum() {
	p := c.any(1)
	if p.Kind != schema.KindString || p.Size > 0 || p.formula.text != "" {
		return
	}
	p.Enum = slices.Clone(enumWords[:rapid.SampledFrom([]int{5, 4, 3, 0, 2, 1}).Draw(c.r, "words")])
	p.fitDefault(c.r, c.d)
}

func (c *change) dropIndex() { c.indexes = without(c.r, c.indexes) }
func (c *change) dropCheck() { c.checks = without(c.r, c.checks) }
func (c *change) dropTie()   { c.ties = without(c.r, c.ties) }

// without takes one item away.
func without[V any](r *rapid.T, list []V) []V {
	if len(list) == 0 {
		return list
	}
	at := rapid.IntRange(0, len(list)-1).Draw(r, "which")
	return slices.Delete(slices.Clone(list), at, at+1)
}

// rename gives a column another name, in everything that speaks of it.
func (c *change) rename() {
	p := c.any(0)
	from, to := p.Name, c.name(c.r)
	if from == "" {
		return
	}
	if p.Name = to; p.Was == "" && c.before.column(from) != nil {
		p.Was = from
	}
	c.converted[to] = c.converted[from]
	put := func(list []string) []string {
		out := slices.Clone(list)
		for i := range out {
			if out[i] == from {
				out[i] = to
			}
		}
		return out
	}
	c.key = put(c.key)
	for i := range c.indexes {
		c.indexes[i].Columns = put(c.indexes[i].Columns)
	}
	for i := range c.checks {
		c.checks[i].over = put(c.checks[i].over)
	}
	for i := range c.columns {
		c.columns[i].formula.over = put(c.columns[i].formula.over)
	}
	for i := range c.ties {
		if c.ties[i].column == from {
			c.ties[i].column = to
		}
	}
}

// generated gives a computed column another formula or none, and a plain one a formula.
func (c *change) generated() {
	p := c.any(1)
	switch {
	case p.Kind == schema.KindInvalid || slices.Contains(c.key, p.Name):
	case p.formula.text == "" || rapid.Bool().Draw(c.r, "another"):
		p.Backfill = ""
		p.generate(c.r, c.blueprint)
		c.converted[p.Name] = c.converted[p.Name] || p.formula.text != ""
	default:
		p.formula, p.Generated = formula{}, ""
	}
}

func (c *change) comments() {
	text := pick(c.r, "comment", append([]string{""}, comments...))
	if one(c.r, 3, "of table") {
		c.comment = text
	} else {
		c.any(0).Comment = text
	}
}

func (c *change) newKey() {
	key := []string{c.columns[0].Name}
	switch other := c.any(1); {
	case !keyable(other):
	case one(c.r, 3, "alone"):
		key = []string{other.Name}
	case rapid.Bool().Draw(c.r, "first"):
		key = []string{other.Name, key[0]}
	default:
		key = append(key, other.Name)
	}
	c.key = key
}

func (c *change) auto() {
	c.columns[0].Auto = !c.columns[0].Auto
	if c.columns[0].Auto {
		c.key = []string{c.columns[0].Name}
	}
}
