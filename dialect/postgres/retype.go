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

// retypePrefix begins the names of all that a change of type makes on its way, but for the trigger and its function.
const retypePrefix = "schemactor_new_"

// retyping changes the type of one column of a table that others are at work on: by a second column, which a trigger
// keeps equal to the first one from its first moment on, and which takes the first one's place when all rows have it.
type retyping struct {
	Grammar
	t     dialect.Transition
	c     schema.ColumnDelta
	model *schema.Column
	delta *schema.Delta

	table, old, fresh string // quoted; fresh is the second column
	convert           string // the old value as one of the new type, without its length
	out               []schema.Statement
	swap              []schema.Statement
}

// retype gives the statements that change a column's type where the rows are to be written anew. What an interrupted
// plan has made of it is gone on with. A column of the key, one that the database numbers and one that is computed are
// changed in place, under a lock that nobody passes as long as it takes.
//
// The model's backfill is the conversion if it mentions the column; else it is the server's own. While the change goes
// on, a writer is refused a value that cannot be converted, as it will be afterwards. Indexes, constraints, default
// and comment go over to the new column; privileges on the column alone and statistics targets do not.
func (g Grammar) retype(t dialect.Transition, c schema.ColumnDelta) []schema.Statement {
	r := &retyping{
		Grammar: g, t: t, c: c, delta: schema.Compare(t.Born, t.Live),
		table: g.QuoteTable(t.Model.Ref()), old: g.Quote(c.Want.Name), fresh: g.Quote(freshName(c.Want.Name)),
	}
	for i := range t.Model.Columns() {
		if column := &t.Model.Columns()[i]; g.FitName(column.Name) == c.Want.Name {
			r.model = column
		}
	}
	r.convert = r.converted(r.old)
	if r.inPlace() {
		r.direct()
		return r.out
	}
	r.ask()
	r.expand()
	r.spread()
	r.swapHead()
	r.notNull()
	r.checks()
	r.foreignKeys()
	r.indexes()
	r.setDefault()
	r.out = append(r.out, r.swap...)
	return r.out
}

// freshName is what the second column is called.
func freshName(column string) string { return schema.FitName(retypePrefix+column, identifierLimit) }

// abandon takes away the second column of a change of type that is not gone on with, and what keeps it.
func (g Grammar) abandon(table schema.Ref, fresh string) string {
	return g.unlink(table, fresh) + ";\nALTER TABLE " + g.QuoteTable(table) + " DROP COLUMN IF EXISTS " + g.Quote(fresh)
}

// unlink drops the trigger and whichever function it runs, if they are there: the table may have been renamed since.
func (g Grammar) unlink(table schema.Ref, fresh string) string {
	return "DO " + dollars(fmt.Sprintf(`DECLARE f oid; BEGIN
  SELECT tgfoid INTO f FROM pg_catalog.pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s;
  IF FOUND THEN
    DROP TRIGGER %s ON %s;
    EXECUTE 'DROP FUNCTION ' || f::regprocedure;
  END IF;
END`, literal(g.QuoteTable(table)), literal(triggerName(fresh)), g.Quote(triggerName(fresh)), g.QuoteTable(table)))
}

// triggerName sorts behind all usual names, for triggers run in the order of their names, and this one must see what the
// others have made of the row.
func triggerName(fresh string) string { return "~schemactor_sync_" + shortHash(fresh) }

func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])[:8]
}

// dollars quotes a body.
func dollars(body string) string {
	tag := "$$"
	for n := 0; strings.Contains(body, tag); n++ {
		tag = fmt.Sprintf("$q%d$", n)
	}
	return tag + " " + body + " " + tag
}

// converted gives the value in the column's base type, in which lengths are left to the assignment: a cast would cut.
func (r *retyping) converted(column string) string {
	return converted(r.c, r.model, column)
}

// ownWay reports whether the model says how the values are converted.
func (r *retyping) ownWay() bool { return schema.Mentions(r.model.Backfill, r.c.Want.Name) }

