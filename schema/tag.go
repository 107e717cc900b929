package schema

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tagOption is one option of a schema tag: a name, and a value where there is an equals sign.
type tagOption struct {
	name     string
	value    string
	hasValue bool
}

// parseTag takes a schema tag apart. Options are separated by commas; a comma inside brackets or quotes does not
// separate. Quotes stay on: to SQL they mean something. What is wrong with one option does not hide the others; where
// brackets or quotes stay open there are none.
func parseTag(text string) (options []tagOption, faults []error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	parts, err := split(text, ',')
	if err != nil {
		return nil, []error{err}
	}
	for _, part := range parts {
		name, value, hasValue := strings.Cut(part, "=")
		o := tagOption{name: strings.TrimSpace(name), value: strings.TrimSpace(value), hasValue: hasValue}
		switch {
		case o.name == "" && hasValue:
			faults = append(faults, errors.New("a value without an option's name"))
		case o.name == "":
			faults = append(faults, errors.New("a comma too many"))
		default:
			options = append(options, o)
		}
	}
	return options, faults
}

// split cuts a text at the separators that stand outside of brackets and quotes. A quote within a word opens nothing.
func split(text string, separator byte) ([]string, error) {
	var parts []string
	depth, start := 0, 0
	var quote byte // the quote that is open, or 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0:
			if c == quote { // a doubled quote closes and opens again
				quote = 0
			}
		case (c == '\'' || c == '"') && !inWord(text[:i]):
			quote = c
		case c == '(':
			depth++
		case c == ')':
			if depth--; depth < 0 {
				return nil, errors.New("a closing bracket that nothing opened")
			}
		case c == separator && depth == 0:
			parts, start = append(parts, text[start:i]), i+1
		}
	}
	switch {
	case quote != 0:
		return nil, fmt.Errorf("an open %c quote", quote)
	case depth > 0:
		return nil, errors.New("an open bracket")
	}
	return append(parts, text[start:]), nil
}

// inWord reports whether a text ends in a word, where a quote is an apostrophe, as in it's, or follows a prefix, as in
// x'00'.
func inWord(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

// unquote takes the quotes off a value that is quoted as a whole; a doubled quote in it is one.
func unquote(value string) string {
	if len(value) < 2 || value[0] != '\'' && value[0] != '"' || value[len(value)-1] != value[0] {
		return value
	}
	quote, inner := value[:1], value[1:len(value)-1]
	if strings.Contains(strings.ReplaceAll(inner, quote+quote, ""), quote) {
		return value
	}
	return strings.ReplaceAll(inner, quote+quote, quote)
}

// overlooked tells what a struct tag says to this package and reflect does not see: Go takes a tag in the wrong form,
// as schema: "pk" with a space, for no tag at all, and of two with one key the first. It is empty where all is well.
func overlooked(tag reflect.StructTag) string {
	seen := map[string]bool{}
	for rest := strings.TrimLeft(string(tag), " "); rest != ""; rest = strings.TrimLeft(rest, " ") {
		key, after, found := strings.Cut(rest, ":")
		value, err := strconv.QuotedPrefix(after)
		if !found || key == "" || strings.ContainsAny(key, " \"\t\n,;") || err != nil || after[0] != '"' {
			return malformed(rest)
		}
		if (key == "db" || key == "schema") && seen[key] {
			return "two " + key + " tags"
		}
		seen[key], rest = true, after[len(value):]
	}
	return ""
}

// malformed leaves the tags of others alone.
func malformed(rest string) string {
	for _, word := range strings.FieldsFunc(rest, func(r rune) bool { return strings.ContainsRune(" \t\n,;", r) }) {
		for _, key := range []string{"db", "schema"} {
			if after, ok := strings.CutPrefix(word, key); ok && (after == "" || strings.ContainsAny(after[:1], `:="`)) {
				return fmt.Sprintf(`the struct tag is not in Go's form, %s:"…" with spaces between, and would be overlooked`, key)
			}
		}
	}
	return ""
}

// TagError is one fault of a struct or of the options beside it. It matches ErrInvalid.
type TagError struct {
	Type   string // the Go type
	Field  string // the field, dotted through embedded structs; empty for what concerns the whole table
	Tag    string // the field's struct tag as it is written; may be empty
	Reason string
}

// Error names type, field, tag and reason.
func (e *TagError) Error() string {
	text := e.Type
	if e.Field != "" {
		text += "." + e.Field
	}
	if e.Tag != "" {
		text += fmt.Sprintf(" `%s`", e.Tag)
	}
	return text + ": " + e.Reason
}

// Is matches ErrInvalid.
func (e *TagError) Is(target error) bool { return target == ErrInvalid }
