package sqlite

import (
	"errors"
	"slices"
	"strings"
)

// errUnread is what comes of a text that is not the CREATE TABLE that SQLite itself would take.
var errUnread = errors.New("the text of CREATE TABLE cannot be read")

// definitionReader goes through the pieces of a CREATE TABLE text.
type definitionReader struct {
	text string
	list []token
	at   int
	bad  bool
}

// readDefinition takes a CREATE TABLE text apart, as the catalogue keeps it.
func readDefinition(text string) (*definition, error) {
	r := &definitionReader{text: text, list: tokens(text)}
	if !r.skip("create", "table") {
		return nil, errUnread
	}
	d := &definition{name: bare(r.spelled())}
	if !r.is("(") {
		return nil, errUnread
	}
	end := closing(r.list, r.at)
	options := r.list[end:]
	r.list = r.list[:end]
	r.at++
	for !r.bad && r.at < len(r.list) {
		if len(d.columns) > 0 && r.word("constraint", "primary", "unique", "check", "foreign") {
			d.constraints = append(d.constraints, r.clause(false))
			r.skip(",")
			continue
		}
		d.columns = append(d.columns, r.column())
		if r.at < len(r.list) && !r.skip(",") {
			r.bad = true
		}
	}
	for i, t := range options {
		d.strict = d.strict || t.text == "strict"
		d.rowless = d.rowless || t.text == "without" && i+1 < len(options) && options[i+1].text == "rowid"
	}
	if r.bad || len(d.columns) == 0 || options[0].text != ")" {
		return nil, errUnread
	}
	return d, nil
}

// is reports whether the next piece is a sign.
func (r *definitionReader) is(sign string) bool {
	return r.at < len(r.list) && r.list[r.at].text == sign
}

// word reports whether the next piece is one of some bare words.
func (r *definitionReader) word(words ...string) bool {
	return r.at < len(r.list) && r.list[r.at].word && slices.Contains(words, r.list[r.at].text)
}

// skip goes over words or signs if all of them come next.
func (r *definitionReader) skip(pieces ...string) bool {
	for i, p := range pieces {
		at := r.at + i
		if at >= len(r.list) || r.list[at].text != p || wordByte(p[0]) && !r.list[at].word {
			return false
		}
	}
	r.at += len(pieces)
	return true
}

// need is skip for what must come.
func (r *definitionReader) need(pieces ...string) {
	if !r.skip(pieces...) {
		r.bad = true
	}
}

// spelled takes the next piece as it is written.
func (r *definitionReader) spelled() string {
	if r.at >= len(r.list) {
		r.bad = true
		return ""
	}
	t := r.list[r.at]
	r.at++
	return r.text[t.from:t.to]
}

// since gives the text from a piece to the one before the present.
func (r *definitionReader) since(from int) string {
	if from >= r.at || r.at > len(r.list) {
		return ""
	}
	return r.text[r.list[from].from:r.list[r.at-1].to]
}

// group takes what is in brackets.
func (r *definitionReader) group() []token {
	if !r.is("(") {
		r.bad = true
		return nil
	}
	from, end := r.at, closing(r.list, r.at)
	r.at = end + 1
	if r.list[end].text != ")" {
		r.bad = true
		return nil
	}
	return r.list[from+1 : end]
}

// leading gives the first name of each item of a list.
func leading(list []token, text string) (out []string) {
	first := true
	for i := 0; i < len(list); i++ {
		switch t := list[i]; {
		case t.text == ",":
			first = true
		case t.text == "(":
			i = closing(list, i)
			first = false
		case first:
			out = append(out, fold(bare(text[t.from:t.to])))
			first = false
		}
	}
	return out
}

// clauseWords begin a column's clauses.
var clauseWords = []string{
	"constraint", "primary", "not", "null", "unique", "check", "default", "collate", "references", "as", "deferrable",
}

func (r *definitionReader) column() *columnText {
	c := &columnText{spelled: r.spelled()}
	c.name = bare(c.spelled)
	from := r.at
	for r.at < len(r.list) && !r.is(",") && !r.word(clauseWords...) && !r.computed() {
		if r.is("(") {
			r.group()
			break
		}
		r.at++
	}
	c.class = r.since(from)
	for !r.bad && r.at < len(r.list) && !r.is(",") {
		c.clauses = append(c.clauses, r.clause(true))
	}
	return c
}

// computed reports whether GENERATED ALWAYS comes, which without its second word may be part of a type.
func (r *definitionReader) computed() bool {
	return r.word("generated") && r.at+1 < len(r.list) && r.list[r.at+1].text == "always"
}

