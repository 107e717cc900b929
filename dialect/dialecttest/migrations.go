package dialecttest

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// migrations is the property that a table which was changed into a model is the one that would have been made from it,
// and still has its rows. A case is a random model, a table of it with random rows, and another model one to five changes
// away.
//
// rapid makes a failing case smaller and prints how to run it again: -rapid.failfile with the file it wrote below
// testdata/rapid, or -rapid.seed. -rapid.checks sets how many cases there are.
type migrations struct {
	d     dialect.Dialect
	count int
	born  map[string]string // tables that were left standing → those that were born as they are
}

// standingPairs is how many tables are left standing for the server's own dump.
const standingPairs = 200

func exerciseMigrations(t *testing.T, open opener) {
	m := &migrations{d: open(t), born: map[string]string{}}
	points := modelOf[tied](t)
	create(t, m.d, points)
	for id := range tiedRows {
		exec(t, m.d, fmt.Sprintf("INSERT INTO tieds (id) VALUES (%d)", id+1))
	}
	checks(t, 200)
	rapid.Check(t, m.check)
	m.dumped(t)
}

// checks sets how many cases there are, unless the command line says it. Under -short rapid takes a fifth of them.
func checks(t *testing.T, n int) {
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if given {
		return
	}
	if testing.Short() {
		n /= 2
	}
	f := flag.Lookup("rapid.checks")
	former := f.Value.String()
	require.NoError(t, f.Value.Set(fmt.Sprint(n)))
	t.Cleanup(func() { require.NoError(t, f.Value.Set(former)) })
}

// migration is one case.
type migration struct {
	d             dialect.Dialect
	before, after *blueprint
	from, to      *schema.Table
	kept          []pairedColumn
	looks         int
}

// pairedColumn is a column that both models have and whose values the change leaves alone.
type pairedColumn struct{ before, after string } // expressions that read it as text

func (m *migrations) check(r *rapid.T) {
	m.count++
	c := m.draw(r)
	policy := everything()
	if one(r, 4, "extras stay") {
		policy = schema.Policy{}
	}
	rows := c.read(r, c.from.Ref(), true)
	plan := planned(r, c.d, c.to, c.from.Ref(), policy)
	r.Logf("table\n%s\nmodel\n%s\nplan\n%s", c.d.Create(c.from), c.d.Create(c.to), plan)
	if len(policy.Allow) == 0 && len(plan.Faults) > 0 {
		// Something that stays is in the way, as a check over a column that becomes a text.
		policy = everything()
		plan = planned(r, c.d, c.to, c.from.Ref(), policy)
	}
	if err := carry(r, c.d, plan); err != nil {
		r.Logf("failed: %v", err)
		require.True(r, unfit(err), "%v", err)
		require.NotZero(r, plan.Rows, "%v", err)
		c.refused(r, plan, rows)
		rows, plan = nil, c.resume(r, policy)
	}
	done(r, c.d, c.to, policy, plan)
	require.Equal(r, rows, c.read(r, c.to.Ref(), false), "rows have changed")
	if len(policy.Allow) == 0 {
		plan = planned(r, c.d, c.to, c.to.Ref(), everything())
		r.Logf("extras go\n%s", plan)
		require.NoError(r, carry(r, c.d, plan))
		done(r, c.d, c.to, everything(), plan)
		require.Equal(r, rows, c.read(r, c.to.Ref(), false), "rows have changed")
	}
	m.compare(r, c)
}

// draw draws a case and makes its table.
func (m *migrations) draw(r *rapid.T) *migration {
	c := &migration{d: m.d, before: drawBlueprint(r, m.d)}
	var converted map[string]bool
	c.after, converted = c.before.mutate(r, m.d)
	name, former := fmt.Sprintf("m%dz", m.count), fmt.Sprintf("m%dz", m.count)
	var opts []schema.TableOption
	if one(r, 8, "table renamed") {
		former += "former"
		opts = append(opts, schema.Was(former))
	}
	c.from, c.to = c.before.model(r, m.d, former), c.after.model(r, m.d, name, opts...)
	create(r, m.d, c.from)
	c.before.fill(r, m.d, m.d.QuoteTable(c.from.Ref()))
	c.pair(converted)
	return c
}

// pair finds the columns whose values stay.
func (c *migration) pair(converted map[string]bool) {
	for i := range c.after.columns {
		after := &c.after.columns[i]
		before := c.before.column(after.Name)
		if after.Was != "" {
			before = c.before.column(after.Was)
		}
		if before == nil || after.Generated != "" || converted[after.Name] {
			continue
		}
		expr := c.d.Quote(before.Name)
		if before.Nullable && !after.Nullable && after.Backfill != "" {
			expr = "coalesce(" + expr + ", " + after.Backfill + ")"
		}
		c.kept = append(c.kept, pairedColumn{asText(c.d, expr), asText(c.d, c.d.Quote(after.Name))})
	}
}

