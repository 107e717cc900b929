package mysql

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// way is how the server carries a clause of ALTER TABLE out, from the one that takes a moment to the one that writes the table
// anew while nobody else can write to it.
type way uint8

const (
	dropping way = iota // indexes and foreign keys go, in place
	instant             // in the catalogue alone
	inPlace             // indexes come, or the table is written anew, while others write
	copying
)

// smallTable is how many rows a table may hold to be written anew on the spot: it takes some milliseconds.
const smallTable = 1000

// clause is a part of an ALTER TABLE.
type clause struct {
	text    string
	way     way
	hazards []schema.Hazard
}

// alteration puts the plan for one table together. What it compares and looks things up in is the table under its new names.
type alteration struct {
	Grammar
	t        dialect.Transition
	plan     *schema.Plan
	table    string                    // quoted
	model    map[string]*schema.Column // by stored name
	delta    *schema.Delta
	live     *schema.Live
	before   *reader // of the live table, under its former names
	birth    *reader
	taken    map[string]bool // names of indexes and constraints that stay
	staying  map[string]bool // columns that stand in a key which the model does not know and that stays
	reformed map[string]bool // columns that another one takes the place of
	clauses  []clause
	later    []schema.Statement // once the clauses are carried out
}

// Alter implements dialect.Planner. One ALTER TABLE does all of it where the table is written anew or is empty, so that it is
// done as a whole or not at all; where it need not be, those parts that keep nobody waiting are apart from each other.
func (g Grammar) Alter(t dialect.Transition) *schema.Plan {
	a := &alteration{
		Grammar: g, t: t, table: g.QuoteTable(t.Model.Ref()), model: map[string]*schema.Column{}, taken: map[string]bool{},
		staying: map[string]bool{}, reformed: map[string]bool{}, before: readAll(source(t.Live)), birth: readAll(source(t.Born)),
	}
	for i := range t.Model.Columns() {
		c := &t.Model.Columns()[i]
		a.model[g.FitName(c.Name)] = c
	}
	a.compare()
	a.interrupted()
	a.rename()
	a.dropExtras()
	a.alterColumns()
	a.addColumns()
	a.key()
	a.indexes()
	a.checks()
	a.foreignKeys()
	a.comment()
	a.finish()
	return a.plan
}

func source(live *schema.Live) string {
	if len(live.Source) == 0 {
		return ""
	}
	return live.Source[0]
}

