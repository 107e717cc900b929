package dialect

import (
	"reflect"

	"github.com/schemactor/schemactor/schema"
)

const (
	// maxLevels bounds how deep conditions nest: SQLite refuses expressions deeper than 1,000 levels, and to it a chain
	// of n terms is n levels deep.
	maxLevels = 800
	// maxWidth is how many terms stand in a chain; more of them are written as a balanced tree.
	maxWidth = 8
	// maxPattern is the longest pattern in bytes: SQLite refuses patterns above 50,000 bytes, escapes included.
	maxPattern = 16_000
)

// comparisons are the operators that compare by the order of values.
var comparisons = map[Op]string{OpLt: " < ", OpLe: " <= ", OpGt: " > ", OpGe: " >= "}

// where writes the WHERE clause; rows that are marked deleted are hidden by it.
func (w *writer) where(c Cond) error {
	switch {
	case c.Op == OpNone && w.live == "":
		return w.bare(c)
	case c.Op == OpNone:
		w.write(" WHERE ", w.live)
		return w.bare(c)
	case w.live != "":
		w.write(" WHERE ", w.live, " AND ")
	default:
		w.write(" WHERE ")
	}
	return w.cond(c, 1)
}

// cond writes one condition, in brackets where it is more than one term.
func (w *writer) cond(c Cond, level int) error {
	if level > maxLevels {
		return w.fault("", "condition is nested too deep")
	}
	if err := w.own(c.Column, c.Model); err != nil {
		return err
	}
	switch c.Op {
	case OpNone, OpAnd, OpOr, OpNot:
		if err := w.bare(c); err != nil {
			return err
		}
		return w.logic(c, level)
	}
	low, high, ok := c.Op.operands()
	if !ok {
		return w.fault(clip(c.Column), "unknown operator %q", clip(string(c.Op)))
	}
	at, err := w.column(c.Column)
	if err != nil {
		return err
	}
	if len(c.Values) < low || len(c.Values) > high {
		return w.fault(c.Column, "operator %s does not take %d values", c.Op, len(c.Values))
	}
	if len(c.Conds) > 0 {
		return w.fault(c.Column, "operator %s does not take conditions", c.Op)
	}
	return w.compare(at, c)
}

// own refuses a column that says it is another struct's.
func (w *writer) own(column string, model reflect.Type) error {
	return w.located(foreign(w.table, column, model))
}

// bare refuses parts of a condition that its operator would pass over in silence.
func (w *writer) bare(c Cond) error {
	switch {
	case c.Column == "" && len(c.Values) == 0 && (c.Op != OpNone || len(c.Conds) == 0):
		return nil
	case c.Op == OpNone:
		return w.fault(clip(c.Column), "a condition without an operator")
	default:
		return w.fault(clip(c.Column), "operator %s takes neither column nor values", c.Op)
	}
}

// logic writes what is made of other conditions.
func (w *writer) logic(c Cond, level int) error {
	switch {
	case c.Op == OpAnd:
		return w.join(c.Conds, " AND ", "TRUE", level)
	case c.Op == OpOr:
		return w.join(c.Conds, " OR ", "FALSE", level)
	case c.Op == OpNone:
		w.write("TRUE")
		return nil
	case len(c.Conds) != 1:
		return w.fault("", "operator %s takes one condition, not %d", c.Op, len(c.Conds))
	}
	w.write("NOT (")
	if err := w.cond(c.Conds[0], level+1); err != nil {
		return err
	}
	w.write(")")
	return nil
}

// join writes conditions between brackets; none at all is the given constant.
func (w *writer) join(conds []Cond, word, none string, level int) error {
	switch n := len(conds); {
	case n == 0:
		w.write(none)
		return nil
	case n == 1:
		return w.cond(conds[0], level+1)
	case n > maxWidth:
		w.write("(")
		if err := w.join(conds[:n/2], word, none, level+1); err != nil {
			return err
		}
		w.write(word)
		if err := w.join(conds[n/2:], word, none, level+1); err != nil {
			return err
		}
		w.write(")")
		return nil
	}
	w.write("(")
	for i, c := range conds {
		if i > 0 {
			w.write(word)
		}
		if err := w.cond(c, level+len(conds)); err != nil {
			return err
		}
	}
	w.write(")")
	return nil
}

