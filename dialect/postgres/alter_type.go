package postgres

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// virtualTail ends LiveColumn.Generated of a column that is computed when it is read.
const virtualTail = " virtual"

// retyped changes a column's type: in the catalogue alone where the new one takes all values as they are stored, in place
// where the table is small, and by a second column otherwise. The model's default is set again, for it is of the
// old type.
func (a *alteration) retyped(c schema.ColumnDelta, model *schema.Column) {
	defer a.hasType(c.Want.Name, c.Want.Type)
	column, alter := a.Quote(c.Want.Name), "ALTER COLUMN "+a.Quote(c.Want.Name)+" "
	widens := widens(c.Have.Type, c.Want.Type)
	if !widens && a.t.Rows > smallTable {
		if query, words := a.unfit(c); query != "" {
			a.refuse(query, words)
		}
		for _, s := range a.retype(a.transition(), c) {
			a.add(s)
		}
		return
	}
	if query, words := a.unfit(c); !widens && query != "" && a.online() {
		a.add(schema.Statement{SQL: query, Lock: "access share", Scans: true, Refuse: words})
	}
	same := withoutCast(c.Have.Default) == withoutCast(c.Want.Default)
	if c.Have.Default != "" {
		a.change(alter + "DROP DEFAULT")
	}
	a.outdated(c)
	before, after := a.respelled(c.Want.Name)
	s := schema.Statement{SQL: "ALTER TABLE " + a.table + " " + before + alter + "TYPE " + columnType(model), Lock: accessExclusive}
	switch {
	case c.Have.Collation != "" && model.Kind == schema.KindString:
		s.SQL += " COLLATE " + c.Have.Collation
	case !textual(c.Have.Type) && model.Kind == schema.KindString:
		s.SQL += ` COLLATE "C"`
	}
	if widens {
		s.Scans = a.online() && a.judged(c.Want.Name)
	} else {
		s.SQL += " USING " + converted(c, model, column)
		s.Rewrites, s.Scans = a.online(), a.online()
		s.Hazards = []schema.Hazard{hazard(schema.HazardRetypeColumn, c.Want.Name)}
	}
	s.SQL += after
	a.add(s)
	switch drop := hazard(schema.HazardDropDefault, c.Want.Name); {
	case c.Want.Default != "" && same:
		a.setDefault(model)
	case c.Want.Default != "":
		a.setDefault(model, hazard(schema.HazardChangeDefault, c.Want.Name))
	case c.Have.Default != "" && a.allows(drop):
		a.plan.Statements[len(a.plan.Statements)-1].Hazards = append(s.Hazards, drop)
	case c.Have.Default != "":
		a.change(alter + "SET DEFAULT (" + c.Have.Default + ")")
	}
}

// outdated drops the checks that make room for others over a column that becomes a text or ceases to be one: what they
// ask of the old type cannot be asked of the new one.
func (a *alteration) outdated(c schema.ColumnDelta) {
	if textual(c.Have.Type) == textual(c.Want.Type) {
		return
	}
	a.delta.Replaced = slices.DeleteFunc(a.delta.Replaced, func(old schema.LiveCheck) bool {
		if !schema.Mentions(old.Expr, c.Want.Name) {
			return false
		}
		a.dropConstraint(old.Name, hazard(schema.HazardChangeCheck, a.mentioned(old.Expr)...))
		return true
	})
}

// respelled gives the actions around a change of type that make the model's checks of the column anew from the model's
// words. The server would make them from its own, and spell an IN over varchar differently each time.
func (a *alteration) respelled(column string) (before, after string) {
	called, model := a.ownNames(a.t.Model).checks, a.Grammar.checks(a.t.Model)
	for _, check := range a.live.Checks {
		born := slices.IndexFunc(a.t.Born.Checks, func(b schema.LiveCheck) bool { return b.Expr == check.Expr })
		if born < 0 || !schema.Mentions(check.Expr, column) || slices.Contains(a.live.NotValid, check.Name) {
			continue
		}
		if at := slices.Index(called, a.t.Born.Checks[born].Name); at >= 0 {
			before += "DROP CONSTRAINT " + a.Quote(check.Name) + ", "
			after += ", ADD CONSTRAINT " + a.Quote(check.Name) + " CHECK (" + model[at].Expr + ")"
		}
	}
	return before, after
}

// transition is what those who make statements for one column get to know: the table under its new names.
func (a *alteration) transition() dialect.Transition {
	t, live := a.t, *a.whole
	live.Ref, t.Live = fit(t.Model.Ref()), &live
	return t
}

// hasType makes statements that follow know the column's new type.
func (a *alteration) hasType(column, typ string) {
	for i := range a.whole.Columns {
		if a.whole.Columns[i].Name == column {
			a.whole.Columns[i].Type = typ
		}
	}
}

// judged reports whether something looks at every row again when the type of the column changes.
func (a *alteration) judged(column string) bool {
	return slices.ContainsFunc(a.live.Checks, func(c schema.LiveCheck) bool { return schema.Mentions(c.Expr, column) }) ||
		slices.ContainsFunc(a.live.Indexes, func(ix schema.LiveIndex) bool {
			return strings.ContainsAny(strings.TrimPrefix(ix.Definition, "btree ("), "(") && schema.Mentions(ix.Definition, column)
		})
}

