package dialecttest

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
)

// truth is a value of SQL's logic, in the order in which And takes the least and Or the greatest.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// holds evaluates a condition on a row, by the rules of SQL and without any database.
func holds(row *die, columns []facet, c dialect.Cond) truth {
	switch c.Op {
	case dialect.OpNone:
		return yes
	case dialect.OpNot:
		return yes - holds(row, columns, c.Conds[0])
	case dialect.OpAnd:
		out := yes
		for _, part := range c.Conds {
			out = min(out, holds(row, columns, part))
		}
		return out
	case dialect.OpOr:
		out := no
		for _, part := range c.Conds {
			out = max(out, holds(row, columns, part))
		}
		return out
	}
	f := facetNamed(columns, c.Column)
	have, there := f.rank(row)
	switch {
	case c.Op == dialect.OpNull, c.Op == dialect.OpEq && c.Values[0] == nil:
		return truthOf(!there)
	case c.Op == dialect.OpNotNull, c.Op == dialect.OpNe && c.Values[0] == nil:
		return truthOf(there)
	case (c.Op == dialect.OpIn || c.Op == dialect.OpNotIn) && len(c.Values) == 0:
		return truthOf(c.Op == dialect.OpNotIn)
	case !there:
		return unknown
	}
	return truthOf(compares(f, c, have))
}

// compares evaluates a comparison with a value that is there, by the ranks of values in their column.
func compares(f facet, c dialect.Cond, have int) bool {
	ranks := make([]int, len(c.Values))
	for i, v := range c.Values {
		ranks[i] = slices.Index(f.domain, v)
	}
	switch c.Op {
	case dialect.OpEq:
		return have == ranks[0]
	case dialect.OpNe:
		return have != ranks[0]
	case dialect.OpLt:
		return have < ranks[0]
	case dialect.OpLe:
		return have <= ranks[0]
	case dialect.OpGt:
		return have > ranks[0]
	case dialect.OpGe:
		return have >= ranks[0]
	case dialect.OpBetween:
		return ranks[0] <= have && have <= ranks[1]
	case dialect.OpIn:
		return slices.Contains(ranks, have)
	case dialect.OpNotIn:
		return !slices.Contains(ranks, have)
	}
	text, piece := f.domain[have].(string), c.Values[0].(string)
	switch c.Op {
	case dialect.OpContains:
		return strings.Contains(text, piece)
	case dialect.OpPrefix:
		return strings.HasPrefix(text, piece)
	case dialect.OpSuffix:
		return strings.HasSuffix(text, piece)
	}
	panic("no such operator: " + c.Op)
}