// clause takes one clause of a column, or a constraint of the table.
func (r *definitionReader) clause(column bool) clause {
	var c clause
	if r.skip("constraint") {
		c.label = r.spelled()
	}
	from := r.at
	switch {
	case r.skip("primary", "key"):
		c.kind = primaryKey
		r.columnList(&c, column)
		if column && !r.skip("asc") {
			r.skip("desc")
		}
		r.conflict()
		c.auto = c.auto || column && r.skip("autoincrement")
	case r.skip("unique"):
		c.kind = uniqueKey
		r.columnList(&c, column)
		r.conflict()
	case r.skip("check"):
		c.kind = checkClause
		c.expr = canonical(r.group())
		r.conflict()
	case !column && r.skip("foreign", "key"):
		c.kind = references
		c.columns = leading(r.group(), r.text)
		r.reference(&c)
	case column:
		r.columnClause(&c)
	default:
		c.kind = labelOnly
		r.bad = r.bad || c.label == ""
	}
	c.text = r.since(from)
	return c
}

// columnClause takes the clauses that only columns have.
func (r *definitionReader) columnClause(c *clause) {
	switch {
	case r.skip("not", "null"):
		c.kind = notNull
		r.conflict()
	case r.skip("null"):
		c.kind = nullable
		r.conflict()
	case r.skip("default"):
		c.kind = defaulted
		r.value()
	case r.skip("collate"):
		c.kind = collated
		r.spelled()
	case r.word("references"):
		c.kind = references
		r.reference(c)
	case r.deferral():
		c.kind = deferring
	case r.skip("generated", "always", "as"), r.skip("as"):
		c.kind = generated
		c.expr = canonical(r.group())
		if !r.skip("stored") {
			r.skip("virtual")
		}
	default:
		c.kind = labelOnly
		r.bad = r.bad || c.label == ""
	}
}

// columnList takes the columns of a table's PRIMARY KEY or UNIQUE.
func (r *definitionReader) columnList(c *clause, column bool) {
	if column {
		return
	}
	list := r.group()
	c.columns = leading(list, r.text)
	last := len(list) - 1
	c.auto = last > 0 && list[last].word && list[last].text == "autoincrement"
}

// conflict goes over ON CONFLICT.
func (r *definitionReader) conflict() {
	if r.skip("on", "conflict") {
		r.spelled()
	}
}

// value takes a default: brackets, a name, or a literal with or without a sign.
func (r *definitionReader) value() {
	if r.is("(") {
		r.group()
		return
	}
	if !r.skip("+") {
		r.skip("-")
	}
	for more := true; more && r.at < len(r.list); {
		t := r.list[r.at]
		r.at++
		more = r.at < len(r.list) && r.list[r.at].from == t.to && goesOn(t.text, r.list[r.at].text)
	}
}

// goesOn reports whether two neighbouring pieces are one literal: a number that was cut at its point or behind its
// exponent's e, or a blob.
func goesOn(left, right string) bool {
	last := left[len(left)-1]
	exponent := last == 'e' && (left[0] >= '0' && left[0] <= '9' || left == "e")
	switch {
	case left == "x":
		return right[0] == '\''
	case left == ".", left == "-", left == "+":
		return right[0] >= '0' && right[0] <= '9'
	default:
		return exponent && (right == "-" || right == "+")
	}
}

// reference takes REFERENCES and what belongs to it.
func (r *definitionReader) reference(c *clause) {
	r.need("references")
	c.target = fold(bare(r.spelled()))
	if r.is("(") {
		c.there = leading(r.group(), r.text)
	}
	c.actions = [2]string{"NO ACTION", "NO ACTION"}
	for !r.bad {
		switch {
		case r.skip("match"):
			r.spelled()
		case r.skip("on", "insert"):
			r.action()
		case r.skip("on", "delete"):
			c.actions[0] = r.action()
		case r.skip("on", "update"):
			c.actions[1] = r.action()
		case r.deferral():
		default:
			return
		}
	}
}

func (r *definitionReader) action() string {
	for _, a := range [][]string{{"set", "null"}, {"set", "default"}, {"no", "action"}, {"cascade"}, {"restrict"}} {
		if r.skip(a...) {
			return strings.ToUpper(strings.Join(a, " "))
		}
	}
	r.bad = true
	return ""
}

// deferral goes over [NOT] DEFERRABLE [INITIALLY …].
func (r *definitionReader) deferral() bool {
	if !r.skip("not", "deferrable") && !r.skip("deferrable") {
		return false
	}
	if r.skip("initially") {
		r.spelled()
	}
	return true
}
