package nodes_test

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// zeroTime is what a row brings along where the time is to be filled in, longAgo what it may bring along instead.
func zeroTime() time.Time { return time.Time{} }

func longAgo() time.Time { return time.Date(1999, 12, 31, 23, 59, 59, 123456000, time.UTC) }

// query draws what a method is asked for.
func (d dice) query(t *refTable, kind string) (q refQuery) {
	q.where = d.cond(t, 2)
	switch kind {
	case "bulk update", "bulk delete", "bulk purge":
		if kind != "bulk update" { // or too little would be left
			q.where = refCond{op: "and", parts: []refCond{q.where, d.cond(t, 0), d.cond(t, 0)}}
		}
		if d.rarely(12) {
			q.where = refCond{}
			q.everything = d.rarely(3)
		}
		return q
	}
	if d.rarely(4) {
		q.where = refCond{}
	}
	q.marked = d.rarely(3)
	if kind != "page" {
		q.offset = one(d, 0, 0, 0, 1, 3)
	}
	q.limit = one(d, 0, 0, 1, 2, 3, 5)
	every := t.names(func(refColumn) bool { return true })
	if kind == "aggregate" {
		return q
	}
	if d.rarely(3) {
		q.only = some(d, 1, 3, every)
		q.distinct = kind != "page" && d.rarely(2)
	}
	if q.distinct {
		every = q.only
	}
	for _, name := range some(d, 0, 2, every) {
		q.order = append(q.order, refOrder{name, d.rarely(2)})
	}
	return q
}

// cond draws a condition so many levels deep.
func (d dice) cond(t *refTable, depth int) refCond {
	if depth == 0 || d.rarely(2) {
		return d.comparison(t)
	}
	c := refCond{op: one(d, "and", "or", "not")}
	parts := 1 + d.IntN(3)
	if c.op == "not" {
		parts = 1
	}
	for range parts {
		c.parts = append(c.parts, d.cond(t, depth-1))
	}
	return c
}

// comparison draws a condition on one column.
func (d dice) comparison(t *refTable) refCond {
	column := one(d, t.columns...)
	value := func() any {
		if column.kind == schema.KindTime {
			return one(d, longAgo(), longAgo().AddDate(100, 0, 0), longAgo().AddDate(-1, 0, 0))
		}
		for {
			r := d.row(t.name, false)
			if v := r[column.name]; v != nil && !t.invalid(record{column.name: v}) {
				if _, relative := v.(drift); relative {
					v = int64(1 + d.IntN(3))
				}
				return v
			}
		}
	}
	operators := []string{"eq", "ne", "in", "nin", "null", "notnull"}
	if column.kind != schema.KindBool {
		operators = append(operators, "lt", "lte", "gt", "gte", "between")
	}
	if column.kind == schema.KindString {
		operators = append(operators, "contains", "prefix", "suffix", "like", "like")
	}
	c := refCond{op: one(d, operators...), column: column.name}
	switch c.op {
	case "null", "notnull":
	case "in", "nin":
		for range d.IntN(4) {
			c.values = append(c.values, value())
		}
	case "between":
		c.values = []any{value(), value()}
	case "contains", "prefix", "suffix":
		c.values = []any{one(d, "a", "", "%", "_", "é", `\`, "b_", "z")}
	case "like":
		c.values = []any{one(d, "%", "a%", "_", "%é", `a\%`, `\\`, `%\_`, "_!", "z%z", "")}
	default:
		c.values = []any{value()}
		if (c.op == "eq" || c.op == "ne") && d.rarely(5) {
			c.values = []any{nil}
		}
	}
	return c
}

// aggregateOf performs an Aggregate.
func aggregateOf[T any, K comparable](
	ctx context.Context, node *nodes.Node[T, K], q nodes.Query, m move,
) ([]record, error) {
	var terms []nodes.Term
	for _, term := range m.terms {
		given := nodes.Term{Func: dialect.Func(term.fn), Column: term.column}
		if given.Label() != term.as {
			given = given.As(term.as)
		}
		terms = append(terms, given)
	}
	groups, err := node.Aggregate(ctx, q, m.by, terms...)
	out := []record{}
	for _, group := range groups {
		out = append(out, record(group))
	}
	return out, err
}
