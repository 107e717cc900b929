package sqlite

import "strings"

// token is one piece of SQL text.
type token struct {
	text string // canonical: words and plain quoted names in lower case
	word bool   // a bare word, which may be a keyword
}

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
			out = append(out, token{text: text[i:end]})
			i = end
		case c == '"' || c == '`' || c == '[':
			closing := c
			if c == '[' {
				closing = ']'
			}
			end := quoted(text, i, closing)
			out = append(out, token{text: identifier(text[i:end], closing)})
			i = end
		case wordByte(c):
			end := i + 1
			for end < len(text) && (wordByte(text[end]) || text[end] == '.' && '0' <= c && c <= '9') {
				end++
			}
			out = append(out, token{text: fold(text[i:end]), word: true})
			i = end
		default:
			end := i + 1
			if end < len(text) && strings.Contains("<= >= <> != == || << >> ->", text[i:end+1]) && text[i:end+1] != "= " {
				end++
			}
			out = append(out, token{text: text[i:end]})
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

// identifier takes the quotes off a name that needs none, and gives all others double ones.
func identifier(text string, closing byte) string {
	name := strings.TrimSuffix(text[1:], string(closing))
	if closing != ']' {
		name = strings.ReplaceAll(name, string(closing)+string(closing), string(closing))
	}
	name = fold(name)
	for i := range len(name) {
		if !wordByte(name[i]) {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}

// canonical joins tokens, outer brackets that enclose everything taken off.
func canonical(list []token) string {
	for len(list) >= 2 && list[0].text == "(" && closing(list, 0) == len(list)-1 {
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
}

// readTable reads the text of CREATE TABLE.
func readTable(text string) tableText {
	out := tableText{generated: map[string]string{}}
	list := tokens(text)
	start := 0
	for start < len(list) && list[start].text != "(" {
		start++
	}
	column, first := "", true
	for i := start + 1; i < len(list); i++ {
		t := list[i]
		switch {
		case t.text == ",":
			first = true
			continue
		case first:
			column, first = strings.Trim(t.text, `"`), false
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
