package sqlite

import (
	"slices"
	"strings"
)

// token is one piece of SQL text.
type token struct {
	text string // canonical: words and plain quoted names in lower case
	word bool   // a bare word, which may be a keyword
	name string // of a word or a quoted name: the name itself, folded
	from int    // where it begins in the text
	to   int    // where it ends
}

// twoBytes are the operators that a space would cut in two.
var twoBytes = []string{"<=", ">=", "<>", "!=", "==", "||", "<<", ">>", "->"}

// tokens cuts SQL text into pieces; white space and comments go.
func tokens(text string) []token {
	var out []token
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case strings.HasPrefix(text[i:], "--"):
			i = after(text, i, "\n")
		case strings.HasPrefix(text[i:], "/*"):
			i = after(text, i+2, "*/")
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			i++
		case c == '\'':
			end := quoted(text, i, '\'')
			out = append(out, token{text: text[i:end], from: i, to: end})
			i = end
		case c == '"' || c == '`' || c == '[':
			closing := c
			if c == '[' {
				closing = ']'
			}
			end := quoted(text, i, closing)
			name := unquoted(text[i:end], closing)
			out = append(out, token{text: identifier(name), name: name, from: i, to: end})
			i = end
		case wordByte(c):
			end := i + 1
			for end < len(text) && (wordByte(text[end]) || text[end] == '.' && '0' <= c && c <= '9') {
				end++
			}
			word := fold(text[i:end])
			out = append(out, token{text: word, word: true, name: word, from: i, to: end})
			i = end
		default:
			end := i + 1
			if end < len(text) && slices.Contains(twoBytes, text[i:end+1]) {
				end++
			}
			out = append(out, token{text: text[i:end], from: i, to: end})
			i = end
		}
	}
	return out
}

func after(text string, from int, mark string) int {
	if at := strings.Index(text[from:], mark); at >= 0 {
		return from + at + len(mark)
	}
	return len(text)
}

// quoted gives the end of a quoted piece that begins at i; a doubled quote stands for itself.
func quoted(text string, i int, quote byte) int {
	for i++; i < len(text); i++ {
		if text[i] == quote {
			if quote != ']' && i+1 < len(text) && text[i+1] == quote {
				i++
				continue
			}
			return i + 1
		}
	}
	return len(text)
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// unquoted gives the name inside quotes, folded.
func unquoted(text string, closing byte) string {
	name := strings.TrimSuffix(text[1:], string(closing))
	if closing != ']' {
		name = strings.ReplaceAll(name, string(closing)+string(closing), string(closing))
	}
	return fold(name)
}

// identifier gives a name that needs no quotes as it is, and any other in double ones.
func identifier(name string) string {
	for i := range len(name) {
		if !wordByte(name[i]) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// canonical joins tokens, outer brackets that enclose everything taken off.
func canonical(list []token) string {
	for n := enclosing(list); n > 0; n-- {
		list = list[1 : len(list)-1]
	}
	texts := make([]string, len(list))
	for i, t := range list {
		texts[i] = t.text
	}
	return strings.Join(texts, " ")
}

// enclosing counts the outer brackets that enclose everything, in one pass however deep they are.
func enclosing(list []token) int {
	var open []int // where the brackets not yet closed stand
	inward := map[int]bool{}
	for i, t := range list {
		switch {
		case t.text == "(":
			open = append(open, i)
		case t.text == ")" && len(open) > 0:
			last := open[len(open)-1]
			open = open[:len(open)-1]
			inward[last] = last == len(list)-1-i
		}
	}
	n := 0
	for inward[n] {
		n++
	}
	return n
}

// closing gives the position of the bracket that closes the one at i, or the end.
func closing(list []token, i int) int {
	depth := 0
	for ; i < len(list); i++ {
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

// tableText is what only the text of CREATE TABLE tells.
type tableText struct {
	checks    []string
	generated map[string]string // by folded column name
	rowless   bool              // WITHOUT ROWID
	virtual   bool
}

// readTable reads the text of CREATE TABLE.
func readTable(text string) tableText {
	out := tableText{generated: map[string]string{}}
	list := tokens(text)
	out.virtual = len(list) > 1 && list[1].word && list[1].text == "virtual"
	start := 0
	for start < len(list) && list[start].text != "(" {
		start++
	}
	if start == len(list) {
		return out
	}
	end := closing(list, start)
	for i := end + 1; i+1 < len(list); i++ {
		out.rowless = out.rowless || list[i].text == "without" && list[i+1].text == "rowid"
	}
	list = list[:end]
	column, first := "", true
	for i := start + 1; i < len(list); i++ {
		t := list[i]
		switch {
		case t.text == ",":
			first = true
			continue
		case first:
			column, first = t.name, false
			if !t.word || t.text != "check" {
				continue
			}
		}
		opens := i+1 < len(list) && list[i+1].text == "("
		switch {
		case t.word && t.text == "check" && opens:
			end := closing(list, i+1)
			out.checks = append(out.checks, canonical(list[i+1:end+1]))
			i = end
		case t.word && t.text == "as" && opens:
			end := closing(list, i+1)
			out.generated[column] = canonical(list[i+1 : end+1])
			i = end
		case t.text == "(":
			i = closing(list, i)
		}
	}
	return out
}
