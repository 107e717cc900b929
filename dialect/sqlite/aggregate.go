package sqlite

import (
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

const (
	// halfWord is the radix in which integers are summed: neither half of 64 bits overflows before two billion rows.
	halfWord = 1 << 32
	// nineDigits is that of decimals.
	nineDigits = 1_000_000_000
	// widest is the most digits that a decimal has, filled up to a multiple of nine.
	widest = 45
)

// SumExpr sums what could overflow in parts. Floats are summed as SQLite does it.
func (g Grammar) SumExpr(c *schema.Column) (parts []string, radix int64) {
	name := g.Quote(c.Name)
	switch {
	case c.Kind == schema.KindFloat32 || c.Kind == schema.KindFloat64:
		return []string{"sum(" + name + ")"}, 1
	case c.Kind != schema.KindDecimal:
		return []string{"sum(" + name + " >> 32)", "sum(" + name + " & 4294967295)"}, halfWord
	case c.Precision <= maxExact:
		digits := unscaled(name)
		return []string{"sum(" + digits + " / 1000000000)", "sum(" + digits + " % 1000000000)"}, nineDigits
	}
	sign := "CASE substr(" + name + ", 1, 1) WHEN '-' THEN -1 ELSE 1 END"
	for at := 1; at < widest; at += 9 {
		nine := "substr(" + padded(name) + ", " + strconv.Itoa(at) + ", 9)"
		parts = append(parts, "sum(CAST("+nine+" AS INTEGER) * "+sign+")")
	}
	return parts, nineDigits
}

// ExtremeExpr compares decimals by their digits without the point: as numbers where these fit, and else as text of one
// length, those below zero apart.
func (g Grammar) ExtremeExpr(c *schema.Column, greatest bool) (expr string, ok bool) {
	name, fn, other := g.Quote(c.Name), "min(", "max("
	if greatest {
		fn, other = other, fn
	}
	switch {
	case c.Kind == schema.KindBool || c.Kind == schema.KindJSON:
		return "", false
	case c.Kind != schema.KindDecimal:
		return fn + name + ")", true
	case c.Precision <= maxExact:
		return fn + unscaled(name) + ")", true
	}
	negative := "substr(" + name + ", 1, 1) = '-'"
	below := "'-' || " + other + "CASE WHEN " + negative + " THEN " + padded(name) + " END)"
	above := fn + "CASE WHEN NOT " + negative + " THEN " + padded(name) + " END)"
	if greatest {
		return "coalesce(" + above + ", " + below + ")", true
	}
	return "coalesce(" + below + ", " + above + ")", true
}

// padded is a decimal's digits alone, with zeros in front.
func padded(name string) string {
	digits := "replace(replace(" + name + ", '.', ''), '-', '')"
	return "substr('" + strings.Repeat("0", widest) + "' || " + digits + ", -" + strconv.Itoa(widest) + ")"
}
