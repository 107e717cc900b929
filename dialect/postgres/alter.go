package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	accessExclusive      = "access exclusive"
	shareRowExclusive    = "share row exclusive"
	shareUpdateExclusive = "share update exclusive"

	// smallTable is how many rows a table may hold to be rewritten on the spot: it takes some milliseconds.
	smallTable = 1000
)

// alteration puts the plan for one table together. What it compares and looks things up in is the table under its new
// names, without what an interrupted plan has left behind and without the columns that are made anew.
type alteration struct {
	Grammar
	t     dialect.Transition
	plan  *schema.Plan
	table string // quoted
	model map[string]*schema.Column
	ours  leftovers
	whole *schema.Live    // with what an interrupted plan has left behind
	gone  []schema.Rename // columns that are dropped first, under their old names, and then missing
	delta *schema.Delta
	live  *schema.Live
	taken map[string]bool // names of indexes and constraints that stay
}

// Alter implements dialect.Planner. Statements of a table that holds rows are chosen so that nobody else waits for
// longer than a change of the catalogue takes. Renames come first, so that all else has to know the new names only; what
// is dropped makes room for what is added, and constraints come when the columns they are over are as they shall be.
func (g Grammar) Alter(t dialect.Transition) *schema.Plan {
	a := &alteration{Grammar: g, t: t, table: g.QuoteTable(t.Model.Ref()), model: map[string]*schema.Column{}}
	for i := range t.Model.Columns() {
		c := &t.Model.Columns()[i]
		a.model[g.FitName(c.Name)] = c
	}
	a.compare()
	if t.Born.Parsed {
		a.plan.Notes = append(a.plan.Notes, "this session may create no table: expressions of defaults, checks and generated columns "+
			"were not compared, and no statements are planned")
		return a.plan
	}
	a.rename()
	a.clear()
	a.dropExtras()
	a.dropGone()
	a.addColumns(false)
	a.alterColumns()
	a.addColumns(true)
	a.key()
	a.loosen()
	a.indexes()
	a.checks()
	a.foreignKeys()
	a.validate()
	a.comments()
	a.abandoned()
	return a.plan
}

// compare finds the differences, tells them, and then finds those that are to be planned.
func (a *alteration) compare() {
	model, live := a.t.Model, a.home(a.t.Live)
	a.plan = &schema.Plan{Table: model.Ref(), Model: model.Fingerprint(), Base: a.t.Live.Hash, Rows: a.t.Rows}
	if a.renamesTable() {
		a.plan.Changes = append(a.plan.Changes, schema.Change{
			Kind: schema.RenamedTable, Object: model.Ref().String(), Have: a.t.Live.Ref.String(),
		})
	}
	renames := a.renames()
	told := a.fitted(schema.Compare(a.t.Born, live, renames...))
	a.plan.Changes = append(a.plan.Changes, told.Changes()...)
	whole := *told.Live()
	whole.Columns = slices.Clone(whole.Columns) // whose types change on the way
	a.whole = &whole
	a.ours, live = a.leftovers(live)
	a.delta = a.fitted(schema.Compare(a.t.Born, live, renames...))
	a.live = a.delta.Live()
	if a.gone = a.madeAnew(); len(a.gone) > 0 {
		a.delta = a.fitted(schema.Compare(a.t.Born, without(live, a.gone), renames...))
		a.live = a.delta.Live()
	}
	a.conflicts()
	a.hints()
	a.taken = map[string]bool{a.live.KeyName: true}
	for _, ix := range a.live.Indexes {
		a.taken[ix.Name] = true
	}
	for _, c := range a.live.Checks {
		a.taken[c.Name] = true
	}
	for _, fk := range a.live.ForeignKeys {
		a.taken[fk.Name] = true
	}
}

