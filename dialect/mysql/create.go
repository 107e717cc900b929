package mysql

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// options are what a table has beside its columns, whatever the server's defaults: texts are compared by code points, and
// spaces at their end count.
const options = "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=" + collation

const collation = "utf8mb4_nopad_bin"

// engine is the one of options, in capitals.
const engine = "INNODB"

// Create implements dialect.Planner: one statement, which the server carries out as a whole or not at all. Foreign keys may
// point to tables that come later, in a session that does not check them (see Locked).
func (g Grammar) Create(model *schema.Table) *schema.Plan {
	return &schema.Plan{
		Table: model.Ref(), Model: model.Fingerprint(), Changes: []schema.Change{{Kind: schema.MissingTable, Object: model.String()}},
		Statements: []schema.Statement{{SQL: g.createTable(model, "CREATE TABLE "+g.QuoteTable(model.Ref()), true), Mode: schema.ModeTransaction}},
		Faults:     g.faults(model),
	}
}

// faults are what the server cannot do.
func (g Grammar) faults(model *schema.Table) []string {
	out := g.keyFaults(model)
	for _, fk := range model.ForeignKeys() {
		if fk.OnDelete == schema.SetDefault || fk.OnUpdate == schema.SetDefault {
			out = append(out, fmt.Sprintf("foreign key over %q: this database has no SET DEFAULT", fk.Columns))
		}
		writes := fk.OnDelete == schema.SetNull || fk.OnUpdate == schema.SetNull || fk.OnUpdate == schema.Cascade
		if writes && slices.ContainsFunc(fk.Columns, func(name string) bool { return computes(model, name) }) {
			out = append(out, fmt.Sprintf("foreign key over %q: its actions change columns that a check or a generated column is over, "+
				"which this database does not take", fk.Columns))
		}
	}
	for i := range model.Columns() {
		if c := &model.Columns()[i]; c.Auto && computes(model, c.Name) {
			out = append(out, fmt.Sprintf("column %q is numbered by the database, which lets no check and no generated column be over it", c.Name))
		}
	}
	return out
}

// computes reports whether something of the model is computed from a column.
func computes(model *schema.Table, name string) bool {
	over := func(c schema.Check) bool { return schema.Mentions(c.Expr, name) }
	return slices.ContainsFunc(model.Checks(), over) ||
		slices.ContainsFunc(model.Columns(), func(c schema.Column) bool { return schema.Mentions(c.Generated, name) })
}

// createTable is the table with its indexes and checks, and, where tied, its foreign keys.
func (g Grammar) createTable(t *schema.Table, head string, tied bool) string {
	var lines []string
	for i := range t.Columns() {
		lines = append(lines, g.column(t, &t.Columns()[i]))
	}
	lines = append(lines, "PRIMARY KEY ("+g.list(t.KeyNames())+")")
	for _, ix := range t.Indexes() {
		lines = append(lines, g.index(t, ix))
	}
	for _, c := range g.checks(t) {
		lines = append(lines, "CONSTRAINT "+g.Quote(schema.CheckName(t.Ref(), c))+" CHECK ("+c.Expr+")")
	}
	if tied {
		for _, fk := range t.ForeignKeys() {
			lines = append(lines, g.foreignKey(t.Ref(), fk))
		}
	}
	text := head + " (\n  " + strings.Join(lines, ",\n  ") + "\n) " + options
	if comment := t.Comment(); comment != "" {
		text += " COMMENT=" + quotedText(comment)
	}
	return text
}

// column is one column's definition.
func (g Grammar) column(t *schema.Table, c *schema.Column) string {
	text := g.Quote(c.Name) + " " + columnType(t, c)
	switch {
	case c.Generated != "":
		text += " GENERATED ALWAYS AS (" + c.Generated + ") STORED" // that it is not null is a check
	case !c.Nullable:
		text += " NOT NULL"
	}
	switch {
	case c.Auto:
		text += " AUTO_INCREMENT"
	case c.Generated == "" && c.Default != "":
		text += " DEFAULT (" + g.DefaultExpr(c) + ")"
	}
	if c.Comment != "" {
		text += " COMMENT " + quotedText(c.Comment)
	}
	return text
}

func (g Grammar) index(t *schema.Table, ix schema.Index) string {
	kind := "KEY "
	if ix.Unique {
		kind = "UNIQUE KEY "
	}
	columns := make([]string, len(ix.Columns))
	for i, name := range ix.Columns {
		columns[i] = g.Quote(name)
		if at, ok := t.Column(name); ok {
			columns[i] += beginning(columnType(t, &t.Columns()[at]))
		}
	}
	return kind + g.Quote(schema.IndexName(t.Ref(), ix)) + " (" + strings.Join(columns, ", ") + ")"
}

// checks are the model's own and those that follow from columns.
func (g Grammar) checks(t *schema.Table) []schema.Check {
	var out []schema.Check
	for i := range t.Columns() {
		c := &t.Columns()[i]
		name := g.Quote(c.Name)
		if c.Generated != "" && !c.Nullable {
			out = append(out, schema.Check{Expr: name + " IS NOT NULL"})
		}
		if len(c.Enum) > 0 {
			words := make([]string, len(c.Enum))
			for j, word := range slices.Sorted(slices.Values(c.Enum)) { // their order is no part of the shape
				words[j] = quotedText(word)
			}
			out = append(out, schema.Check{Expr: name + " IN (" + strings.Join(words, ", ") + ")"})
		}
		switch {
		case c.Kind == schema.KindString && c.Size > longestText:
			out = append(out, schema.Check{Expr: fmt.Sprintf("char_length(%s) <= %d", name, c.Size)})
		case c.Kind == schema.KindBytes && c.Size > longestBytes:
			out = append(out, schema.Check{Expr: fmt.Sprintf("octet_length(%s) <= %d", name, c.Size)})
		}
	}
	return append(out, t.Checks()...)
}

// foreignKey spells the actions out, for where nothing is said the server takes RESTRICT.
func (g Grammar) foreignKey(table schema.Ref, fk schema.ForeignKey) string {
	return fmt.Sprintf("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s (%s) ON DELETE %s ON UPDATE %s",
		g.Quote(schema.ForeignKeyName(table, fk)), g.list(fk.Columns), g.QuoteTable(fk.References), g.list(fk.RefColumns),
		fk.OnDelete, fk.OnUpdate)
}