// asText reads an expression so that only equal values give equal texts.
func asText(d dialect.Dialect, expr string) string {
	if d.Name() == "sqlite" {
		return "CASE typeof(" + expr + ") WHEN 'null' THEN 'NULL' WHEN 'blob' THEN hex(" + expr + ") ELSE CAST(" + expr + " AS TEXT) END"
	}
	if d.Name() == "mysql" {
		// A UUID is sixteen bytes.
		return "CONVERT(coalesce(CASE WHEN collation(" + expr + ") = 'binary' AND octet_length(" + expr + ") = 16 THEN lower(" +
			"insert(insert(insert(insert(hex(" + expr + "), 21, 0, '-'), 17, 0, '-'), 13, 0, '-'), 9, 0, '-')) ELSE " + expr +
			" END, 'NULL') USING utf8mb4) COLLATE utf8mb4_bin"
	}
	return "coalesce((" + expr + ")::text, 'NULL')"
}

// read gives the rows in the columns that stay, sorted; nil where there is none.
func (c *migration) read(r *rapid.T, table schema.Ref, before bool) []string {
	columns := make([]string, len(c.kept))
	for i, pair := range c.kept {
		if columns[i] = pair.after; before {
			columns[i] = pair.before
		}
	}
	// Another text each time, for a prepared statement does not outlive a change of its columns' types.
	c.looks++
	rows := texted(r, c.d, fmt.Sprintf("SELECT %s FROM %s -- look %d",
		strings.Join(columns, " || ' | ' || "), c.d.QuoteTable(table), c.looks))
	slices.Sort(rows)
	return rows
}

// refused shows what a plan that rows were in the way of has left: of one transaction nothing, of several the rows.
func (c *migration) refused(r *rapid.T, plan *schema.Plan, rows []string) {
	if plan.Stepwise() {
		require.Equal(r, int64(len(rows)), rowCount(r, c.d, c.place(r)), "rows are lost")
		return
	}
	live := inspect(r, c.d, c.from.Ref())
	require.NotNil(r, live)
	require.Equal(r, plan.Base, live.Hash, "the table is another one")
	require.Equal(r, rows, c.read(r, c.from.Ref(), true), "rows have changed")
}

// place finds the table, which may have its new name already.
func (c *migration) place(r *rapid.T) schema.Ref {
	if inspect(r, c.d, c.to.Ref()) != nil {
		return c.to.Ref()
	}
	return c.from.Ref()
}

// resume takes the rows away that were in the way, and plans and carries out what is left to do.
func (c *migration) resume(r *rapid.T, policy schema.Policy) *schema.Plan {
	at := c.place(r)
	empty := "DELETE FROM "
	if c.d.Name() == "mysql" {
		empty = "TRUNCATE TABLE " // which does not ask each row whether another one points to it
	}
	exec(r, c.d, empty+c.d.QuoteTable(at))
	plan := planned(r, c.d, c.to, at, policy)
	r.Logf("without rows\n%s", plan)
	require.NoError(r, carry(r, c.d, plan))
	return plan
}

// compare shows that the table equals one that was born, in the library's words and in the database's own.
func (m *migrations) compare(r *rapid.T, c *migration) {
	name := c.to.Ref().Name
	twin := c.after.model(r, m.d, name+"born")
	create(r, m.d, twin)
	live, twinLive := inspect(r, m.d, c.to.Ref()), inspect(r, m.d, twin.Ref())
	require.Empty(r, schema.Diff(twinLive, live))
	require.Empty(r, schema.Diff(live, twinLive))
	require.Empty(r, live.NotValid)
	require.Empty(r, live.Invalid)
	require.Equal(r, dump(r, m.d, twin.Ref().Name), dump(r, m.d, name))
	c.number(r)
	if len(m.born) < standingPairs {
		m.born[name] = twin.Ref().Name
		return
	}
	exec(r, m.d, "DROP TABLE "+name, "DROP TABLE "+twin.Ref().Name)
}

// number shows that a table which numbers its rows goes on behind those that are there.
func (c *migration) number(r *rapid.T) {
	unique := slices.ContainsFunc(c.after.indexes, func(ix schema.Index) bool { return ix.Unique })
	if !c.after.columns[0].Auto || unique {
		return
	}
	var names, values []string
	for i := range c.after.columns[1:] {
		if p := &c.after.columns[i+1]; p.Generated == "" {
			names, values = append(names, c.d.Quote(p.Name)), append(values, literals(c.d, &p.Column)[0])
		}
	}
	sql := "INSERT INTO " + c.d.QuoteTable(c.to.Ref()) + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(values, ", ") + ")"
	if len(names) == 0 {
		sql = emptyRow(c.d, c.d.QuoteTable(c.to.Ref()))
	}
	if _, err := c.d.Writer().Exec(r.Context(), sql); err != nil {
		require.True(r, unfit(c.d.Classify(err)), "%s: %v", sql, err)
		require.NotErrorIs(r, c.d.Classify(err), schema.ErrDuplicate, sql)
	}
}
