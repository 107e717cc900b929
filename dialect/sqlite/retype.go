package sqlite

import (
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// convert says how a column's values get another type. A backfill that names the column is the conversion. Otherwise
// values are cast where that loses nothing, which is looked at before; what has no such cast takes the backfill.
func (a *alteration) convert(c *schema.Column, have schema.LiveColumn) {
	former := a.old(c.Name)
	key := fold(former)
	named := len(mentions(c.Backfill, []string{c.Name, former})) > 0
	if c.Backfill != "" && (named || !castable(c.Kind, have.Type)) {
		a.values[key] = a.backfill(c)
		return
	}
	value, unfit := conversion(c, a.Quote(former))
	a.values[key] = value
	a.guard("SELECT 1 FROM "+a.source()+" WHERE "+a.Quote(former)+" IS NOT NULL AND ("+unfit+") LIMIT 1",
		"column %q: a value would be lost or changed as %s: give it a backfill that mentions the column", c.Name, c.Kind)
}

// castable reports whether values of a storage class can have equals of a kind at all.
func castable(kind schema.Kind, class string) bool {
	switch {
	case class == "BLOB":
		return false
	case kind == schema.KindBytes, kind == schema.KindTime, kind == schema.KindDate, kind == schema.KindUUID:
		return class == "TEXT" || class == "NUMERIC"
	}
	return true
}

// exact is how far whole numbers and floating-point ones are the same.
const exact = "BETWEEN -9007199254740992 AND 9007199254740992"

// conversion gives a column's value in another kind, and the condition under which it would not be the same value.
// The values' own classes decide: a table that is not STRICT may hold any of them.
func conversion(c *schema.Column, old string) (value, unfit string) {
	of := func(text string) string { return strings.ReplaceAll(text, "@", old) }
	class := storage[c.Kind]
	value = of("CAST(@ AS " + class + ")")
	switch c.Kind {
	case schema.KindBool, schema.KindInt16, schema.KindInt32, schema.KindInt64:
		unfit = of("typeof(@) = 'blob' OR typeof(@) = 'text' AND CAST(CAST(@ AS INTEGER) AS TEXT) <> CAST(@ AS TEXT) COLLATE BINARY" +
			" OR typeof(@) = 'real' AND (@ NOT " + exact + " OR CAST(@ AS INTEGER) <> @)" + outside(c.Kind))
	case schema.KindFloat32, schema.KindFloat64:
		unfit = of("typeof(@) = 'blob' OR typeof(@) = 'integer' AND @ NOT " + exact +
			" OR typeof(@) = 'text' AND CASE WHEN json_valid(@) THEN json_type(@) NOT IN ('integer', 'real') OR length(replace(@, '.', '')) > 15 ELSE 1 END")
	case schema.KindBytes:
		unfit = of("typeof(@) NOT IN ('blob', 'text')")
	case schema.KindDecimal:
		return decimal(c, of)
	case schema.KindString:
		unfit = of("typeof(@) = 'blob' OR typeof(@) = 'real' AND CAST(CAST(@ AS TEXT) AS REAL) <> @")
	case schema.KindJSON:
		unfit = of("typeof(@) = 'blob' OR NOT json_valid(CAST(@ AS TEXT)) OR typeof(@) = 'real' AND CAST(CAST(@ AS TEXT) AS REAL) <> @")
	default:
		unfit = of("typeof(@) <> 'text'")
	}
	return value, unfit
}

// outside is the condition under which a number is outside its kind.
func outside(kind schema.Kind) string {
	switch kind {
	case schema.KindBool:
		return " OR CAST(@ AS INTEGER) NOT IN (0, 1)"
	case schema.KindInt16:
		return " OR CAST(@ AS INTEGER) NOT BETWEEN -32768 AND 32767"
	case schema.KindInt32:
		return " OR CAST(@ AS INTEGER) NOT BETWEEN -2147483648 AND 2147483647"
	}
	return ""
}

// decimal spells numbers with as many digits behind the point as the column has.
func decimal(c *schema.Column, of func(string) string) (value, unfit string) {
	tail := ""
	if c.Scale > 0 {
		tail = " || '." + strings.Repeat("0", c.Scale) + "'"
	}
	text := fmt.Sprintf("CASE typeof(@) WHEN 'integer' THEN CAST(@ AS TEXT)%s WHEN 'real' THEN printf('%%.%df', @ + 0.0) ELSE @ END", tail, c.Scale)
	value = of(text)
	unfit = of(fmt.Sprintf("typeof(@) = 'blob' OR typeof(@) = 'real' AND (@ NOT %s OR CAST(%s AS REAL) <> @)"+
		" OR typeof(@) <> 'text' AND length(ltrim(replace(replace(%s, '-', ''), '.', ''), '0')) > %d", exact, text, text, c.Precision))
	return value, unfit
}
