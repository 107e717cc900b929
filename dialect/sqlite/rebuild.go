package sqlite

import (
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// rebuild plans the table's building anew: https://sqlite.org/lang_altertable.html#otheralter has the steps.
func (a *alteration) rebuild() {
	if !a.rebuilt {
		return
	}
	a.addTexts()
	old, scratch := a.Live.Ref.Name, a.FitName("schemactor_new_"+a.Live.Ref.Name)
	from, to := a.Quote(old), a.Quote(scratch)
	a.add(a.sameTriggers(old))
	a.add(a.guards...)
	a.add(schema.Statement{SQL: a.table.write(scratch), Lock: everybody})
	a.add(schema.Statement{SQL: a.copying(to), Lock: everybody, Rewrites: true, Scans: true, Hazards: a.hazards})
	_, counted := a.before.key()
	if _, counts := a.table.key(); counts && counted {
		a.add(a.sequence(old, scratch)...)
	}
	a.add(
		schema.Statement{
			SQL:   fmt.Sprintf("SELECT 1 WHERE (SELECT count(*) FROM %s) <> (SELECT count(*) FROM %s)", from, to),
			Scans: true, Refuse: "the copy of the table has another number of rows",
		},
		schema.Statement{SQL: "DROP TABLE " + from, Lock: everybody},
		// Without this SQLite would look at views, which miss the table just now, and follow the scratch name.
		schema.Statement{SQL: "PRAGMA legacy_alter_table = ON"},
		schema.Statement{SQL: "ALTER TABLE " + to + " RENAME TO " + from, Lock: everybody},
		schema.Statement{SQL: "PRAGMA legacy_alter_table = OFF"},
	)
	for _, text := range a.indexes {
		if !a.relabeled[indexName(text)] {
			a.add(schema.Statement{SQL: text, Lock: everybody, Scans: true})
		}
	}
	for _, text := range a.triggers {
		a.add(schema.Statement{SQL: text, Lock: everybody})
	}
	a.add(schema.Statement{
		SQL:   "SELECT 1 FROM pragma_foreign_key_check(" + quotedText(old) + ") LIMIT 1",
		Scans: true, Refuse: "a row's foreign key points nowhere",
	}, schema.Statement{
		SQL: fmt.Sprintf(`SELECT 1 FROM (SELECT DISTINCT s.name FROM sqlite_schema s, pragma_foreign_key_list(s.name) f
  WHERE s.type = 'table' AND f."table" = %[1]s COLLATE NOCASE) c, pragma_foreign_key_check(c.name) v
  WHERE v.parent = %[1]s COLLATE NOCASE LIMIT 1`, quotedText(old)),
		Scans: true, Refuse: "a foreign key of another table's row points nowhere",
	})
}

// sameTriggers guards what Plan.Base does not tell of: triggers that have come or gone since.
func (a *alteration) sameTriggers(table string) schema.Statement {
	texts := make([]string, len(a.triggers))
	for i, text := range a.triggers {
		texts[i] = quotedText(text)
	}
	return schema.Statement{
		SQL: fmt.Sprintf(`SELECT 1 FROM (SELECT count(*) AS n, count(CASE WHEN sql IN (%s) THEN 1 END) AS same FROM sqlite_schema
  WHERE type = 'trigger' AND tbl_name = %s COLLATE NOCASE) WHERE n <> %[3]d OR same <> %[3]d`,
			strings.Join(texts, ", "), quotedText(table), len(texts)),
		Refuse: "the table's triggers have changed since the plan was made",
	}
}

// addTexts puts the new columns into the definition.
func (a *alteration) addTexts() {
	for _, added := range a.added {
		c := *added.column
		c.Generated = respelled(c.Generated, a.former)
		text := a.Grammar.column(&c)
		name := a.Quote(c.Name)
		// The rest of the text is one clause: nothing here looks into it.
		column := &columnText{name: c.Name, spelled: name, class: storage[c.Kind]}
		rest := strings.TrimPrefix(text, name+" "+column.class)
		cl := clause{kind: labelOnly, text: strings.TrimSpace(rest), auto: c.Auto}
		switch {
		case c.Auto:
			cl.kind = primaryKey
		case c.Generated != "":
			cl.kind = generated
		}
		if cl.text != "" {
			column.clauses = append(column.clauses, cl)
		}
		a.table.columns = append(a.table.columns, column)
		for _, check := range added.checks {
			check.text = respelled(check.text, a.former)
			a.table.constraints = append(a.table.constraints, check)
		}
		if added.foreignKey != nil {
			a.table.constraints = append(a.table.constraints, a.foreignKeyClause(a.formerForeignKey(*added.foreignKey)))
		}
		a.edit(added.hazards...)
	}
}

// copying carries the rows over, by names, computed columns left out. A row keeps its number even where no column
// shows it. Whatever the table's own conflict clauses say, a row that does not fit is an error.
func (a *alteration) copying(to string) string {
	var into, values []string
	if number := a.before.rowid(); number != "" && number == a.table.rowid() && !a.table.numbered() {
		into, values = append(into, number), append(values, number)
	}
	for _, c := range a.table.columns {
		value, told := a.values[fold(c.name)]
		if c.has(generated) || !told && a.before.column(c.name) == nil {
			continue
		}
		if !told {
			value = a.Quote(c.name)
		}
		into, values = append(into, a.Quote(c.name)), append(values, value)
	}
	if len(into) == 0 {
		return "INSERT INTO " + to + " SELECT NULL WHERE 0"
	}
	return "INSERT OR ABORT INTO " + to + " (" + strings.Join(into, ", ") + ")\n  SELECT " + strings.Join(values, ", ") + "\n  FROM " + a.source()
}

// sequence carries the last number over, which may belong to a row that is gone.
func (a *alteration) sequence(old, scratch string) []schema.Statement {
	from, to := quotedText(old), quotedText(scratch)
	return []schema.Statement{
		{SQL: "DELETE FROM sqlite_sequence WHERE name = " + to},
		{SQL: fmt.Sprintf("INSERT INTO sqlite_sequence (name, seq) SELECT %s, seq FROM sqlite_sequence WHERE name = %s COLLATE NOCASE", to, from)},
	}
}

// indexName gives the folded name of the index that a CREATE INDEX text makes.
func indexName(text string) string {
	for _, t := range tokens(text) {
		if t.name != "" && (!t.word || t.text != "create" && t.text != "unique" && t.text != "index") {
			return t.name
		}
	}
	return ""
}

// rename gives table and columns the model's names. SQLite follows them into other tables, triggers and views.
func (a *alteration) rename() {
	at := a.Quote(a.Live.Ref.Name)
	if a.Live.Ref != a.Model.Ref() {
		a.add(schema.Statement{
			SQL: "ALTER TABLE " + at + " RENAME TO " + a.QuoteTable(a.Model.Ref()), Lock: everybody,
			Hazards: []schema.Hazard{{Kind: schema.HazardRenameTable}},
		})
		at = a.QuoteTable(a.Model.Ref())
	}
	for _, r := range a.delta.Renamed {
		s := schema.Statement{SQL: "ALTER TABLE " + at + " RENAME COLUMN " + a.Quote(r.From) + " TO " + a.Quote(r.To), Lock: everybody}
		if !a.quiet[r.To] {
			s.Hazards = []schema.Hazard{hazard(schema.HazardRenameColumn, r.To)}
		}
		a.add(s)
	}
}

// nativeColumns adds columns by ALTER TABLE, if no rebuild has done it.
func (a *alteration) nativeColumns() {
	if a.rebuilt {
		return
	}
	strict := a.table == nil || a.table.strict
	for _, added := range a.added {
		text := a.Grammar.column(added.column)
		checked := a.guardChecks(added)
		for _, c := range added.checks {
			text += " " + c.write()
		}
		if added.foreignKey != nil {
			c := a.foreignKeyClause(*added.foreignKey)
			c.text = strings.TrimPrefix(c.text, "FOREIGN KEY ("+a.Quote(added.column.Name)+") ")
			text += " " + c.write()
		}
		a.add(schema.Statement{
			SQL: "ALTER TABLE " + a.QuoteTable(a.Model.Ref()) + " ADD COLUMN " + text, Lock: everybody,
			Scans: strict || checked, Hazards: added.hazards, // SQLite looks through the table then
		})
	}
}

// guardChecks looks whether the rows that are there meet the checks that come with a column, with what the column will be
// in them, and reports whether there are checks.
func (a *alteration) guardChecks(added *addition) bool {
	var exprs []string
	if expr := a.derivedCheck(added.column); expr != "" {
		exprs = append(exprs, "("+expr+")")
	}
	for _, c := range added.checks {
		exprs = append(exprs, strings.TrimPrefix(c.text, "CHECK "))
	}
	if len(exprs) == 0 {
		return false
	}
	value := "NULL"
	if added.column.Default != "" {
		value = a.DefaultExpr(added.column)
	}
	a.add(schema.Statement{
		SQL: fmt.Sprintf("SELECT 1 FROM (SELECT *, %s AS %s FROM %s) WHERE NOT (%s) LIMIT 1",
			value, a.Quote(added.column.Name), a.QuoteTable(a.Model.Ref()), strings.Join(exprs, " AND ")),
		Scans: true, Refuse: fmt.Sprintf("a row would not meet a check with the new column %q", added.column.Name),
	})
	return true
}

// dropColumns leaves it to SQLite to find out whether a view or a trigger still uses them.
func (a *alteration) dropColumns(names []string) {
	for _, name := range names {
		a.add(schema.Statement{
			SQL: "ALTER TABLE " + a.QuoteTable(a.Model.Ref()) + " DROP COLUMN " + a.Quote(name), Lock: everybody,
			Rewrites: true, Scans: true, Hazards: []schema.Hazard{hazard(schema.HazardDropColumn, name)},
		})
	}
}

// createMissing creates the missing indexes, under other names where theirs are taken.
func (a *alteration) createMissing() {
	taken := map[string]bool{}
	for _, ix := range a.Live.Indexes {
		taken[fold(ix.Name)] = !a.relabeled[fold(ix.Name)]
	}
	for _, missing := range a.delta.Indexes.Missing {
		columns := mentions(missing.Definition, a.columnNames())
		for _, ix := range a.Model.Indexes() {
			definition := strings.Join(quotedAll(ix.Columns), ", ")
			if ix.Unique != missing.Unique || canonical(tokens(definition)) != canonical(tokens(missing.Definition)) {
				continue
			}
			s := schema.Statement{Lock: everybody, Scans: true}
			if ix.Unique {
				a.add(a.duplicates(ix.Columns))
				s.Hazards = a.overRows(schema.HazardAddUnique, columns...)
			}
			name := schema.IndexName(a.Model.Ref(), ix)
			ix.Name = name
			for n := 2; taken[fold(ix.Name)]; n++ {
				ix.Name = fmt.Sprintf("%s_%d", name, n)
			}
			taken[fold(ix.Name)] = true
			s.SQL = a.createIndex(a.Model, ix)
			a.add(s)
			break
		}
	}
}

// duplicates looks for rows that a unique index would refuse.
func (a *alteration) duplicates(columns []string) schema.Statement {
	names := quotedAll(columns)
	return schema.Statement{
		SQL: "SELECT 1 FROM " + a.QuoteTable(a.Model.Ref()) + " WHERE " + strings.Join(names, " IS NOT NULL AND ") + " IS NOT NULL GROUP BY " +
			strings.Join(names, ", ") + " HAVING count(*) > 1 LIMIT 1",
		Scans: true, Refuse: fmt.Sprintf("rows are equal in (%s), which is to be unique", strings.Join(columns, ", ")),
	}
}

func quotedAll(names []string) []string {
	out := slices.Clone(names)
	for i, name := range out {
		out[i] = Grammar{}.Quote(name)
	}
	return out
}
