package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

const (
	// keyText is how many characters a text without a size has where it stands in a key, and keyBytes how many bytes do: three
	// such columns fit into one. They are lengths that people do not ask for, so that the catalogue tells which is which.
	keyText  = 254
	keyBytes = 1016
	// keyLimit is how many bytes all columns of a key may take together.
	keyLimit = 3072
	// longestText and longestBytes are the largest sizes that are part of a type, for all columns of a row together have
	// 65,535 bytes. Beyond them the size is a check.
	longestText  = 1000
	longestBytes = 4000
)

// keyed reports whether a column stands in a key that holds its values whole: the primary one, a unique index, or a foreign key.
// Other indexes hold the beginning of a long text.
func keyed(t *schema.Table, name string) bool {
	if slices.Contains(t.KeyNames(), name) {
		return true
	}
	if slices.ContainsFunc(t.Indexes(), func(ix schema.Index) bool { return ix.Unique && slices.Contains(ix.Columns, name) }) {
		return true
	}
	return slices.ContainsFunc(t.ForeignKeys(), func(fk schema.ForeignKey) bool { return slices.Contains(fk.Columns, name) })
}

// columnType is a column's type in DDL.
func columnType(t *schema.Table, c *schema.Column) string {
	switch c.Kind {
	case schema.KindBool:
		return "tinyint(1)"
	case schema.KindInt16:
		return "smallint"
	case schema.KindInt32:
		return "int"
	case schema.KindInt64:
		return "bigint"
	case schema.KindFloat32:
		return "float"
	case schema.KindFloat64:
		return "double"
	case schema.KindBytes:
		return sized(t, c, "varbinary", "longblob", longestBytes, keyBytes)
	case schema.KindTime:
		return "datetime(6)"
	case schema.KindDate:
		return "date"
	case schema.KindUUID:
		return "binary(16)"
	case schema.KindDecimal:
		return fmt.Sprintf("decimal(%d,%d)", c.Precision, c.Scale)
	case schema.KindJSON:
		return "json"
	default:
		return sized(t, c, "varchar", "longtext", longestText, keyText)
	}
}

// sized is the type of a text or of bytes: a short one with its size, or the boundless one, which no key takes.
func sized(t *schema.Table, c *schema.Column, short, long string, longest, inKey int) string {
	switch {
	case c.Size > 0 && c.Size <= longest:
		return fmt.Sprintf("%s(%d)", short, c.Size)
	case keyed(t, c.Name):
		return fmt.Sprintf("%s(%d)", short, inKey)
	}
	return long
}

// boundless reports whether a type is one of which an index holds the beginning.
func boundless(kind string) bool { return strings.HasPrefix(kind, "longtext") || kind == "longblob" }

// beginning is what stands behind a column of such a type in an index.
func beginning(kind string) string {
	switch {
	case kind == "longblob":
		return fmt.Sprintf("(%d)", keyBytes)
	case boundless(kind):
		return fmt.Sprintf("(%d)", keyText)
	}
	return ""
}

// width is how many bytes a column takes in a key.
func width(c *schema.Column) int {
	switch c.Kind {
	case schema.KindBool:
		return 1
	case schema.KindInt16:
		return 2
	case schema.KindInt32, schema.KindFloat32:
		return 4
	case schema.KindDate:
		return 3
	case schema.KindUUID:
		return 16
	case schema.KindDecimal:
		return (c.Precision + 1) / 2
	case schema.KindBytes:
		if c.Size > 0 {
			return c.Size
		}
		return keyBytes
	case schema.KindString:
		if c.Size > 0 {
			return 4 * c.Size
		}
		return 4 * keyText
	case schema.KindJSON:
		return keyLimit + 1
	default:
		return 8
	}
}

// keyFaults names the keys that are wider than the server takes. Of a text without a size an index that is not unique holds the
// beginning.
func (g Grammar) keyFaults(t *schema.Table) []string {
	var out []string
	look := func(what string, names []string, begins bool) {
		total, widest, most := 0, "", 0
		for _, name := range names {
			at, ok := t.Column(name)
			if !ok {
				continue
			}
			c := t.Columns()[at]
			if begins && boundless(columnType(t, &c)) {
				c.Size = 0
			}
			wide := width(&c)
			if total += wide; wide > most {
				widest, most = name, wide
			}
		}
		if total > keyLimit {
			out = append(out, fmt.Sprintf("%s over %q takes %d bytes, and a key has %d: column %q alone takes %d, give it a smaller size",
				what, names, total, keyLimit, widest, most))
		}
	}
	look("the primary key", t.KeyNames(), false)
	for _, ix := range t.Indexes() {
		look(fmt.Sprintf("the index %q", g.FitName(schema.IndexName(t.Ref(), ix))), ix.Columns, !ix.Unique)
	}
	for _, fk := range t.ForeignKeys() {
		look("the foreign key", fk.Columns, false)
	}
	return out
}