// compare writes a condition on one column.
func (w *writer) compare(at int, c Cond) error {
	column := &w.table.Columns()[at]
	name := w.columns[at].name
	switch c.Op {
	case OpNull:
		w.write(name, " IS NULL")
		return nil
	case OpNotNull:
		w.write(name, " IS NOT NULL")
		return nil
	case OpEq, OpNe:
		return w.equal(at, c)
	case OpIn, OpNotIn:
		return w.in(at, c)
	case OpLike, OpContains, OpPrefix, OpSuffix:
		if column.Kind != schema.KindString {
			return w.fault(c.Column, "operator %s is for text, not for kind %s", c.Op, column.Kind)
		}
		return w.match(at, c)
	case OpBetween:
		w.write("(")
		if err := w.ordered(at, c.Op, " >= ", c.Values[0]); err != nil {
			return err
		}
		w.write(" AND ")
		if err := w.ordered(at, c.Op, " <= ", c.Values[1]); err != nil {
			return err
		}
		w.write(")")
		return nil
	default:
		return w.ordered(at, c.Op, comparisons[c.Op], c.Values[0])
	}
}

// operand binds a value that is not null and gives its expression.
func (w *writer) operand(at int, op Op, value any, expr func(*schema.Column, string) string) (string, error) {
	v, err := w.coerce(at, value)
	if err != nil {
		return "", err
	}
	column := &w.table.Columns()[at]
	if v == nil {
		return "", w.fault(column.Name, "operator %s does not take null", op)
	}
	placeholder, err := w.bind(v)
	if err != nil {
		return "", err
	}
	return expr(column, placeholder), nil
}

func (w *writer) equal(at int, c Cond) error {
	v, err := w.coerce(at, c.Values[0])
	if err != nil {
		return err
	}
	name, negated := w.columns[at].name, c.Op == OpNe
	if v == nil {
		w.write(name, pick(negated, " IS NOT NULL", " IS NULL"))
		return nil
	}
	if err := w.identity(at, c.Op); err != nil {
		return err
	}
	placeholder, err := w.bind(v)
	if err != nil {
		return err
	}
	w.write(name, pick(negated, " <> ", " = "), w.grammar.ValueExpr(&w.table.Columns()[at], placeholder))
	return nil
}

func pick(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// identity refuses equality where the databases do not mean the same by it: one compares JSON documents by their
// content, another by their text.
func (w *writer) identity(at int, op Op) error {
	c := &w.table.Columns()[at]
	if c.Kind == schema.KindJSON {
		return w.fault(c.Name, "operator %s is not for kind %s, which can only be compared with null", op, c.Kind)
	}
	return nil
}

func (w *writer) in(at int, c Cond) error {
	if err := w.identity(at, c.Op); err != nil {
		return err
	}
	negated := c.Op == OpNotIn
	if len(c.Values) == 0 {
		w.write(pick(negated, "TRUE", "FALSE"))
		return nil
	}
	w.write(w.columns[at].name, pick(negated, " NOT IN (", " IN ("))
	for i, value := range c.Values {
		if i > 0 {
			w.write(", ")
		}
		expr, err := w.operand(at, c.Op, value, w.grammar.ValueExpr)
		if err != nil {
			return err
		}
		w.write(expr)
	}
	w.write(")")
	return nil
}

func (w *writer) ordered(at int, op Op, sign string, value any) error {
	if !w.columns[at].ordered {
		return w.unordered(&w.table.Columns()[at])
	}
	expr, err := w.operand(at, op, value, w.grammar.OrderValueExpr)
	w.write(w.columns[at].order, sign, expr)
	return err
}

func (w *writer) match(at int, c Cond) error {
	v, err := w.table.Columns()[at].Coerce(c.Values[0])
	text, ok := v.(string)
	switch {
	case err != nil:
		_, err = w.coerce(at, c.Values[0])
		return err
	case !ok:
		return w.fault(c.Column, "operator %s does not take null", c.Op)
	case len(text) > maxPattern:
		return w.fault(c.Column, "operator %s takes at most %d bytes of text", c.Op, maxPattern)
	}
	parts, ok := patternOf(c.Op, text)
	if !ok {
		return w.fault(c.Column, `pattern of operator %s ends with a lone backslash`, c.Op)
	}
	placeholder, err := w.bind(w.grammar.Pattern(parts))
	if err != nil {
		return err
	}
	w.write(w.grammar.MatchExpr(w.columns[at].name, placeholder))
	return nil
}