// withoutCast takes from a default the cast that follows from the column's type.
func withoutCast(expr string) string {
	return strings.NewReplacer("::character varying", "", "::text", "").Replace(expr)
}

func textual(typ string) bool {
	return typ == "text" || strings.HasPrefix(typ, "character")
}

// span is what a canonical type can hold.
type span struct {
	family        string
	size, scale   int // of texts the characters, of numbers the digits; a size of 0 is without limit
	unconstrained bool
}

func spanOf(typ string) span {
	m := regexp.MustCompile(`^(character varying|numeric)(?:\((\d+)(?:,(\d+))?\))?$`).FindStringSubmatch(typ)
	if m == nil {
		if typ == "text" {
			return span{family: "text"}
		}
		return span{family: typ}
	}
	s := span{family: m[1], unconstrained: m[2] == ""}
	s.size, _ = strconv.Atoi(m[2])
	s.scale, _ = strconv.Atoi(m[3])
	if s.family == "character varying" {
		s.family = "text"
	}
	return s
}

// widens reports whether values of one type are stored as those of the other, so that a change needs no look at them.
func widens(from, to string) bool {
	a, b := spanOf(from), spanOf(to)
	switch {
	case a.family != b.family:
		return false
	case b.family == "text":
		return b.size == 0 || a.size > 0 && a.size <= b.size
	case b.family == "numeric":
		return b.unconstrained || !a.unconstrained && a.size <= b.size && a.scale == b.scale
	}
	return false
}

// holds reports whether a column of one type can be used as one of the other.
func holds(have, want string) bool {
	wider := map[string][]string{"smallint": {"integer", "bigint"}, "integer": {"bigint"}}
	return widens(want, have) || slices.Contains(wider[want], have)
}

// conversion gives a column's value in the type of a kind. Lengths and precisions are left to the assignment, which refuses
// texts that are too long, where a cast would cut them.
func conversion(from string, to schema.Kind, column string) string {
	number := slices.Contains([]string{"smallint", "integer", "bigint"}, from)
	switch {
	case to == schema.KindString && textual(from):
		return column
	case to == schema.KindString && from == "bytea":
		return "convert_from(" + column + ", 'UTF8')"
	case to == schema.KindBytes && textual(from):
		return "convert_to(" + column + "::text, 'UTF8')"
	case to == schema.KindBool && number:
		return column + " <> 0"
	case from == "boolean" && to != schema.KindString && to != schema.KindBool:
		return column + "::integer::" + baseType(to)
	case to == schema.KindDate && from == "timestamp with time zone":
		return "(" + column + " AT TIME ZONE 'UTC')::date"
	case to == schema.KindTime && (from == "date" || from == "timestamp without time zone"):
		return column + "::timestamp AT TIME ZONE 'UTC'"
	default:
		return column + "::" + baseType(to)
	}
}

// converted is conversion, or what the model's backfill makes of the column where it names it.
func converted(c schema.ColumnDelta, model *schema.Column, column string) string {
	if schema.Mentions(model.Backfill, c.Want.Name) {
		return "(" + model.Backfill + ")::" + baseType(model.Kind)
	}
	return conversion(c.Have.Type, model.Kind, column)
}

// unfit asks for a row whose value the new type cannot hold as it is; the query is empty where nobody can say.
func (a *alteration) unfit(c schema.ColumnDelta) (query, words string) {
	if model := a.model[c.Want.Name]; schema.Mentions(model.Backfill, c.Want.Name) {
		return "", "" // the model says itself what becomes of the values
	}
	column, to, condition := a.Quote(c.Want.Name), spanOf(c.Want.Type), ""
	bits := map[string]int{"smallint": 15, "integer": 31, "bigint": 63}
	from := spanOf(c.Have.Type).family
	number := bits[from] > 0 || from == "numeric" || from == "real" || from == "double precision"
	switch {
	case to.family == "text" && to.size > 0:
		condition = fmt.Sprintf("char_length(%s::text) > %d", column, to.size)
	case to.family == "numeric" && !to.unconstrained && number:
		condition = fmt.Sprintf("%[1]s::numeric <> round(%[1]s::numeric, %[2]d) OR abs(%[1]s::numeric) >= 10::numeric ^ %[3]d",
			column, to.scale, to.size-to.scale)
	case bits[to.family] > 0 && textual(c.Have.Type):
		condition = column + `::text !~ '^\s*[-+]?[0-9]+\s*$'`
	case bits[to.family] > 0 && number && bits[from] != bits[to.family]:
		n := bits[to.family]
		condition = fmt.Sprintf("%[1]s::numeric NOT BETWEEN -(2::numeric ^ %[2]d) AND 2::numeric ^ %[2]d - 1", column, n)
		if bits[from] == 0 {
			condition += fmt.Sprintf(" OR %[1]s::numeric <> trunc(%[1]s::numeric)", column)
		}
	}
	if condition == "" {
		return "", ""
	}
	return "SELECT 1 FROM " + a.table + " WHERE " + condition + " LIMIT 1",
		"column " + naming([]string{c.Want.Name}) + " holds values that do not fit " + c.Want.Type
}
