package mysql

import (
	"slices"
	"strings"
)

// token is one piece of what SHOW CREATE TABLE writes.
type token struct {
	text   string // canonical: names in double quotes, texts as the standard spells them
	name   string // of a name in quotes: the name itself
	value  string // of a text: the text itself
	quoted bool   // it is a name in quotes or a text
}

// word reports whether the token is a bare word, in capitals or not.
func (t token) word(w string) bool { return !t.quoted && strings.EqualFold(t.text, w) }

// tokens cuts text into pieces. In texts the server writes a backslash before what it means differently, whatever the
// session's mode; names are in double quotes in our sessions, and in backticks in others.
func tokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'':
			value, end := unescaped(text, i)
			out = append(out, token{text: quotedText(value), value: value, quoted: true})
			i = end
		case c == '"' || c == '`':
			name, end := unquoted(text, i)
			out = append(out, token{text: `"` + strings.ReplaceAll(name, `"`, `""`) + `"`, name: name, quoted: true})
			i = end
		case wordByte(c):
			end := i + 1
			for end < len(text) && (wordByte(text[end]) || text[end] == '.' && digit(c)) {
				end++
			}
			out = append(out, token{text: text[i:end]})
			i = end
		default:
			end := i + 1
			if end < len(text) && slices.Contains(twoBytes, text[i:end+1]) {
				end++
				if end < len(text) && text[i:end+1] == "<=>" {
					end++
				}
			}
			out = append(out, token{text: text[i:end]})
			i = end
		}
	}
	return out
}

// twoBytes are the operators that a space would cut in two.
var twoBytes = []string{"<=", ">=", "<>", "!=", "||", "&&", "<<", ">>", ":=", "->"}

func digit(c byte) bool { return '0' <= c && c <= '9' }

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c == '@' || digit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// unescaped reads the text in quotes that begins at i.
func unescaped(text string, i int) (value string, end int) {
	var b strings.Builder
	for i++; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'' && i+1 < len(text) && text[i+1] == '\'':
			i++
			b.WriteByte('\'')
		case c == '\'':
			return b.String(), i + 1
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(meant(text[i]))
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), len(text)
}

// meant is what a character behind a backslash stands for.
func meant(c byte) byte {
	switch c {
	case '0':
		return 0
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case 'b':
		return '\b'
	case 'Z':
		return 26
	}
	return c
}

// unquoted reads the name in quotes that begins at i.
func unquoted(text string, i int) (name string, end int) {
	quote := text[i]
	var b strings.Builder
	for i++; i < len(text); i++ {
		if text[i] == quote {
			if i+1 == len(text) || text[i+1] != quote {
				return b.String(), i + 1
			}
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String(), len(text)
}

// canonical joins tokens, outer brackets that enclose everything taken off.
func canonical(list []token) string {
	for len(list) > 1 && list[0].text == "(" && closing(list, 0) == len(list)-1 {
		list = list[1 : len(list)-1]
	}
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = t.text
	}
	return strings.Join(texts, " ")
}

// closing gives the position of the bracket that closes the one at i, or the end.
func closing(list []token, i int) int {
	depth := 0
	for ; i < len(list); i++ {
		if list[i].quoted {
			continue
		}
		switch list[i].text {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(list) - 1
}

// parts cuts a list at its outer commas.
func parts(list []token) [][]token {
	var out [][]token
	from := 0
	for i := 0; i < len(list); i++ {
		switch {
		case list[i].quoted:
		case list[i].text == "(":
			i = closing(list, i)
		case list[i].text == ",":
			out = append(out, list[from:i])
			from = i + 1
		}
	}
	return append(out, list[from:])
}
