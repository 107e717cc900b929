package mysql

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// identifierLimit is for bytes, though the server counts characters: a table's name is also that of a file, in which most
	// characters take five bytes.
	identifierLimit = 64

	timeLayout = "2006-01-02 15:04:05.000000"
)

// Grammar is how MariaDB spells things, and how models become DDL. It is pure, and its zero value is ready for use.
type Grammar struct{}

var (
	_ dialect.Grammar = Grammar{}
	_ dialect.Planner = Grammar{}
)

// Name is "mysql".
func (Grammar) Name() string { return "mysql" }

// FitName fits a name to 64 bytes. One that the server would not take as it is, for characters beyond the basic plane of
// Unicode or white space at an end, is told from others by a hash at its end.
func (Grammar) FitName(name string) string {
	if fit := strings.Map(basic, name); fit != name || name != strings.TrimFunc(name, blank) {
		// Long enough to get the hash of the name as it was.
		filler := strings.Repeat("_", max(0, identifierLimit+1-len(name)))
		tail := schema.FitName(name+filler, identifierLimit)
		tail = tail[strings.LastIndexByte(tail, '_'):]
		fit = strings.TrimFunc(fit, blank)
		for len(fit) > identifierLimit-len(tail) {
			_, size := utf8.DecodeLastRuneInString(fit)
			fit = fit[:len(fit)-size]
		}
		return strings.TrimLeftFunc(fit+tail, blank)
	}
	fit := schema.FitName(name, identifierLimit)
	return fit
}

// basic gives a character that may stand in a name.
func basic(r rune) rune {
	if r > 0xffff || r == utf8.RuneError || unicode.IsControl(r) {
		return '_'
	}
	return r
}

func blank(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// Quote fits and quotes an identifier.
func (g Grammar) Quote(name string) string {
	return `"` + strings.ReplaceAll(g.FitName(name), `"`, `""`) + `"`
}

// QuoteTable quotes a table; it is in the connection's own database.
func (g Grammar) QuoteTable(ref schema.Ref) string { return g.Quote(ref.Name) }

// Placeholder is numbered, so that one value can stand in two places; see compile.
func (Grammar) Placeholder(n int) string { return "?" + strconv.Itoa(n) }

// NamespaceExpr is the placeholder: there are no namespaces.
func (Grammar) NamespaceExpr(placeholder string) string { return placeholder }

// ValueExpr is the placeholder: values have types of their own.
func (Grammar) ValueExpr(_ *schema.Column, placeholder string) string { return placeholder }

var hexLiteral = regexp.MustCompile(`^[xX]'([0-9a-fA-F]*)'$`)

// DefaultExpr gives the default. The clock is that of UTC in every session. Bytes are spelled so that the catalogue, which is
// text, can say them.
func (g Grammar) DefaultExpr(c *schema.Column) string {
	switch {
	case c.Default == schema.DefaultNow && c.Kind == schema.KindDate:
		return "utc_date()"
	case c.Default == schema.DefaultNow:
		return "utc_timestamp(6)"
	case c.Kind == schema.KindBytes:
		if bytes := hexLiteral.FindStringSubmatch(c.Default); bytes != nil {
			return "unhex('" + strings.ToLower(bytes[1]) + "')"
		}
	case c.Kind == schema.KindTime, c.Kind == schema.KindDate, c.Kind == schema.KindUUID:
		if text, ok := g.literal(c); ok {
			return text
		}
	}
	return c.Default
}

// literal spells a default that is a plain value of a kind which has a form of its own here.
func (g Grammar) literal(c *schema.Column) (text string, ok bool) {
	inner := c.Default
	if n := len(inner); n > 1 && inner[0] == '\'' && inner[n-1] == '\'' {
		inner = inner[1 : n-1]
	}
	value, err := c.Coerce(inner)
	if err != nil {
		return "", false // an expression
	}
	switch value := g.Encoder(c)(value).(type) {
	case string:
		return quotedText(value), true
	case []byte:
		return "unhex('" + hex.EncodeToString(value) + "')", true
	}
	return "", false
}

// SelectExpr is the column. Of a float the server would write six digits only, so that it is read as the double it equals.
func (g Grammar) SelectExpr(c *schema.Column) string {
	if c.Kind == schema.KindFloat32 {
		return "CAST(" + g.Quote(c.Name) + " AS DOUBLE)"
	}
	return g.Quote(c.Name)
}

// OrderExpr is the column, whose collation goes by code points.
func (g Grammar) OrderExpr(c *schema.Column) (string, bool) {
	return g.Quote(c.Name), c.Kind != schema.KindJSON
}

// OrderValueExpr is the placeholder.
func (Grammar) OrderValueExpr(_ *schema.Column, placeholder string) string { return placeholder }

// OrderTerm orders by being null first, for nulls are the least values here.
func (Grammar) OrderTerm(expr string, nullable, descending bool) string {
	direction := ""
	if descending {
		direction = " DESC"
	}
	if !nullable {
		return expr + direction
	}
	return "(" + expr + " IS NULL)" + direction + ", " + expr + direction
}

// EmptyRow names no column and no value.
func (Grammar) EmptyRow() string { return " () VALUES ()" }

// Overwrite is ON DUPLICATE KEY UPDATE, for a table that has no unique key beside its primary one.
func (Grammar) Overwrite(_, columns []string) string {
	set := make([]string, len(columns))
	for i, name := range columns {
		set[i] = name + " = VALUES(" + name + ")"
	}
	return " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}

// ReadBack is where compile cuts the two apart: an UPDATE has no RETURNING here.
func (Grammar) ReadBack() string { return readBackMark }

// MatchExpr is LIKE with an escape that no setting of a session takes away.
func (Grammar) MatchExpr(column, placeholder string) string {
	return column + " LIKE " + placeholder + " ESCAPE '|'"
}

var patternEscaper = strings.NewReplacer("|", "||", "%", "|%", "_", "|_")

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

// Encoder spells times and dates as text, UUIDs as their bytes and truth as 0 and 1. Texts for a column with a size are kept
// from losing trailing spaces.
func (Grammar) Encoder(c *schema.Column) func(any) any {
	switch c.Kind {
	case schema.KindTime:
		return func(v any) any { return v.(time.Time).Format(timeLayout) }
	case schema.KindDate:
		return func(v any) any { return v.(time.Time).Format(time.DateOnly) }
	case schema.KindUUID:
		return func(v any) any { id := v.([16]byte); return id[:] }
	case schema.KindBool:
		return func(v any) any {
			if v.(bool) {
				return int64(1)
			}
			return int64(0)
		}
	case schema.KindString:
		if c.Size > 0 {
			return overlong(c.Size)
		}
	}
	return nil
}

// overlong makes a text that is longer than size end with something other than a space. Storing it in a varchar would cut
// spaces off silently, and is refused so. Compared with texts that fit, it stands where it stood.
func overlong(size int) func(value any) any {
	return func(value any) any {
		text, ok := value.(string)
		if !ok || len(text) <= size || utf8.RuneCountInString(text) <= size {
			return value
		}
		return text + "."
	}
}

// quotedText spells a text. In our sessions a backslash is a character like others.
func quotedText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (g Grammar) list(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = g.Quote(name)
	}
	return strings.Join(quoted, ", ")
}