// compare finds the differences and tells them.
func (a *alteration) compare() {
	model := a.t.Model
	a.plan = &schema.Plan{Table: model.Ref(), Model: model.Fingerprint(), Base: a.t.Live.Hash, Rows: a.t.Rows, Faults: a.faults(model)}
	if a.renamesTable() {
		a.plan.Changes = append(a.plan.Changes, schema.Change{
			Kind: schema.RenamedTable, Object: model.Ref().String(), Have: a.t.Live.Ref.String(),
		})
	}
	a.delta = schema.Compare(asMeant(a.t.Born), asMeant(a.t.Live), schema.Renames(model, a.FitName)...)
	for i := range a.delta.Columns {
		c := &a.delta.Columns[i]
		c.Fits = c.Fits || holds(c.Have.Type, c.Want.Type)
	}
	a.live = quotedAgain(a.delta.Live())
	a.plan.Changes = append(a.plan.Changes, a.delta.Changes()...)
	a.plan.Hints = a.delta.RenameHints()
	for _, r := range a.delta.Conflicts {
		a.plan.Faults = append(a.plan.Faults, fmt.Sprintf("column %q and its former name %q are both there: "+
			"move what the old one holds and drop it, or take was= out of the model", r.To, r.From))
		a.delta.Extra = slices.DeleteFunc(a.delta.Extra, func(c schema.LiveColumn) bool { return c.Name == r.From })
		a.delta.Columns = slices.DeleteFunc(a.delta.Columns, func(c schema.ColumnDelta) bool { return c.Want.Name == r.To })
	}
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

// quotedAgain gives a table whose indexes and checks are spelled as the catalogue does, with all names in quotes: a comparison
// under new names leaves them out.
func quotedAgain(live *schema.Live) *schema.Live {
	quoted := func(text string) string {
		for _, c := range live.Columns {
			text = schema.Substitute(text, c.Name, quoteName(c.Name))
		}
		return text
	}
	out := *live
	out.Indexes, out.Checks = slices.Clone(live.Indexes), slices.Clone(live.Checks)
	for i := range out.Indexes {
		out.Indexes[i].Definition = quoted(out.Indexes[i].Definition)
	}
	for i := range out.Checks {
		out.Checks[i].Expr = quoted(out.Checks[i].Expr)
	}
	return &out
}

func (a *alteration) renamesTable() bool {
	return a.FitName(a.t.Model.Ref().Name) != a.FitName(a.t.Live.Ref.Name)
}

// former gives the name that a column has before the renames.
func (a *alteration) former(column string) string {
	for _, r := range a.delta.Renamed {
		if r.To == column {
			return r.From
		}
	}
	return column
}

// rename gives table and columns their new names; the server puts them into expressions, too.
func (a *alteration) rename() {
	if a.renamesTable() {
		a.add(schema.Statement{
			SQL:     "ALTER TABLE " + a.QuoteTable(a.t.Live.Ref) + " RENAME TO " + a.table,
			Hazards: []schema.Hazard{{Kind: schema.HazardRenameTable}},
		})
	}
	if len(a.delta.Renamed) == 0 {
		return
	}
	var actions []string
	var hazards []schema.Hazard
	for _, r := range a.delta.Renamed {
		actions = append(actions, "RENAME COLUMN "+a.Quote(r.From)+" TO "+a.Quote(r.To))
		hazards = append(hazards, hazard(schema.HazardRenameColumn, r.To))
	}
	a.add(schema.Statement{SQL: "ALTER TABLE " + a.table + " " + strings.Join(actions, ", "), Hazards: hazards})
}

// online reports whether others may be at work on rows of the table.
func (a *alteration) online() bool { return a.t.Rows > 0 }

// rebuilding is how the server writes a table anew for other keys and for what may not be NULL any more: while others write,
// unless it has computed columns.
func (a *alteration) rebuilding() way {
	stored := func(c schema.LiveColumn) bool {
		return c.Generated != "" && !strings.HasSuffix(c.Generated, " virtual")
	}
	if slices.ContainsFunc(a.live.Columns, stored) || slices.ContainsFunc(a.t.Born.Columns, stored) {
		return copying
	}
	return inPlace
}

func (a *alteration) allows(h schema.Hazard) bool {
	_, ok := a.t.Policy.Allows(h, a.t.Model.Ref())
	return ok
}

// add appends a statement. Over rows each stands by itself, for each is final.
func (a *alteration) add(s schema.Statement) {
	switch {
	case s.Mode == schema.ModeBatches:
		a.plan.Statements = append(a.plan.Statements, s)
		return
	case a.online():
		s.Mode = schema.ModeAlone
	default:
		s.Mode = schema.ModeTransaction
	}
	if s.Refuse == "" {
		s.Lock = lockOf(s.SQL)
	}
	a.plan.Statements = append(a.plan.Statements, s)
}

// lockOf is what others notice of a statement, in the words of the LOCK that it has. Whatever it says, its last moment is for nobody
// else.
func lockOf(text string) string {
	switch {
	case strings.HasSuffix(text, ", LOCK=SHARED"):
		return "shared"
	case strings.HasSuffix(text, ", LOCK=NONE"), strings.HasSuffix(text, ", ALGORITHM=INSTANT"):
		return "none, but for a moment"
	}
	return "exclusive"
}

// change adds a clause.
func (a *alteration) change(w way, text string, hazards ...schema.Hazard) {
	a.clauses = append(a.clauses, clause{text, w, hazards})
}

// refuse asks, before anything is changed, for a row that is in the way.
func (a *alteration) refuse(condition, words string) {
	if a.online() {
		a.add(schema.Statement{SQL: "SELECT 1 FROM " + a.table + condition + " LIMIT 1", Scans: true, Refuse: words})
	}
}

// overRows gives a hazard that only a table with rows has.
func (a *alteration) overRows(kind schema.HazardKind, columns ...string) []schema.Hazard {
	if !a.online() {
		return nil
	}
	return []schema.Hazard{hazard(kind, columns...)}
}

func hazard(kind schema.HazardKind, columns ...string) schema.Hazard {
	return schema.Hazard{Kind: kind, Columns: columns}
}

// finish makes statements of the clauses.
func (a *alteration) finish() {
	anew := slices.ContainsFunc(a.clauses, func(c clause) bool { return c.way == copying })
	if !a.online() || anew {
		a.alter(a.clauses, map[bool]string{true: ", ALGORITHM=COPY, LOCK=SHARED", false: ""}[a.online()], anew)
	} else {
		for w, how := range []string{", ALGORITHM=INPLACE, LOCK=NONE", ", ALGORITHM=INSTANT", ", ALGORITHM=INPLACE, LOCK=NONE"} {
			of := slices.DeleteFunc(slices.Clone(a.clauses), func(c clause) bool { return c.way != way(w) })
			a.alter(of, how, false)
		}
	}
	for _, s := range a.later {
		a.add(s)
	}
}

func (a *alteration) alter(clauses []clause, how string, anew bool) {
	if len(clauses) == 0 {
		return
	}
	s := schema.Statement{Rewrites: anew && a.online(), Scans: a.online() && clauses[0].way >= inPlace || anew && a.online()}
	if s.Rewrites && a.t.Rows > smallTable {
		s.Hazards = append(s.Hazards, schema.Hazard{Kind: schema.HazardRewriteTable})
	}
	texts := make([]string, len(clauses))
	for i, c := range clauses {
		texts[i] = c.text
		for _, h := range c.hazards {
			known := func(o schema.Hazard) bool { return o.Kind == h.Kind && slices.Equal(o.Columns, h.Columns) }
			if !slices.ContainsFunc(s.Hazards, known) {
				s.Hazards = append(s.Hazards, h)
			}
		}
	}
	s.SQL = "ALTER TABLE " + a.table + " " + strings.Join(texts, ", ") + how
	a.add(s)
}

// free gives a name that no index or constraint of the table has, and takes it.
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

// naming lists columns for people.
func naming(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = fmt.Sprintf("%q", c)
	}
	return strings.Join(quoted, ", ")
}