// inPlace reports whether the column cannot have a second one beside it.
func (r *retyping) inPlace() bool {
	c := r.c
	return slices.Contains(r.keyNow(r.t), c.Want.Name) || c.Have.Identity || c.Want.Identity ||
		c.Have.Generated != "" || c.Want.Generated != "" ||
		slices.ContainsFunc(r.t.Live.Indexes, func(ix schema.LiveIndex) bool {
			odd := strings.HasSuffix(ix.Definition, " EXCLUDE") || strings.HasSuffix(ix.Definition, " DEFERRABLE")
			return odd && schema.Mentions(ix.Definition, c.Want.Name)
		})
}

func (r *retyping) hazard() []schema.Hazard {
	return []schema.Hazard{hazard(schema.HazardRetypeColumn, r.c.Want.Name)}
}

// undo is what makes an end of it where it cannot go on.
func (r *retyping) undo() string { return r.abandon(r.t.Model.Ref(), freshName(r.c.Want.Name)) }

func (r *retyping) add(s schema.Statement) { r.out = append(r.out, s) }

// alter gives a change of the catalogue.
func (r *retyping) alter(action string) schema.Statement {
	return schema.Statement{SQL: "ALTER TABLE " + r.table + " " + action, Mode: schema.ModeTransaction, Lock: accessExclusive}
}

// last appends to the step in which the columns change places.
func (r *retyping) last(action string) { r.swap = append(r.swap, r.alter(action)) }

func (r *retyping) direct() {
	if _, begun := r.t.Live.Column(freshName(r.c.Want.Name)); begun {
		s := r.alter("")
		s.SQL = r.undo()
		r.add(s)
	}
	s := r.alter("ALTER COLUMN " + r.old + " TYPE " + r.newType() + " USING " + r.convert)
	s.Rewrites, s.Scans = true, true
	s.Hazards = append(r.hazard(), hazard(schema.HazardRewriteTable, r.c.Want.Name))
	if r.c.Have.Default != "" {
		r.add(r.alter("ALTER COLUMN " + r.old + " DROP DEFAULT"))
	}
	r.swap = append(r.swap, s)
	r.setDefault()
	r.out = append(r.out, r.swap...)
}

// newType is the column's type, with the collation that texts had before.
func (r *retyping) newType() string {
	typ := columnType(r.model)
	switch {
	case r.model.Kind != schema.KindString:
	case r.c.Have.Collation != "":
		typ += " COLLATE " + r.c.Have.Collation
	case !textual(r.c.Have.Type):
		typ += ` COLLATE "C"`
	}
	return typ
}

// ask looks for what is in the way before anything is made: things that hold on to the old column, and values that the
// conversion refuses. The conversion itself is asked, on every row, for nobody else knows what it takes.
func (r *retyping) ask() {
	column := naming([]string{r.c.Want.Name})
	r.add(schema.Statement{
		Mode: schema.ModeAlone,
		SQL: fmt.Sprintf(`SELECT 1 FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = %s::regclass AND a.attname = %s AND d.deptype = 'n'
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_index x WHERE d.classid = d.refclassid AND x.indexrelid = d.objid AND x.indrelid = d.refobjid)
  AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint k
    WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid AND k.conrelid = d.refobjid AND a.attnum = ANY (k.conkey))
LIMIT 1`, literal(r.table), literal(r.c.Want.Name)),
		Refuse: "views, rules, policies, triggers, generated columns or foreign keys of other tables hold on to column " + column +
			", whose type cannot change meanwhile",
	})
	r.add(schema.Statement{
		Mode: schema.ModeAlone, Lock: "access share", Scans: true,
		SQL: "SELECT 1 FROM (SELECT " + r.convert + " AS v FROM " + r.table + " OFFSET 0) AS s HAVING count(v) < 0" + r.tooLong(),
		Refuse: "column " + column + " holds values that cannot become " + r.c.Want.Type + ": give it a backfill= that says, of " +
			column + ", what becomes of them",
	})
}

// tooLong asks for values that are longer than the new type allows.
func (r *retyping) tooLong() string {
	switch m := r.model; {
	case m.Kind == schema.KindString && m.Size > 0:
		return fmt.Sprintf(" OR count(*) FILTER (WHERE char_length(v) > %d) > 0", m.Size)
	case m.Kind == schema.KindDecimal:
		return fmt.Sprintf(" OR count(*) FILTER (WHERE v <> round(v, %d) OR abs(v) >= 10::numeric ^ %d) > 0", m.Scale, m.Precision-m.Scale)
	}
	return ""
}

