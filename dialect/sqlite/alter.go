package sqlite

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// everybody is the lock of every statement that changes something: SQLite knows one writer.
const everybody = "database"

// alteration puts one plan together. What SQLite's ALTER TABLE cannot do is done to the definition, from which the table is
// then built anew, still under its former names; renames come after that, for SQLite itself knows best where else a name
// stands.
type alteration struct {
	Grammar
	dialect.Transition
	delta *schema.Delta
	plan  *schema.Plan

	former map[string]string // a column's former name by its folded present one
	now    map[string]string // a column's present name by its folded former one
	quiet  map[string]bool   // present names that differ from the former in the case of letters alone

	table    *definition // what the table is to be
	before   *definition // what it is
	indexes  []string    // CREATE texts
	triggers []string

	rebuilt   bool
	hazards   []schema.Hazard    // of the rebuild
	guards    []schema.Statement // what must hold before it
	values    map[string]string  // expressions for columns of the new table that are not copied as they are, by folded name
	added     []*addition
	retyped   map[string]bool // folded names
	relabeled map[string]bool // indexes that are dropped, folded
}

// Alter implements dialect.Planner. ALTER TABLE does what it can; all else is one rebuild: a new table made from the
// text of the old one, rows, number sequence, indexes and triggers carried over, and a look at counts and foreign keys
// before anything is final. All statements belong into the transaction of Locked, which keeps SQLite from deleting the
// rows that refer to the old table.
func (g Grammar) Alter(t dialect.Transition) *schema.Plan {
	a := &alteration{
		Grammar: g, Transition: t,
		plan:   &schema.Plan{Table: t.Model.Ref(), Model: t.Model.Fingerprint(), Base: t.Live.Hash, Rows: t.Rows},
		former: map[string]string{}, now: map[string]string{}, quiet: map[string]bool{},
		values: map[string]string{}, retyped: map[string]bool{}, relabeled: map[string]bool{},
	}
	a.compare()
	a.read()
	a.dropIndexes()
	a.addColumns()
	a.changeColumns()
	a.leftovers()
	a.changeKey()
	a.changeChecks()
	a.changeForeignKeys()
	dropped := a.droppedColumns()
	a.rebuild()
	a.rename()
	a.nativeColumns()
	a.dropColumns(dropped)
	a.createMissing()
	return a.plan
}

// compare finds the difference, and tells it.
func (a *alteration) compare() {
	renames := a.renames()
	for _, r := range renames {
		_, old := a.Live.Column(r.From)
		if _, done := a.Live.Column(r.To); old && !done {
			a.now[fold(r.From)], a.former[fold(r.To)] = r.To, r.From
		}
	}
	live := a.spelledAnew(a.Live)
	a.delta = schema.Compare(unnumbered(a.Model, a.Born, live, a.now), live, renames...)
	if a.Live.Ref != a.Model.Ref() {
		a.plan.Changes = append(a.plan.Changes, schema.Change{
			Kind: schema.RenamedTable, Object: a.Model.String(), Have: a.Live.Ref.String(),
		})
	}
	a.plan.Changes = append(a.plan.Changes, a.delta.Changes()...)
	a.plan.Hints = a.delta.RenameHints()
	for _, r := range a.delta.Conflicts {
		a.fault("column %q is there, and so is %q, from which it was to be renamed: one of them must go, or was= must", r.To, r.From)
	}
}

// renames gives the model's renames in the live table's spelling, and those that only change the case of letters.
func (a *alteration) renames() []schema.Rename {
	spelled := func(name string) string {
		for _, c := range a.Live.Columns {
			if fold(c.Name) == fold(name) {
				return c.Name
			}
		}
		return name
	}
	out := schema.Renames(a.Model, a.FitName)
	for i := range out {
		out[i].From = spelled(out[i].From)
	}
	columns := a.Model.Columns()
	for i := range columns {
		if name := columns[i].Name; spelled(name) != name {
			out = append(out, schema.Rename{From: spelled(name), To: name})
			a.quiet[name] = true
		}
	}
	return out
}

// spelledAnew gives the live table with the present names in its expressions, which are in lower case, and with the
// model's spelling of what its foreign keys name.
func (a *alteration) spelledAnew(live *schema.Live) *schema.Live {
	out := *live
	out.Checks, out.Columns = slices.Clone(live.Checks), slices.Clone(live.Columns)
	out.Indexes, out.ForeignKeys = slices.Clone(live.Indexes), slices.Clone(live.ForeignKeys)
	anew := func(expr string) string {
		if len(a.now) == 0 || expr == "" {
			return expr
		}
		return canonical(tokens(respelled(expr, a.now)))
	}
	for i := range out.Checks {
		out.Checks[i].Expr = anew(out.Checks[i].Expr)
	}
	for i := range out.Columns {
		out.Columns[i].Generated = anew(out.Columns[i].Generated)
	}
	for i := range out.Indexes {
		if text := out.Indexes[i].Definition; strings.HasPrefix(text, "on ") {
			out.Indexes[i].Definition = anew(text)
		}
	}
	a.respellForeignKeys(out.ForeignKeys)
	return &out
}

