package schema

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// reservedColumns are names that a database keeps for itself: SQLite's row number and PostgreSQL's system columns.
var reservedColumns = []string{"rowid", "oid", "_rowid_", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

// reservedTables are how names begin that a database keeps for itself.
var reservedTables = []string{"sqlite_", "pg_"}

// ledgerPrefix begins the names of the library's own tables.
const ledgerPrefix = "schemactor_"

// check looks at the table as a whole, and completes its indexes and constraints.
func (b *builder) check() {
	b.checkName()
	b.checkColumns()
	b.checkRenames()
	b.checkKey()
	b.checkIndexes()
	b.checkForeignKeys()
	b.checkChecks()
	if badText(b.table.comment) {
		b.fault("", "the table's comment holds a zero byte or is not UTF-8")
	}
}

func (b *builder) checkName() {
	t := b.table
	name := strings.ToLower(t.ref.Name)
	switch {
	case name == "":
		b.fault("", "the type has no name: give the table one with Named")
	case badText(t.ref.Name):
		b.fault("", fmt.Sprintf("table name %q holds a zero byte or is not UTF-8", t.ref.Name))
	case strings.HasPrefix(name, ledgerPrefix) && !t.reserved:
		b.fault("", fmt.Sprintf("table name %q: names with %s are kept for the library's own history", t.ref.Name, ledgerPrefix))
	}
	for _, prefix := range reservedTables {
		if strings.HasPrefix(name, prefix) || strings.HasPrefix(strings.ToLower(t.ref.Namespace), prefix) {
			b.fault("", fmt.Sprintf("table %q: names with %s are kept for the database", t.ref, prefix))
		}
	}
	if badText(t.ref.Namespace) {
		b.fault("", fmt.Sprintf("namespace %q holds a zero byte or is not UTF-8", t.ref.Namespace))
	}
}

// badText reports what cannot be part of a statement: SQLite would end it at a zero byte.
func badText(s string) bool { return !utf8.ValidString(s) || strings.ContainsRune(s, 0) }

func (b *builder) checkColumns() {
	t := b.table
	// SQLite does not see the case of letters.
	first := map[string]*Column{}
	roles := map[Role]*Column{}
	for i := range t.columns {
		c := &t.columns[i]
		folded := strings.ToLower(c.Name)
		if other := first[folded]; other != nil {
			b.fault(c.Field, fmt.Sprintf("column %q is there already, as field %s", c.Name, other.Field))
		} else {
			first[folded] = c
		}
		if slices.Contains(reservedColumns, folded) {
			b.fault(c.Field, fmt.Sprintf("column name %q is kept for the database", c.Name))
		}
		if badText(c.Name) {
			b.fault(c.Field, fmt.Sprintf("column name %q holds a zero byte or is not UTF-8", c.Name))
		}
		if other := roles[c.Role]; c.Role != RoleNone && other != nil {
			b.fault(c.Field, "the lifecycle role is taken by field "+other.Field)
		}
		roles[c.Role] = c
	}
}

// checkRenames refuses former names that contradict each other: one that another column has now, or had as well.
func (b *builder) checkRenames() {
	t := b.table
	first := map[string]*Column{}
	for i := range t.columns {
		c := &t.columns[i]
		if c.Was == "" {
			continue
		}
		folded := strings.ToLower(c.Was)
		if other := first[folded]; other != nil {
			b.fault(c.Field, fmt.Sprintf("was=%s: field %s says the same", c.Was, other.Field))
		}
		first[folded] = c
		for j := range t.columns {
			if j != i && strings.ToLower(t.columns[j].Name) == folded {
				b.fault(c.Field, fmt.Sprintf("was=%s: field %s is that column now", c.Was, t.columns[j].Field))
			}
		}
	}
	switch {
	case t.was == "":
	case badText(t.was):
		b.fault("", fmt.Sprintf("Was: name %q holds a zero byte or is not UTF-8", t.was))
	case strings.EqualFold(t.was, t.ref.Name):
		b.fault("", fmt.Sprintf("Was: %q is the table's name now", t.was))
	}
}

func (b *builder) checkKey() {
	t := b.table
	if len(t.columns) > 0 && !b.keyed {
		b.fault("", `no primary key: tag a field with schema:"pk"`)
	}
	for _, k := range t.key {
		if c := t.columns[k]; c.Auto && len(t.key) > 1 {
			b.fault(c.Field, "auto is for a key of one column")
		}
	}
}

// checkIndexes drops an index that says what the key or another one says already.
func (b *builder) checkIndexes() {
	t := b.table
	var kept []Index
	for _, ix := range t.indexes {
		b.named("index", ix.Columns, true)
		same := func(other Index) bool { return ix.Unique == other.Unique && slices.Equal(ix.Columns, other.Columns) }
		if len(ix.Columns) > 0 && slices.Equal(ix.Columns, t.KeyNames()) || slices.ContainsFunc(kept, same) {
			continue
		}
		kept = append(kept, ix)
	}
	t.indexes = kept
}

// named looks whether columns exist and stand there once.
func (b *builder) named(what string, columns []string, ordered bool) {
	if len(columns) == 0 {
		b.fault("", what+" without columns")
	}
	for i, name := range columns {
		at, ok := b.table.byName[name]
		switch {
		case !ok:
			b.fault("", fmt.Sprintf("%s over unknown column %q", what, name))
		case slices.Contains(columns[:i], name):
			b.fault("", fmt.Sprintf("%s has column %q twice", what, name))
		case ordered && b.table.columns[at].Kind == KindJSON:
			b.fault(b.table.columns[at].Field, "JSON cannot be indexed")
		}
	}
}

// checkChecks drops a check that is there already.
func (b *builder) checkChecks() {
	t := b.table
	var kept []Check
	for _, c := range t.checks {
		switch {
		case strings.TrimSpace(c.Expr) == "":
			b.fault("", "an empty check")
		case badText(c.Expr):
			b.fault("", fmt.Sprintf("check %q holds a zero byte or is not UTF-8", c.Expr))
		case !slices.Contains(kept, c):
			kept = append(kept, c)
		}
	}
	t.checks = kept
}

// checkForeignKeys drops a foreign key that is there already.
func (b *builder) checkForeignKeys() {
	t := b.table
	var kept []ForeignKey
	for _, fk := range t.foreignKeys {
		if fk.References.Namespace == "" {
			fk.References.Namespace = t.ref.Namespace
		}
		if slices.ContainsFunc(kept, fk.same) {
			continue
		}
		b.checkForeignKey(fk)
		name := ForeignKeyName(t.ref, fk)
		if slices.ContainsFunc(kept, func(other ForeignKey) bool { return ForeignKeyName(t.ref, other) == name }) {
			b.fault("", fmt.Sprintf("two foreign keys would be called %q: give one a Name", name))
		}
		kept = append(kept, fk)
	}
	t.foreignKeys = kept
}

// same reports whether two foreign keys differ in nothing but, maybe, their names.
func (fk ForeignKey) same(other ForeignKey) bool {
	return fk.References == other.References && fk.OnDelete == other.OnDelete && fk.OnUpdate == other.OnUpdate &&
		slices.Equal(fk.Columns, other.Columns) && slices.Equal(fk.RefColumns, other.RefColumns)
}

func (b *builder) checkForeignKey(fk ForeignKey) {
	what := fmt.Sprintf("foreign key to %q", fk.References)
	b.named(what, fk.Columns, false)
	switch {
	case fk.References.Name == "" || len(fk.RefColumns) != len(fk.Columns) || slices.Contains(fk.RefColumns, ""):
		b.fault("", what+": needs a table and as many columns there as here")
	case fk.OnDelete > SetDefault || fk.OnUpdate > SetDefault:
		b.fault("", what+": unknown action")
	}
	for i, name := range fk.RefColumns {
		if name != "" && slices.Contains(fk.RefColumns[:i], name) {
			b.fault("", fmt.Sprintf("%s has column %q there twice", what, name))
		}
	}
	names := append([]string{fk.Name, fk.References.Name}, fk.RefColumns...)
	if fk.References.Namespace != b.table.ref.Namespace {
		names = append(names, fk.References.Namespace)
	}
	if slices.ContainsFunc(names, badText) {
		b.fault("", what+": a name holds a zero byte or is not UTF-8")
	}
	for _, name := range fk.Columns {
		at, ok := b.table.byName[name]
		if !ok {
			continue
		}
		c := &b.table.columns[at]
		if !c.Nullable && (fk.OnDelete == SetNull || fk.OnUpdate == SetNull) {
			b.fault(c.Field, "set null on a column that cannot be null")
		}
		if !c.Nullable && c.Default == "" && (fk.OnDelete == SetDefault || fk.OnUpdate == SetDefault) {
			b.fault(c.Field, "set default on a column that has no default and cannot be null")
		}
	}
}