// home gives a table that is to be renamed the references to itself that it will have.
func (a *alteration) home(live *schema.Live) *schema.Live {
	self := a.t.Model.Ref()
	out := *live
	for i, fk := range a.t.Model.ForeignKeys() {
		if fk.References != self || i >= len(a.t.Born.ForeignKeys) {
			continue
		}
		resolved := a.t.Born.ForeignKeys[i].References
		out.Ref = resolved
		out.ForeignKeys = slices.Clone(out.ForeignKeys)
		for j := range out.ForeignKeys {
			if target := &out.ForeignKeys[j].References; target.Namespace == resolved.Namespace && target.Name == live.Ref.Name {
				target.Name = resolved.Name
			}
		}
		break
	}
	return &out
}

func (a *alteration) renamesTable() bool { return fit(a.t.Model.Ref()) != a.t.Live.Ref }

func (a *alteration) renames() (out []schema.Rename) {
	for _, c := range a.t.Model.Columns() {
		if c.Was != "" {
			out = append(out, schema.Rename{From: a.FitName(c.Was), To: a.FitName(c.Name)})
		}
	}
	return out
}

// fitted marks the columns whose live type holds all that the model's does.
func (a *alteration) fitted(d *schema.Delta) *schema.Delta {
	for i := range d.Columns {
		c := &d.Columns[i]
		c.Fits = c.Fits || holds(c.Have.Type, c.Want.Type)
	}
	return d
}

// formerName gives the name that a column has before the renames.
func (a *alteration) formerName(column string) string {
	for _, r := range a.delta.Renamed {
		if r.To == column {
			return r.From
		}
	}
	return column
}

// conflicts reports columns that are there under both names, and leaves them alone.
func (a *alteration) conflicts() {
	for _, r := range a.delta.Conflicts {
		a.plan.Faults = append(a.plan.Faults, fmt.Sprintf("column %q and its former name %q are both there: "+
			"move what the old one holds and drop it, or take was= out of the model", r.To, r.From))
		a.delta.Extra = slices.DeleteFunc(a.delta.Extra, func(c schema.LiveColumn) bool { return c.Name == r.From })
		a.delta.Columns = slices.DeleteFunc(a.delta.Columns, func(c schema.ColumnDelta) bool { return c.Want.Name == r.To })
	}
}

// hints tells of columns that may have been renamed.
func (a *alteration) hints() {
	for _, missing := range a.delta.Missing {
		for _, extra := range a.delta.Extra {
			anew := slices.ContainsFunc(a.gone, func(r schema.Rename) bool { return r.To == missing.Name })
			if !anew && missing.Type == extra.Type && missing.NotNull == extra.NotNull {
				a.plan.Hints = append(a.plan.Hints, fmt.Sprintf(
					"column %q is missing and %q of the same type is not in the model: if it was renamed, say was=%s",
					missing.Name, extra.Name, extra.Name))
			}
		}
	}
}

// rename gives table and columns their new names. Indexes whose names follow from the table's are renamed with it, for
// another table of the old name would want them.
func (a *alteration) rename() {
	old, ref := a.t.Live.Ref, a.t.Model.Ref()
	if a.renamesTable() {
		a.add(schema.Statement{
			SQL:  "ALTER TABLE " + a.QuoteTable(old) + " RENAME TO " + a.Quote(ref.Name),
			Lock: accessExclusive, Hazards: []schema.Hazard{{Kind: schema.HazardRenameTable}},
		})
		index := func(from, to string) {
			if from = a.FitName(from); !a.taken[from] || a.taken[a.FitName(to)] {
				return
			}
			a.taken[from], a.taken[a.FitName(to)] = false, true
			a.add(schema.Statement{
				SQL:  "ALTER INDEX " + a.QuoteTable(schema.Ref{Namespace: ref.Namespace, Name: from}) + " RENAME TO " + a.Quote(to),
				Lock: shareUpdateExclusive,
			})
			a.renamedIndex(from, a.FitName(to))
		}
		for _, ix := range a.t.Model.Indexes() {
			if ix.Name == "" {
				index(schema.IndexName(old, ix), schema.IndexName(ref, ix))
			}
		}
		index(old.Name+"_pkey", ref.Name+"_pkey")
	}
	for _, r := range a.delta.Renamed {
		a.change("RENAME COLUMN "+a.Quote(r.From)+" TO "+a.Quote(r.To), schema.Hazard{Kind: schema.HazardRenameColumn, Columns: []string{r.To}})
	}
}