// respellForeignKeys gives what foreign keys name in the spelling of those of the model, where it differs in the case of
// letters alone.
func (a *alteration) respellForeignKeys(list []schema.ForeignKey) {
	tables, there, here := map[string]string{fold(a.Live.Ref.Name): a.Live.Ref.Name}, map[string]string{}, map[string]string{}
	for _, fk := range a.Born.ForeignKeys {
		if fk.References != a.Model.Ref() {
			tables[fold(fk.References.Name)] = fk.References.Name
		}
		for _, name := range fk.RefColumns {
			there[fold(name)] = name
		}
	}
	for _, c := range a.Live.Columns {
		here[fold(c.Name)] = c.Name
	}
	spelled := func(name string, in map[string]string) string {
		if s, ok := in[fold(name)]; ok {
			return s
		}
		return name
	}
	for i := range list {
		fk := &list[i]
		fk.References.Name = spelled(fk.References.Name, tables)
		fk.Columns, fk.RefColumns = slices.Clone(fk.Columns), slices.Clone(fk.RefColumns)
		names := there
		if fk.References.Name == a.Live.Ref.Name {
			names = here
		}
		for j := range fk.Columns {
			fk.Columns[j] = spelled(fk.Columns[j], here)
		}
		for j := range fk.RefColumns {
			fk.RefColumns[j] = spelled(fk.RefColumns[j], names)
		}
	}
}

// read takes the live table's texts apart.
func (a *alteration) read() {
	if len(a.Live.Source) > 0 {
		a.before, _ = readDefinition(a.Live.Source[0])
		a.table, _ = readDefinition(a.Live.Source[0])
	}
	names := func(columns []string) string { return strings.Join(columns, "\x00") }
	var have, found []string
	for _, c := range a.Live.Columns {
		have = append(have, fold(c.Name))
	}
	if a.table != nil {
		for _, c := range a.table.columns {
			found = append(found, fold(c.name))
		}
	}
	if a.table == nil || names(have) != names(found) {
		a.table, a.before = nil, nil
		return
	}
	for _, text := range a.Live.Source[1:] {
		if list := tokens(text); len(list) > 1 && list[1].text == "trigger" {
			a.triggers = append(a.triggers, text)
		} else {
			a.indexes = append(a.indexes, text)
		}
	}
}

// edit gives the definition for a change that only a rebuild can make.
func (a *alteration) edit(hazards ...schema.Hazard) *definition {
	for _, h := range hazards {
		if !slices.ContainsFunc(a.hazards, func(o schema.Hazard) bool { return o.Kind == h.Kind && slices.Equal(o.Columns, h.Columns) }) {
			a.hazards = append(a.hazards, h)
		}
	}
	if a.table == nil {
		a.fault("the CREATE TABLE text of %q cannot be read: it must be changed by hand", a.Live.Ref.Name)
		a.before = &definition{name: a.Live.Ref.Name}
		a.table = &definition{name: a.Live.Ref.Name}
		for _, c := range a.Live.Columns {
			a.table.columns = append(a.table.columns, &columnText{name: c.Name, spelled: a.Quote(c.Name)})
		}
	}
	a.rebuilt = true
	return a.table
}

// column gives the text of a column that is there, by its present name.
func (a *alteration) column(name string, hazards ...schema.Hazard) *columnText {
	return a.edit(hazards...).column(a.old(name))
}

// old gives a column's name in the table as it is.
func (a *alteration) old(name string) string {
	if former, ok := a.former[fold(name)]; ok {
		return former
	}
	return name
}

func (a *alteration) olds(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = a.old(name)
	}
	return out
}

// present gives folded former names as folded present ones.
func (a *alteration) present(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = fold(name)
		if now, ok := a.now[out[i]]; ok {
			out[i] = fold(now)
		}
	}
	return out
}

// anew gives a canonical expression of the old table in present names.
func (a *alteration) anew(expr string) string {
	return canonical(tokens(respelled(expr, a.now)))
}

func (a *alteration) fault(format string, args ...any) {
	a.plan.Faults = append(a.plan.Faults, fmt.Sprintf(format, args...))
}

func (a *alteration) add(statements ...schema.Statement) {
	for _, s := range statements {
		s.Mode = schema.ModeTransaction
		a.plan.Statements = append(a.plan.Statements, s)
	}
}

// allowed reports whether the policy lets an extra go.
func (a *alteration) allowed(kind schema.HazardKind, columns ...string) bool {
	_, ok := a.Policy.Allows(schema.Hazard{Kind: kind, Columns: columns}, a.Model.Ref())
	return ok
}

// overRows gives a hazard that only a table with rows has.
func (a *alteration) overRows(kind schema.HazardKind, columns ...string) []schema.Hazard {
	if a.Rows == 0 {
		return nil
	}
	return []schema.Hazard{{Kind: kind, Columns: columns}}
}

// modelled finds a model's column.
func (a *alteration) modelled(name string) *schema.Column {
	at, ok := a.Model.Column(name)
	if !ok {
		return &schema.Column{Name: name}
	}
	return &a.Model.Columns()[at]
}

// columnNames gives all columns of both sides, in present names.
func (a *alteration) columnNames() []string {
	names := map[string]bool{}
	for _, c := range a.Born.Columns {
		names[c.Name] = true
	}
	for _, c := range a.delta.Extra {
		names[c.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// quotedText spells a text.
func quotedText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
