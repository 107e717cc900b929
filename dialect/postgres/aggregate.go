package postgres

import "github.com/schemactor/schemactor/schema"

// SumExpr sums integers and decimals in numeric, which has room for all of them, and floats in double precision.
func (g Grammar) SumExpr(c *schema.Column) (parts []string, radix int64) {
	name := g.Quote(c.Name)
	switch {
	case c.Kind == schema.KindFloat32 || c.Kind == schema.KindFloat64:
		return []string{"sum(" + name + "::double precision)"}, 1
	case c.Kind == schema.KindDecimal:
		return []string{pointless("sum(" + name + ")")}, 1
	}
	return []string{"sum(" + name + ")::text"}, 1
}

// ExtremeExpr compares texts by their bytes, and what PostgreSQL has no min and max of as text of the same order.
func (g Grammar) ExtremeExpr(c *schema.Column, greatest bool) (expr string, ok bool) {
	name, fn := g.Quote(c.Name), "min("
	if greatest {
		fn = "max("
	}
	switch c.Kind {
	case schema.KindBool, schema.KindJSON:
		return "", false
	case schema.KindString:
		return fn + name + ` COLLATE "C")`, true
	case schema.KindUUID:
		return fn + name + `::text COLLATE "C")`, true
	case schema.KindBytes:
		return "decode(" + fn + "encode(" + name + `, 'hex') COLLATE "C"), 'hex')`, true
	case schema.KindDecimal:
		return pointless(fn + name + ")"), true
	}
	return fn + name + ")", true
}

// pointless is a decimal's digits without the point. All values of a column have equally many behind it, and so their sum.
func pointless(expr string) string { return "replace((" + expr + ")::text, '.', '')" }
