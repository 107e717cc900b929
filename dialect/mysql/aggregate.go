package mysql

import "github.com/schemactor/schemactor/schema"

// SumExpr sums integers and decimals exactly, in decimals of 65 digits, and floats in double precision.
func (g Grammar) SumExpr(c *schema.Column) (parts []string, radix int64) {
	name := g.Quote(c.Name)
	switch c.Kind {
	case schema.KindFloat32, schema.KindFloat64:
		return []string{"sum(CAST(" + name + " AS DOUBLE))"}, 1
	case schema.KindDecimal:
		return []string{pointless("sum(" + name + ")")}, 1
	}
	return []string{"CAST(sum(" + name + ") AS CHAR)"}, 1
}

// ExtremeExpr compares as the column's collation does.
func (g Grammar) ExtremeExpr(c *schema.Column, greatest bool) (expr string, ok bool) {
	name, fn := g.Quote(c.Name), "min("
	if greatest {
		fn = "max("
	}
	switch c.Kind {
	case schema.KindBool, schema.KindJSON:
		return "", false
	case schema.KindDecimal:
		return pointless(fn + name + ")"), true
	case schema.KindFloat32:
		return "CAST(" + fn + name + ") AS DOUBLE)", true
	}
	return fn + name + ")", true
}

// pointless is a decimal's digits without the point. All values of a column have equally many behind it, and so their sum.
func pointless(expr string) string { return "replace(CAST(" + expr + " AS CHAR), '.', '')" }
