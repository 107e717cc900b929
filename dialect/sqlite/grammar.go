package sqlite

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// How times and dates are stored: UTC, of fixed width, so that text order is time order and SQLite's own date functions
// read them.
const (
	timeLayout = "2006-01-02 15:04:05.000000"
	dateLayout = "2006-01-02"
)

// Grammar spells SQLite's SQL and plans its tables. It is pure; the zero value is ready for use.
type Grammar struct{ dialect.Standard }

var (
	_ dialect.Grammar = Grammar{}
	_ dialect.Planner = Grammar{}
)

// Name is "sqlite".
func (Grammar) Name() string { return "sqlite" }

// FitName gives the name as it is: SQLite has no limit.
func (Grammar) FitName(name string) string { return name }

// Quote quotes an identifier, by backticks: what stands in double quotes and is no column SQLite takes for a text, so
// that a missing column would go unnoticed.
func (Grammar) Quote(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

// QuoteTable quotes a table; there are no namespaces.
func (g Grammar) QuoteTable(ref schema.Ref) string { return g.Quote(ref.Name) }

// Placeholder is numbered, so that one value can stand in two places.
func (Grammar) Placeholder(n int) string { return fmt.Sprintf("?%d", n) }

// NamespaceExpr is the placeholder: there are no namespaces.
func (Grammar) NamespaceExpr(placeholder string) string { return placeholder }

// ValueExpr is the placeholder: values have types of their own.
func (Grammar) ValueExpr(_ *schema.Column, placeholder string) string { return placeholder }

// DefaultExpr gives the default. The clock and literals are spelled as the column's values are stored.
func (g Grammar) DefaultExpr(c *schema.Column) string {
	switch {
	case c.Default == schema.DefaultNow && c.Kind == schema.KindDate:
		return "(date('now'))"
	case c.Default == schema.DefaultNow:
		return "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))"
	case c.Kind == schema.KindBytes:
		return "(CAST((" + c.Default + ") AS BLOB))"
	}
	if text, ok := g.literal(c); ok {
		return "(" + text + ")"
	}
	return "(" + c.Default + ")"
}

// literal spells a default that is a plain value of a kind which SQLite keeps as text of one form.
func (g Grammar) literal(c *schema.Column) (text string, ok bool) {
	switch c.Kind {
	case schema.KindTime, schema.KindDate, schema.KindUUID, schema.KindDecimal:
	default:
		return "", false
	}
	inner := c.Default
	if n := len(inner); n > 1 && inner[0] == '\'' && inner[n-1] == '\'' {
		inner = inner[1 : n-1]
	}
	value, err := c.Coerce(inner)
	if err != nil {
		return "", false // an expression
	}
	if encode := g.Encoder(c); encode != nil {
		value = encode(value)
	}
	text, ok = value.(string)
	return "'" + text + "'", ok
}

// SelectExpr is the column.
func (g Grammar) SelectExpr(c *schema.Column) string { return g.Quote(c.Name) }

// maxExact is how many digits fit into a 64-bit integer.
const maxExact = 18

// OrderExpr is the column; of a decimal it is the number that its digits make without the point. Decimals of more
// digits than an integer holds have no order.
func (g Grammar) OrderExpr(c *schema.Column) (string, bool) {
	switch c.Kind {
	case schema.KindJSON:
		return g.Quote(c.Name), false
	case schema.KindDecimal:
		return unscaled(g.Quote(c.Name)), c.Precision <= maxExact
	default:
		return g.Quote(c.Name), true
	}
}

// OrderValueExpr does to a value what OrderExpr does to the column.
func (Grammar) OrderValueExpr(c *schema.Column, placeholder string) string {
	if c.Kind == schema.KindDecimal {
		return unscaled(placeholder)
	}
	return placeholder
}

func unscaled(expr string) string { return "CAST(replace(" + expr + ", '.', '') AS INTEGER)" }

// MatchExpr matches by GLOB, which heeds case.
func (Grammar) MatchExpr(column, placeholder string) string { return column + " GLOB " + placeholder }

// Pattern spells a pattern for GLOB.
func (Grammar) Pattern(parts []dialect.PatternPart) string {
	var b strings.Builder
	for _, p := range parts {
		switch p.Wild {
		case dialect.Any:
			b.WriteByte('*')
		case dialect.Single:
			b.WriteByte('?')
		default:
			for _, r := range p.Literal {
				if strings.ContainsRune("*?[", r) {
					b.WriteString("[" + string(r) + "]")
				} else {
					b.WriteRune(r)
				}
			}
		}
	}
	return b.String()
}

// Encoder spells times, dates and UUIDs as text, and truth as 0 and 1.
func (Grammar) Encoder(c *schema.Column) func(any) any {
	switch c.Kind {
	case schema.KindTime:
		return func(v any) any { return instantText(v.(time.Time)) }
	case schema.KindDate:
		return func(v any) any { return v.(time.Time).Format(dateLayout) }
	case schema.KindUUID:
		return func(v any) any { return uuidText(v.([16]byte)) }
	case schema.KindBool:
		return func(v any) any {
			if v.(bool) {
				return int64(1)
			}
			return int64(0)
		}
	default:
		return nil
	}
}

// instantText gives a time in timeLayout, which the standard library reads anew for each.
func instantText(t time.Time) string {
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return t.Format(timeLayout)
	}
	hour, minute, second := t.Clock()
	text := [len(timeLayout)]byte{4: '-', 7: '-', 10: ' ', 13: ':', 16: ':', 19: '.'}
	digits(text[0:4], year)
	digits(text[5:7], int(month))
	digits(text[8:10], day)
	digits(text[11:13], hour)
	digits(text[14:16], minute)
	digits(text[17:19], second)
	digits(text[20:26], t.Nanosecond()/1000)
	return string(text[:])
}

// digits fills to with the last digits of n.
func digits(to []byte, n int) {
	for i := len(to) - 1; i >= 0; i-- {
		to[i] = byte('0' + n%10)
		n /= 10
	}
}

func uuidText(id [16]byte) string {
	var text [36]byte
	at := 0
	for i, n := range []int{4, 2, 2, 2, 6} {
		if i > 0 {
			text[at] = '-'
			at++
		}
		start := []int{0, 4, 6, 8, 10}[i]
		at += hex.Encode(text[at:], id[start:start+n])
	}
	return string(text[:])
}
