package postgres

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// identifierLimit is NAMEDATALEN - 1, in bytes.
const identifierLimit = 63

// Grammar is how PostgreSQL spells things, and how models become DDL. It is pure, and its zero value is ready for use.
type Grammar struct{ dialect.Standard }

var (
	_ dialect.Grammar = Grammar{}
	_ dialect.Planner = Grammar{}
)

// FitName fits a name to 63 bytes.
func (Grammar) FitName(name string) string { return schema.FitName(name, identifierLimit) }

// Quote fits and quotes an identifier.
func (g Grammar) Quote(name string) string {
	return `"` + strings.ReplaceAll(g.FitName(name), `"`, `""`) + `"`
}

// QuoteTable quotes a table, without a schema where the namespace is empty.
func (g Grammar) QuoteTable(ref schema.Ref) string {
	if ref.Namespace == "" {
		return g.Quote(ref.Name)
	}
	return g.Quote(ref.Namespace) + "." + g.Quote(ref.Name)
}

// Placeholder is $n.
func (Grammar) Placeholder(n int) string { return "$" + strconv.Itoa(n) }

// NamespaceExpr resolves the empty namespace to current_schema(). It is never null.
func (Grammar) NamespaceExpr(placeholder string) string {
	return "coalesce(nullif(" + placeholder + "::text, ''), current_schema()::text, '')"
}

// ValueExpr casts a placeholder to the column's type without its modifiers: a cast to varchar(n) would cut and one to
// numeric(p,s) would round, where storing refuses or has been checked before.
func (Grammar) ValueExpr(c *schema.Column, placeholder string) string {
	return placeholder + "::" + baseType(c.Kind)
}

// DefaultExpr is the column's default as SQL. "Now" is that of the transaction, and a date's is the day in UTC.
func (Grammar) DefaultExpr(c *schema.Column) string {
	switch {
	case c.Default != schema.DefaultNow:
		return c.Default
	case c.Kind == schema.KindDate:
		return "(now() AT TIME ZONE 'UTC')::date"
	default:
		return "now()"
	}
}

// SelectExpr reads decimals and JSON as text, which loses nothing, and all else as it is.
func (g Grammar) SelectExpr(c *schema.Column) string {
	if c.Kind == schema.KindDecimal || c.Kind == schema.KindJSON {
		return g.Quote(c.Name) + "::text"
	}
	return g.Quote(c.Name)
}

// OrderExpr is the column itself: text by its bytes, even where a table that was found has another collation, and decimals
// in a form that the planner strips again, for the bare name in ORDER BY would mean SelectExpr's text.
func (g Grammar) OrderExpr(c *schema.Column) (expr string, ordered bool) {
	switch c.Kind {
	case schema.KindString:
		return g.Quote(c.Name) + ` COLLATE "C"`, true
	case schema.KindDecimal:
		return "CASE WHEN true THEN " + g.Quote(c.Name) + " END", true
	default:
		return g.Quote(c.Name), c.Kind != schema.KindJSON
	}
}

// OrderValueExpr is ValueExpr.
func (g Grammar) OrderValueExpr(c *schema.Column, placeholder string) string {
	return g.ValueExpr(c, placeholder)
}

// MatchExpr is LIKE, whose escape is the backslash.
func (Grammar) MatchExpr(column, placeholder string) string {
	return column + ` COLLATE "C" LIKE ` + placeholder + "::text"
}

// Pattern writes a LIKE pattern.
func (Grammar) Pattern(parts []dialect.PatternPart) string {
	var b strings.Builder
	for _, part := range parts {
		switch part.Wild {
		case dialect.Any:
			b.WriteByte('%')
		case dialect.Single:
			b.WriteByte('_')
		default:
			_, _ = patternEscaper.WriteString(&b, part.Literal)
		}
	}
	return b.String()
}

var patternEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Encoder gives dates as text, so that no session's time zone can have a say in them, and UUIDs as pgx's own type, which
// it knows also where it does not ask the server for types. Texts for a column with a size are kept from losing trailing
// spaces. pgx knows all other values.
func (Grammar) Encoder(c *schema.Column) func(value any) any {
	switch c.Kind {
	case schema.KindString:
		if c.Size > 0 {
			return overlong(c.Size)
		}
		return nil
	case schema.KindDate:
		return encodeDate
	case schema.KindUUID:
		return encodeUUID
	default:
		return nil
	}
}

// overlong makes a text that is longer than size end with something other than a space. Storing it in a varchar would cut
// spaces off silently, as the standard has it, and is refused so. Compared with texts that fit, it stands where it stood.
func overlong(size int) func(value any) any {
	return func(value any) any {
		text, ok := value.(string)
		if !ok || len(text) <= size || utf8.RuneCountInString(text) <= size {
			return value
		}
		return text + "."
	}
}

func encodeDate(value any) any {
	t, ok := value.(time.Time)
	if !ok {
		return value
	}
	if year := t.Year(); year <= 0 {
		return fmt.Sprintf("%04d-%s BC", 1-year, t.Format("01-02"))
	}
	return t.Format(time.DateOnly)
}

func encodeUUID(value any) any {
	if id, ok := value.([16]byte); ok {
		return pgtype.UUID{Bytes: id, Valid: true}
	}
	return value
}

// baseType is the type of a kind without length, precision and collation.
func baseType(k schema.Kind) string {
	switch k {
	case schema.KindBool:
		return "boolean"
	case schema.KindInt16:
		return "smallint"
	case schema.KindInt32:
		return "integer"
	case schema.KindInt64:
		return "bigint"
	case schema.KindFloat32:
		return "real"
	case schema.KindFloat64:
		return "double precision"
	case schema.KindBytes:
		return "bytea"
	case schema.KindTime:
		return "timestamptz"
	case schema.KindDate:
		return "date"
	case schema.KindUUID:
		return "uuid"
	case schema.KindDecimal:
		return "numeric"
	case schema.KindJSON:
		return "jsonb"
	default:
		return "text"
	}
}

// literal quotes a text, whatever standard_conforming_strings says.
func literal(text string) string {
	quoted := "'" + strings.ReplaceAll(text, "'", "''") + "'"
	if strings.Contains(text, `\`) {
		return "E" + strings.ReplaceAll(quoted, `\`, `\\`)
	}
	return quoted
}
