package nodes_test

import (
	"cmp"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// refCond is a condition: a comparison of a column, or "and", "or", "not" of others. An empty operator says nothing.
type refCond struct {
	op     string
	column string
	values []any
	parts  []refCond
}

// refOrder is one term of an order.
type refOrder struct {
	column     string
	descending bool
}

// refQuery is what a reading method is asked for.
type refQuery struct {
	where         refCond
	order         []refOrder
	limit, offset int
	only          []string
	distinct      bool
	everything    bool // AllRows
	marked        bool // by a node of WithDeleted
}

// refTerm is one figure about a group.
type refTerm struct{ fn, column, as string }

// truth is what SQL has for it.
type truth int

const (
	no truth = iota - 1
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// compareValues orders values of a column; nulls are the largest.
func (t *refTable) compareValues(column string, a, b any) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	switch x := a.(type) {
	case int64:
		return cmp.Compare(x, b.(int64))
	case bool:
		return cmp.Compare(truthOf(x), truthOf(b.(bool)))
	case time.Time:
		return x.Compare(b.(time.Time))
	}
	if t.column(column).kind == schema.KindDecimal {
		x, _ := centsOf(a.(string))
		y, _ := centsOf(b.(string))
		return cmp.Compare(x, y)
	}
	return strings.Compare(a.(string), b.(string))
}

// holds says whether a condition holds for a row.
func (t *refTable) holds(c refCond, r record) truth {
	switch c.op {
	case "":
		return yes
	case "and", "or":
		out := map[string]truth{"and": yes, "or": no}[c.op]
		for _, part := range c.parts {
			if got := t.holds(part, r); c.op == "and" && got < out || c.op == "or" && got > out {
				out = got
			}
		}
		return out
	case "not":
		return -t.holds(c.parts[0], r)
	}
	v := r.of(c.column)
	switch {
	case c.op == "null":
		return truthOf(v == nil)
	case c.op == "notnull":
		return truthOf(v != nil)
	case c.op == "eq" && c.values[0] == nil:
		return truthOf(v == nil)
	case c.op == "ne" && c.values[0] == nil:
		return truthOf(v != nil)
	case c.op == "in" && len(c.values) == 0:
		return no
	case c.op == "nin" && len(c.values) == 0:
		return yes
	case v == nil:
		return unknown
	}
	return truthOf(t.meets(c, v))
}

// meets compares a value that is there.
func (t *refTable) meets(c refCond, v any) bool {
	order := func(i int) int { return t.compareValues(c.column, v, c.values[i]) }
	switch c.op {
	case "eq":
		return order(0) == 0
	case "ne":
		return order(0) != 0
	case "lt":
		return order(0) < 0
	case "lte":
		return order(0) <= 0
	case "gt":
		return order(0) > 0
	case "gte":
		return order(0) >= 0
	case "between":
		return order(0) >= 0 && order(1) <= 0
	case "in", "nin":
		for i := range c.values {
			if order(i) == 0 {
				return c.op == "in"
			}
		}
		return c.op == "nin"
	case "contains":
		return strings.Contains(v.(string), c.values[0].(string))
	case "prefix":
		return strings.HasPrefix(v.(string), c.values[0].(string))
	case "suffix":
		return strings.HasSuffix(v.(string), c.values[0].(string))
	case "like":
		return like([]rune(v.(string)), []rune(c.values[0].(string)))
	}
	panic("no operator " + c.op)
}

// like matches a text with an SQL pattern.
func like(text, pattern []rune) bool {
	if len(pattern) == 0 {
		return len(text) == 0
	}
	switch pattern[0] {
	case '%':
		return like(text, pattern[1:]) || len(text) > 0 && like(text[1:], pattern)
	case '_':
		return len(text) > 0 && like(text[1:], pattern[1:])
	case '\\':
		pattern = pattern[1:]
	}
	return len(text) > 0 && text[0] == pattern[0] && like(text[1:], pattern[1:])
}

// matching gives the places of the rows that a condition matches, marked ones only if they are to be seen.
func (t *refTable) matching(where refCond, marked bool) (places []int) {
	for i, r := range t.rows {
		if (marked || t.live(r)) && t.holds(where, r) == yes {
			places = append(places, i)
		}
	}
	return places
}

// sorted completes an order and sorts rows by it.
func (t *refTable) sorted(rows []record, q refQuery) {
	order := slices.Clone(q.order)
	last := t.key
	if q.distinct {
		last = q.only
	}
	for _, name := range last {
		if !slices.ContainsFunc(order, func(o refOrder) bool { return o.column == name }) {
			order = append(order, refOrder{name, len(q.order) > 0 && q.order[len(q.order)-1].descending})
		}
	}
	slices.SortFunc(rows, func(a, b record) int {
		for _, o := range order {
			c := t.compareValues(o.column, a.of(o.column), b.of(o.column))
			if o.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
}

// list gives the rows of a query without its limit and offset.
func (t *refTable) list(q refQuery) []record {
	rows := []record{}
	for _, at := range t.matching(q.where, q.marked) {
		rows = append(rows, maps.Clone(t.rows[at]))
	}
	t.sorted(rows, q)
	if len(q.only) == 0 {
		return rows
	}
	kept := []record{}
	for _, r := range rows {
		for _, c := range t.columns {
			if !slices.Contains(q.only, c.name) {
				r[c.name] = zeroOf(c)
			}
		}
		if q.distinct && slices.ContainsFunc(kept, func(k record) bool { return t.alike(k, r, q.only) }) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

// alike reports whether rows agree in some columns, nulls being alike.
func (t *refTable) alike(a, b record, columns []string) bool {
	return !slices.ContainsFunc(columns, func(name string) bool {
		return t.compareValues(name, a.of(name), b.of(name)) != 0
	})
}

// window is what limit and offset leave.
func window[V any](rows []V, limit, offset int) []V {
	rows = rows[min(offset, len(rows)):]
	if limit > 0 {
		rows = rows[:min(limit, len(rows))]
	}
	return rows
}

// aggregate gives one record for each group: its columns, and its terms by their names.
func (t *refTable) aggregate(q refQuery, by []string, terms []refTerm) []record {
	var groups [][]record
	rows := t.list(refQuery{where: q.where, marked: q.marked})
	for _, r := range rows {
		at := slices.IndexFunc(groups, func(g []record) bool { return t.alike(g[0], r, by) })
		if at < 0 {
			groups, at = append(groups, nil), len(groups)
		}
		groups[at] = append(groups[at], r)
	}
	if len(by) == 0 && len(groups) == 0 {
		groups = [][]record{{}}
	}
	slices.SortFunc(groups, func(a, b []record) int {
		for _, name := range by {
			if c := t.compareValues(name, a[0].of(name), b[0].of(name)); c != 0 {
				return c
			}
		}
		return 0
	})
	out := []record{}
	for _, g := range window(groups, q.limit, q.offset) {
		result := record{}
		for _, name := range by {
			result[name] = g[0].of(name)
		}
		for _, term := range terms {
			result[term.as] = t.figure(term, g)
		}
		out = append(out, result)
	}
	return out
}

// figure computes one term. Sums are whole numbers of cents, or of what the column counts.
func (t *refTable) figure(term refTerm, rows []record) any {
	if term.fn == "count" && term.column == "" {
		return int64(len(rows))
	}
	var values []any
	for _, r := range rows {
		if v := r.of(term.column); v != nil {
			values = append(values, v)
		}
	}
	order := func(a, b any) int { return t.compareValues(term.column, a, b) }
	switch {
	case term.fn == "count":
		return int64(len(values))
	case len(values) == 0:
		return nil
	case term.fn == "min":
		return slices.MinFunc(values, order)
	case term.fn == "max":
		return slices.MaxFunc(values, order)
	}
	decimal := t.column(term.column).kind == schema.KindDecimal
	sum, parts := int64(0), int64(len(values))
	for _, v := range values {
		n, whole := v.(int64)
		if !whole {
			n, _ = centsOf(v.(string))
		}
		sum += n
	}
	switch {
	case term.fn == "sum" && decimal:
		return decimalOf(sum)
	case term.fn == "sum":
		return sum
	case decimal:
		parts *= 100
	}
	average, _ := big.NewRat(sum, parts).Float64()
	return average
}
