package sqlite

import (
	"slices"
	"strings"
)

// definition is the text of CREATE TABLE taken apart, to be written again with changes. What is not changed keeps its
// words; comments between the pieces go.
type definition struct {
	name        string
	columns     []*columnText
	constraints []clause
	strict      bool
	rowless     bool // WITHOUT ROWID
}

// columnText is one column of a definition.
type columnText struct {
	name    string
	spelled string // the name, with its quotes
	class   string // the declared type, as written; may be empty
	clauses []clause
}

// clauseKind is what a clause begins with.
type clauseKind string

const (
	primaryKey  clauseKind = "primary key"
	notNull     clauseKind = "not null"
	nullable    clauseKind = "null"
	uniqueKey   clauseKind = "unique"
	checkClause clauseKind = "check"
	defaulted   clauseKind = "default"
	collated    clauseKind = "collate"
	references  clauseKind = "references" // of a column, or FOREIGN KEY of the table
	deferring   clauseKind = "deferrable" // apart from its REFERENCES
	generated   clauseKind = "generated"
	labelOnly   clauseKind = "constraint" // a name with nothing to it
)

// clause is one constraint of a column or table.
type clause struct {
	kind    clauseKind
	label   string   // the name that CONSTRAINT gives it, as written
	text    string   // as written, without the label
	expr    string   // check, generated: canonical
	columns []string // primary key, unique, foreign key of a table: folded names
	auto    bool     // primary key: AUTOINCREMENT
	target  string   // references: the other table, folded
	there   []string // references: its columns, folded; empty where they are not told
	actions [2]string
}

// column finds a column, whatever the case of its letters.
func (d *definition) column(name string) *columnText {
	at := slices.IndexFunc(d.columns, func(c *columnText) bool { return fold(c.name) == fold(name) })
	if at < 0 {
		return nil
	}
	return d.columns[at]
}

// key gives the folded names of the primary key's columns, and whether the database numbers them one by one.
func (d *definition) key() (columns []string, auto bool) {
	for _, c := range d.columns {
		for _, cl := range c.clauses {
			if cl.kind == primaryKey {
				return []string{fold(c.name)}, cl.auto
			}
		}
	}
	for _, cl := range d.constraints {
		if cl.kind == primaryKey {
			return cl.columns, cl.auto
		}
	}
	return nil, false
}

// numbered reports whether a column is the row's own number under another name.
func (d *definition) numbered() bool {
	key, _ := d.key()
	if d.rowless || len(key) != 1 {
		return false
	}
	c := d.column(key[0])
	return c != nil && fold(bare(c.class)) == "integer"
}

// rowid gives a name for the row's own number that no column has, empty where there is none.
func (d *definition) rowid() string {
	for _, name := range []string{"rowid", "_rowid_", "oid"} {
		if !d.rowless && d.column(name) == nil {
			return name
		}
	}
	return ""
}

// removeConstraints takes constraints of the table off.
func (d *definition) removeConstraints(gone func(clause) bool) {
	d.constraints = slices.DeleteFunc(d.constraints, gone)
}

// write gives the text of CREATE TABLE for a table of a name.
func (d *definition) write(name string) string {
	var lines []string
	for _, c := range d.columns {
		lines = append(lines, c.write())
	}
	for _, c := range d.constraints {
		lines = append(lines, c.write())
	}
	var options []string
	if d.strict {
		options = append(options, "STRICT")
	}
	if d.rowless {
		options = append(options, "WITHOUT ROWID")
	}
	text := "CREATE TABLE " + Grammar{}.Quote(name) + " (\n  " + strings.Join(lines, ",\n  ") + "\n)"
	return strings.TrimSuffix(text+" "+strings.Join(options, ", "), " ")
}

func (c *columnText) write() string {
	parts := []string{c.spelled}
	if c.class != "" {
		parts = append(parts, c.class)
	}
	for _, cl := range c.clauses {
		parts = append(parts, cl.write())
	}
	return strings.Join(parts, " ")
}

func (c clause) write() string {
	if c.label == "" {
		return c.text
	}
	return strings.TrimSuffix("CONSTRAINT "+c.label+" "+c.text, " ")
}

// has reports whether the column has a clause of a kind.
func (c *columnText) has(kind clauseKind) bool {
	return slices.ContainsFunc(c.clauses, func(cl clause) bool { return cl.kind == kind })
}

// remove takes the clauses of some kinds off.
func (c *columnText) remove(kinds ...clauseKind) {
	c.clauses = slices.DeleteFunc(c.clauses, func(cl clause) bool { return slices.Contains(kinds, cl.kind) })
}

// set puts a clause in the place of those of its kind.
func (c *columnText) set(cl clause) {
	c.remove(cl.kind)
	c.clauses = append(c.clauses, cl)
}

// refuseNull says whether the column takes NULL.
func (c *columnText) refuseNull(refuse bool) {
	c.remove(nullable)
	switch {
	case !refuse:
		c.remove(notNull)
	case !c.has(notNull):
		c.set(clause{kind: notNull, text: "NOT NULL"})
	}
}

// bare gives a name without its quotes.
func bare(spelled string) string {
	if len(spelled) < 2 {
		return spelled
	}
	closing := spelled[0]
	switch closing {
	case '[':
		return strings.TrimSuffix(spelled[1:], "]")
	case '"', '`', '\'':
		inner := strings.TrimSuffix(spelled[1:], string(closing))
		return strings.ReplaceAll(inner, string(closing)+string(closing), string(closing))
	}
	return spelled
}

// respelled gives an expression with other names for some columns; names has them folded. What stands before a bracket
// is a function.
func respelled(text string, names map[string]string) string {
	if len(names) == 0 {
		return text
	}
	var b strings.Builder
	list, at := tokens(text), 0
	for i, t := range list {
		to, ok := names[t.name]
		if t.name == "" || !ok || i+1 < len(list) && list[i+1].text == "(" {
			continue
		}
		b.WriteString(text[at:t.from] + Grammar{}.Quote(to))
		at = t.to
	}
	return b.String() + text[at:]
}

// mentions gives those of some columns that an expression names, in the order of the columns.
func mentions(expr string, columns []string) (out []string) {
	list := tokens(expr)
	for _, c := range columns {
		if slices.ContainsFunc(list, func(t token) bool { return t.name != "" && t.name == fold(c) }) {
			out = append(out, c)
		}
	}
	return out
}
