package postgres

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.ArrayBinder = Grammar{}

// ArrayExpr takes an array in its binary form, and its text, which pgx sends in every query mode as it is.
func (Grammar) ArrayExpr(c *schema.Column, placeholder string) string {
	return placeholder + "::" + baseType(c.Kind) + "[]"
}

// Array writes an array of values as text.
func (Grammar) Array(_ *schema.Column, values []any) any {
	var b strings.Builder
	b.Grow(16 * len(values))
	b.WriteByte('{')
	for i, v := range values {
		if i > 0 {
			b.WriteByte(',')
		}
		writeElement(&b, v)
	}
	b.WriteByte('}')
	return b.String()
}

func writeElement(b *strings.Builder, value any) {
	switch v := value.(type) {
	case nil:
		b.WriteString("NULL")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
	case []byte:
		b.WriteString(`"\\x`)
		b.WriteString(hex.EncodeToString(v))
		b.WriteByte('"')
	case pgtype.UUID:
		b.WriteString(hex.EncodeToString(v.Bytes[:]))
	case time.Time:
		year, era := v.Year(), ""
		if year <= 0 {
			year, era = 1-year, " BC"
		}
		fmt.Fprintf(b, `"%04d-%s%s"`, year, v.Format("01-02 15:04:05.999999Z07:00"), era)
	case string:
		b.WriteByte('"')
		_, _ = elementEscaper.WriteString(b, v)
		b.WriteByte('"')
	default:
		fmt.Fprintf(b, `"%v"`, v)
	}
}

var elementEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