// expand adds the second column together with the trigger: no row is written without it from then on.
func (r *retyping) expand() {
	fresh := freshName(r.c.Want.Name)
	have, begun := r.t.Live.Column(fresh)
	if begun && have.Type != r.c.Want.Type {
		s := r.alter("")
		s.SQL = r.undo()
		r.add(s)
		begun = false
	}
	if begun {
		s := r.alter("")
		s.SQL = r.unlink(r.t.Model.Ref(), fresh)
		r.add(s)
	} else {
		s := r.alter("ADD COLUMN " + r.fresh + " " + r.newType())
		s.Hazards = r.hazard()
		r.add(s)
		if comment := r.c.Have.Comment; comment != "" {
			r.add(schema.Statement{
				SQL:  "COMMENT ON COLUMN " + r.table + "." + r.fresh + " IS " + literal(comment),
				Mode: schema.ModeTransaction, Lock: shareUpdateExclusive,
			})
		}
	}
	ref := r.t.Model.Ref()
	ref.Name = r.FitName("schemactor_sync_" + ref.Name + "_" + shortHash(fresh))
	function, trigger := r.QuoteTable(ref), r.Quote(triggerName(fresh))
	r.add(schema.Statement{
		SQL: "CREATE OR REPLACE FUNCTION " + function + "() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS " +
			dollars(r.body()),
		Mode: schema.ModeTransaction,
	})
	r.add(schema.Statement{
		SQL: "CREATE TRIGGER " + trigger + " BEFORE INSERT OR UPDATE ON " + r.table + " FOR EACH ROW EXECUTE FUNCTION " + function + "()",
		// Rows that replication brings have to be kept equal as well: hence ALWAYS, below.
		Mode: schema.ModeTransaction, Lock: shareRowExclusive,
	})
	r.add(r.alter("ENABLE ALWAYS TRIGGER " + trigger))
}

// body is that of the trigger's function. A conversion that the model gives may speak of any column, so that the new row
// becomes a table for it.
func (r *retyping) body() string {
	value := r.converted("NEW." + r.old)
	if r.ownWay() {
		value = "(SELECT " + r.convert + " FROM (SELECT NEW.*) AS " + r.Quote(r.t.Model.Ref().Name) + ")"
	}
	return "#variable_conflict use_column\nBEGIN\n  NEW." + r.fresh + " := " + value + ";\n  RETURN NEW;\nEND"
}

// spread gives the second column its values in the rows that are there.
func (r *retyping) spread() {
	differs := r.fresh + " IS DISTINCT FROM " + r.convert
	if r.model.Kind == schema.KindString {
		differs = r.fresh + " IS DISTINCT FROM (" + r.convert + `) COLLATE "C"`
	}
	s := r.fill(r.t, freshName(r.c.Want.Name), r.convert, differs)
	s.Hazards, s.Undo = r.hazard(), r.undo()
	r.add(s)
}

// swapHead begins the step in which the second column takes the first one's name.
func (r *retyping) swapHead() {
	unlink := r.alter("")
	unlink.SQL = r.unlink(r.t.Model.Ref(), freshName(r.c.Want.Name))
	drop := r.alter("DROP COLUMN " + r.old)
	drop.Hazards = r.hazard()
	r.swap = append(r.swap, unlink, drop, r.alter("RENAME COLUMN "+r.fresh+" TO "+r.old))
}

// setDefault sets the model's default, or the one that was there if it may not go.
func (r *retyping) setDefault() {
	want, have := r.c.Want, r.c.Have
	drop := hazard(schema.HazardDropDefault, want.Name)
	_, allowed := r.t.Policy.Allows(drop, r.t.Model.Ref())
	switch {
	case want.Default != "":
		r.last("ALTER COLUMN " + r.old + " SET DEFAULT (" + r.DefaultExpr(r.model) + ")")
		if withoutCast(want.Default) != withoutCast(have.Default) {
			r.swap[len(r.swap)-1].Hazards = []schema.Hazard{hazard(schema.HazardChangeDefault, want.Name)}
		}
	case have.Default != "" && allowed:
		r.swap[0].Hazards = append(r.swap[0].Hazards, drop)
	case have.Default != "":
		r.last("ALTER COLUMN " + r.old + " SET DEFAULT (" + conversion(have.Type, r.model.Kind, "("+have.Default+")") + ")")
	}
}