// renamedIndex makes later statements know an index by its new name.
func (a *alteration) renamedIndex(from, to string) {
	for _, list := range [][]schema.LiveIndex{a.live.Indexes, a.delta.Indexes.Extra} {
		for i := range list {
			if list[i].Name == from {
				list[i].Name = to
			}
		}
	}
	if a.live.KeyName == from {
		a.live.KeyName = to
	}
}

// comments sets those of the table and of columns that are not new, for these have had theirs.
func (a *alteration) comments() {
	if a.delta.Comment {
		a.comment("TABLE "+a.table, a.t.Born.Comment, schema.Hazard{Kind: schema.HazardDropComment})
	}
	for _, c := range a.delta.Columns {
		if c.Want.Comment != c.Have.Comment {
			a.comment("COLUMN "+a.table+"."+a.Quote(c.Want.Name), c.Want.Comment, hazard(schema.HazardDropComment, c.Want.Name))
		}
	}
	for _, c := range a.delta.Missing {
		if c.Comment != "" {
			a.comment("COLUMN "+a.table+"."+a.Quote(c.Name), c.Comment, schema.Hazard{})
		}
	}
}

func (a *alteration) comment(on, text string, drop schema.Hazard) {
	s := schema.Statement{SQL: "COMMENT ON " + on + " IS ", Lock: shareUpdateExclusive}
	switch {
	case text != "":
		s.SQL += literal(text)
	case a.allows(drop):
		s.SQL += "NULL"
		s.Hazards = []schema.Hazard{drop}
	default:
		return
	}
	a.add(s)
}

// online reports whether others may be at work on rows of the table.
func (a *alteration) online() bool { return a.t.Rows > 0 }

func (a *alteration) allows(h schema.Hazard) bool {
	_, ok := a.t.Policy.Allows(h, a.t.Model.Ref())
	return ok
}

// add appends a statement, in the plan's transaction unless it says otherwise.
func (a *alteration) add(s schema.Statement) {
	if s.Mode == "" {
		s.Mode = schema.ModeTransaction
	}
	a.plan.Statements = append(a.plan.Statements, s)
}

// change appends an ALTER TABLE that changes no more than the catalogue.
func (a *alteration) change(action string, hazards ...schema.Hazard) {
	a.add(schema.Statement{SQL: "ALTER TABLE " + a.table + " " + action, Lock: accessExclusive, Hazards: hazards})
}

// refuse appends a question to the whole table that must find no row.
func (a *alteration) refuse(query, words string) {
	s := schema.Statement{SQL: query, Mode: schema.ModeAlone, Lock: "access share", Scans: true, Refuse: words}
	if !a.online() {
		s.Mode = schema.ModeTransaction
	}
	a.add(s)
}

// free gives a name that no index or constraint of the table has, and takes it. What tells the object from others of
// the name goes into the tail.
func (a *alteration) free(name, structure string) string {
	name = a.FitName(name)
	for a.taken[name] {
		sum := sha256.Sum256([]byte(name + "\x00" + structure))
		tail := "_" + hex.EncodeToString(sum[:])[:8]
		name = schema.FitName(name, identifierLimit-len(tail)) + tail
	}
	a.taken[name] = true
	return name
}

// mentioned lists the columns of either side that an expression names.
func (a *alteration) mentioned(expr string) (columns []string) {
	for _, list := range [][]schema.LiveColumn{a.t.Born.Columns, a.live.Columns} {
		for _, c := range list {
			if schema.Mentions(expr, c.Name) && !slices.Contains(columns, c.Name) {
				columns = append(columns, c.Name)
			}
		}
	}
	slices.Sort(columns)
	return columns
}

func hazard(kind schema.HazardKind, columns ...string) schema.Hazard {
	return schema.Hazard{Kind: kind, Columns: columns}
}

// naming lists columns for people.
func naming(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = fmt.Sprintf("%q", c)
	}
	return strings.Join(quoted, ", ")
}
