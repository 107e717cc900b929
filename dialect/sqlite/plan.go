package sqlite

import (
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

var storage = map[schema.Kind]string{
	schema.KindBool: "INTEGER", schema.KindInt16: "INTEGER", schema.KindInt32: "INTEGER", schema.KindInt64: "INTEGER",
	schema.KindFloat32: "REAL", schema.KindFloat64: "REAL", schema.KindBytes: "BLOB",
	schema.KindString: "TEXT", schema.KindTime: "TEXT", schema.KindDate: "TEXT", schema.KindUUID: "TEXT",
	schema.KindDecimal: "TEXT", schema.KindJSON: "TEXT",
}

// Create makes the table and its indexes. Foreign keys stand inside the table, for SQLite lets them point at tables that
// come later.
func (g Grammar) Create(model *schema.Table) *schema.Plan {
	plan := &schema.Plan{Table: model.Ref(), Model: model.Fingerprint(), Changes: []schema.Change{{Kind: schema.MissingTable, Object: model.String()}}}
	for _, sql := range append([]string{g.createTable(model)}, g.createIndexes(model)...) {
		plan.Statements = append(plan.Statements, schema.Statement{SQL: sql, Mode: schema.ModeTransaction})
	}
	return plan
}

func (g Grammar) createIndexes(model *schema.Table) []string {
	var out []string
	for _, ix := range model.Indexes() {
		out = append(out, g.createIndex(model, ix))
	}
	return out
}

// unnumbered gives born without a numbering that the model does not ask for and live lacks: SQLite numbers every single
// INTEGER key, wanted or not, but not one that was declared BIGINT.
//
// now has the present names of columns that are to be renamed, by their folded former ones.
func unnumbered(model *schema.Table, born, live *schema.Live, now map[string]string) *schema.Live {
	if born == nil {
		return nil
	}
	out := *born
	out.Columns = slices.Clone(born.Columns)
	for _, have := range live.Columns {
		name := have.Name
		if to, ok := now[fold(name)]; ok {
			name = to
		}
		at := slices.IndexFunc(out.Columns, func(c schema.LiveColumn) bool { return c.Name == name })
		if position, ok := model.Column(name); ok && at >= 0 && !model.Columns()[position].Auto && !have.Identity {
			out.Columns[at].Identity = false
		}
	}
	return &out
}

func (g Grammar) createTable(t *schema.Table) string {
	var lines []string
	columns := t.Columns()
	numbered := false
	for i := range columns {
		c := &columns[i]
		numbered = numbered || c.Auto
		lines = append(lines, g.column(c))
	}
	if !numbered {
		lines = append(lines, "PRIMARY KEY ("+g.list(t.KeyNames())+")")
	}
	for _, c := range t.Checks() {
		lines = append(lines, "CONSTRAINT "+g.Quote(schema.CheckName(t.Ref(), c))+" CHECK ("+c.Expr+")")
	}
	for _, fk := range t.ForeignKeys() {
		lines = append(lines, g.foreignKey(t, fk))
	}
	return "CREATE TABLE " + g.QuoteTable(t.Ref()) + " (\n  " + strings.Join(lines, ",\n  ") + "\n) STRICT"
}

func (g Grammar) column(c *schema.Column) string {
	text := g.Quote(c.Name) + " " + storage[c.Kind]
	switch {
	case c.Auto:
		return text + " PRIMARY KEY AUTOINCREMENT NOT NULL"
	case c.Generated != "":
		text += " GENERATED ALWAYS AS (" + c.Generated + ") STORED"
	case c.Default != "":
		text += " DEFAULT " + g.DefaultExpr(c)
	}
	if !c.Nullable {
		text += " NOT NULL"
	}
	if check := g.derivedCheck(c); check != "" {
		text += " CHECK (" + check + ")"
	}
	return text
}

// derivedCheck says in SQL what the storage class alone does not.
func (g Grammar) derivedCheck(c *schema.Column) string {
	name := g.Quote(c.Name)
	var terms []string
	switch {
	case c.Kind == schema.KindBool:
		terms = append(terms, name+" IN (0, 1)")
	case c.Kind == schema.KindJSON:
		terms = append(terms, "json_valid("+name+")")
	case c.Size > 0:
		terms = append(terms, "length("+name+") <= "+strconv.Itoa(c.Size))
	}
	if len(c.Enum) > 0 {
		values := make([]string, len(c.Enum))
		for i, v := range slices.Sorted(slices.Values(c.Enum)) { // their order is no part of the shape
			values[i] = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		terms = append(terms, name+" IN ("+strings.Join(values, ", ")+")")
	}
	return strings.Join(terms, " AND ")
}

func (g Grammar) foreignKey(t *schema.Table, fk schema.ForeignKey) string {
	text := "CONSTRAINT " + g.Quote(schema.ForeignKeyName(t.Ref(), fk)) + " FOREIGN KEY (" + g.list(fk.Columns) +
		") REFERENCES " + g.QuoteTable(fk.References) + " (" + g.list(fk.RefColumns) + ")"
	if fk.OnDelete != schema.NoAction {
		text += " ON DELETE " + fk.OnDelete.String()
	}
	if fk.OnUpdate != schema.NoAction {
		text += " ON UPDATE " + fk.OnUpdate.String()
	}
	return text
}

func (g Grammar) createIndex(t *schema.Table, ix schema.Index) string {
	create := "CREATE INDEX "
	if ix.Unique {
		create = "CREATE UNIQUE INDEX "
	}
	return create + g.Quote(schema.IndexName(t.Ref(), ix)) + " ON " + g.QuoteTable(t.Ref()) + " (" + g.list(ix.Columns) + ")"
}

func (g Grammar) list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = g.Quote(n)
	}
	return strings.Join(quoted, ", ")
}
