package schema

import (
	"regexp"
	"slices"
	"strings"
)

// respell gives an expression with every identifier that names gives a new name for, and with quotes only where an
// identifier needs them, so that two spellings of one expression come out the same. Texts in quotes stay as they are.
func respell(text string, names map[string]string) string {
	var b strings.Builder
	eachPiece(text, func(piece, identifier string) {
		if identifier == "" {
			b.WriteString(piece)
			return
		}
		if to, ok := names[identifier]; ok {
			identifier = to
		}
		if !plainIdentifier(identifier) {
			identifier = `"` + strings.ReplaceAll(identifier, `"`, `""`) + `"`
		}
		b.WriteString(identifier)
	})
	return b.String()
}

// columnsIn lists the columns of either table that an expression mentions, sorted and joined.
func columnsIn(expr string, tables ...*Live) string {
	var found []string
	eachPiece(expr, func(_, identifier string) {
		for _, t := range tables {
			if _, ok := t.Column(identifier); ok && !slices.Contains(found, identifier) {
				found = append(found, identifier)
			}
		}
	})
	slices.Sort(found)
	return strings.Join(found, "\x00")
}

// Mentions reports whether a canonical expression names a column.
func Mentions(expr, column string) (found bool) {
	eachPiece(expr, func(_, identifier string) { found = found || identifier != "" && identifier == column })
	return found
}

// eachPiece cuts an expression into identifiers that may be columns, with or without quotes, and all else. identifier is
// empty for what is none: texts, numbers, functions, types and collations. Keywords count as identifiers.
func eachPiece(text string, piece func(text, identifier string)) {
	for i := 0; i < len(text); {
		end, identifier := i+1, ""
		switch c := text[i]; {
		case c == '\'':
			end = quoteEnd(text, i)
		case c == '"' || c == '`':
			end = quoteEnd(text, i)
			if name := strings.TrimSuffix(text[i+1:end], string(c)); !called(text[end:]) {
				identifier = strings.ReplaceAll(name, string(c)+string(c), string(c))
			}
		case strings.HasPrefix(text[i:], "::"):
			end = i + 2 + len(typeName.FindString(text[i+2:]))
		case identifierByte(c):
			for end < len(text) && identifierByte(text[end]) {
				end++
			}
			word := text[i:end]
			switch {
			case strings.EqualFold(word, "as") || strings.EqualFold(word, "collate"):
				end += len(typeName.FindString(text[end:]))
			case !digit(c) && !called(text[end:]): // letters may stand in a number, too
				identifier = word
			}
		}
		piece(text[i:end], identifier)
		i = end
	}
}

// typeName is what may follow a cast or a collation: a name, with its namespace, or one of the types of several words.
var typeName = regexp.MustCompile(`^\s*(?i:double precision|(?:character|bit) varying|time(?:stamp)?(?:\(\d+\))? with(?:out)? time zone|` +
	`(?:"(?:[^"]|"")*"|[\w$\x{80}-\x{10FFFF}]+)(?:\.(?:"(?:[^"]|"")*"|[\w$\x{80}-\x{10FFFF}]+))*)`)

// called reports whether what follows a name makes it a function or the prefix of a text, as in x'00'.
func called(rest string) bool {
	return strings.HasPrefix(rest, "'") || strings.HasPrefix(strings.TrimLeft(rest, " "), "(")
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// quoteEnd gives the position behind the quoted piece that begins at i; a doubled quote stands for itself.
func quoteEnd(text string, i int) int {
	quote := text[i]
	for i++; i < len(text); i++ {
		if text[i] == quote {
			if i+1 == len(text) || text[i+1] != quote {
				return i + 1
			}
			i++
		}
	}
	return len(text)
}

func identifierByte(c byte) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

func plainIdentifier(name string) bool {
	for i := range len(name) {
		if !identifierByte(name[i]) {
			return false
		}
	}
	return name != "" && (name[0] < '0' || name[0] > '9')
}
