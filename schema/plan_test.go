package schema

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlan(t *testing.T) {
	empty := &Plan{Table: Ref{"app", "users"}}
	require.True(t, empty.Empty())
	require.Nil(t, empty.Blocking())
	require.Equal(t, "app.users: matches\n", empty.String())

	missing := &Plan{Table: Ref{Name: "users"}, Statements: []Statement{{SQL: "CREATE TABLE users (id)"}, {SQL: "ALTER TABLE users", Deferred: true}}}
	require.False(t, missing.Empty())
	require.Nil(t, missing.Blocking())
	require.Equal(t, "users: 0 changes, 2 statements\n  > CREATE TABLE users (id)\n  > ALTER TABLE users\n", missing.String())

	gone := Change{Kind: MissingColumn, Object: "a", Want: "text"}
	extra := Change{Kind: ExtraIndex, Object: "(b)", Have: "by_hand", Harmless: true}
	differs := &Plan{Table: Ref{Name: "users"}, Changes: []Change{extra, gone}}
	require.False(t, differs.Empty())
	require.Equal(t, []Change{gone}, differs.Blocking())
	require.Equal(t, "users: 2 changes, 0 statements\n  ~ extra index (b): have by_hand\n  ~ missing column a: want text\n", differs.String())

	harmless := &Plan{Changes: []Change{extra}}
	require.False(t, harmless.Empty(), "it does not match in every respect")
	require.Nil(t, harmless.Blocking(), "and serves the model all the same")
	require.False(t, (&Plan{Faults: []string{"two keys"}}).Empty(), "no statement does not mean no trouble")

	noted := &Plan{Table: Ref{Name: "users"}, Notes: []string{"expressions were not compared"}}
	require.True(t, noted.Empty())
	require.Equal(t, "users: 0 changes, 0 statements\n  . expressions were not compared\n", noted.String())
}

// full is a plan with every field and every mode. Each call makes a new one.
func full() *Plan {
	return &Plan{
		Table: Ref{"app", "users"}, Model: "m", Base: "b", Rows: 7,
		Changes: []Change{
			{Kind: MissingColumn, Object: "email", Want: "text"},
			{Kind: ExtraIndex, Object: "(b)", Have: "by_hand", Harmless: true, Serves: true},
		},
		Hints: []string{"it may have been renamed"}, Notes: []string{"nothing is known of triggers"}, Faults: []string{"a and b are both there"},
		Statements: []Statement{
			{SQL: "SET x", Mode: ModeTransaction},
			{SQL: "ALTER TABLE users\nADD COLUMN email text", Mode: ModeTransaction, Lock: "ACCESS EXCLUSIVE"},
			{
				SQL: "UPDATE users", Next: "UPDATE users WHERE id > $1", Mode: ModeBatches, Lock: "ROW EXCLUSIVE", Scans: true, Undo: "DROP x",
				Hazards: []Hazard{{HazardSetNotNull, []string{"email"}}},
			},
			{
				SQL: "SELECT 1 FROM users WHERE email IS NULL", Mode: ModeAlone, Scans: true, Refuse: "email holds NULL",
				Hazards: []Hazard{{HazardSetNotNull, []string{"email"}}, {HazardDropColumn, []string{"legacy"}}},
			},
			{SQL: "CREATE INDEX CONCURRENTLY i", Mode: ModeConcurrent, Scans: true},
			{SQL: "ALTER TABLE users ALTER COLUMN n", Mode: ModeTransaction, Rewrites: true, Scans: true, Hazards: []Hazard{{Kind: HazardRewriteTable}}},
			{SQL: "ALTER TABLE users ADD FOREIGN KEY", Mode: ModeTransaction, Deferred: true},
		},
	}
}

func TestPlanInFullForPeople(t *testing.T) {
	require.Equal(t, strings.TrimPrefix(`
app.users: 2 changes, 7 statements
  ~ missing column email: want text
  ~ extra index (b): have by_hand
  ! a and b are both there
  ? it may have been renamed
  . nothing is known of triggers
  > SET x
  > ALTER TABLE users
    ADD COLUMN email text
      lock: ACCESS EXCLUSIVE
  > UPDATE users
      runs in batches; lock: ROW EXCLUSIVE; reads the table; hazard: set-not-null(email)
  > SELECT 1 FROM users WHERE email IS NULL
      stops if it finds a row: email holds NULL; runs in a transaction of its own; reads the table; hazard: set-not-null(email); hazard: drop-column(legacy)
  > CREATE INDEX CONCURRENTLY i
      runs outside any transaction; reads the table
  > ALTER TABLE users ALTER COLUMN n
      rewrites the table; hazard: rewrite-table
  > ALTER TABLE users ADD FOREIGN KEY
`, "\n"), full().String())
}

func TestStepsOfAPlan(t *testing.T) {
	p := full()
	var sizes []int
	var all []Statement
	for _, step := range p.Steps() {
		sizes, all = append(sizes, len(step)), append(all, step...)
	}
	require.Equal(t, []int{2, 1, 1, 1, 2}, sizes, "neighbours of one transaction together, each other alone")
	require.Equal(t, p.Statements, all, "nothing is lost and the order stays")
	require.True(t, p.Stepwise())
	p.Statements = p.Statements[:2]
	require.False(t, p.Stepwise())
	require.Len(t, p.Steps(), 1)
	require.Nil(t, (&Plan{}).Steps())
	require.False(t, (&Plan{}).Stepwise())
	alone := &Plan{Statements: []Statement{{SQL: "a", Mode: ModeAlone}, {SQL: "b", Mode: ModeAlone}}}
	require.Len(t, alone.Steps(), 2, "two that want to be alone are not alone together")
}

func TestPlanAndPolicy(t *testing.T) {
	p := full()
	null, drop, rewrite := Hazard{HazardSetNotNull, []string{"email"}}, Hazard{HazardDropColumn, []string{"legacy"}}, Hazard{Kind: HazardRewriteTable}
	require.Equal(t, []Hazard{null, drop, rewrite}, p.Hazards(), "each once, in the statements' order")
	require.Equal(t, p.Hazards(), p.Refused(Policy{}))
	require.Empty(t, p.Reasons(Policy{}))
	some := Policy{Allow: []Allowance{
		{HazardDropColumn, "users", "legacy", "nobody reads it"},
		{HazardRewriteTable, "app.users", "", "at night"},
		{HazardSetNotNull, "orders", "", "another table"},
	}}
	require.Equal(t, []Hazard{null}, p.Refused(some))
	require.Equal(t, "drop-column(legacy): nobody reads it; rewrite-table: at night", p.Reasons(some))
	require.Empty(t, p.Refused(Policy{Allow: []Allowance{{Hazard: AnyHazard, Reason: "test"}}}))
	require.Empty(t, (&Plan{}).Refused(Policy{}))
}

func TestLongPlan(t *testing.T) {
	for _, c := range []struct {
		rows, limit int64
		scans, want bool
	}{
		{DefaultMaxRows, 0, true, false},
		{DefaultMaxRows + 1, 0, true, true},
		{DefaultMaxRows + 1, 0, false, false},
		{8, 7, true, true},
		{7, 7, true, false},
		{1 << 40, -1, true, false},
	} {
		p := &Plan{Rows: c.rows, Statements: []Statement{{SQL: "a"}, {SQL: "b", Scans: c.scans}}}
		require.Equal(t, c.want, p.Long(Policy{MaxRows: c.limit}), c)
	}
}

// TestPlanAsJSON pins the names: programs of other people read them.
func TestPlanAsJSON(t *testing.T) {
	p := full()
	p.Statements = p.Statements[2:4]
	data, err := json.Marshal(p)
	require.NoError(t, err)
	require.JSONEq(t, `{
	 "table": {"namespace": "app", "name": "users"}, "model": "m", "base": "b", "rows": 7,
	 "changes": [
	  {"kind": "missing column", "object": "email", "want": "text"},
	  {"kind": "extra index", "object": "(b)", "have": "by_hand", "harmless": true, "serves": true}
	 ],
	 "hints": ["it may have been renamed"], "notes": ["nothing is known of triggers"], "faults": ["a and b are both there"],
	 "statements": [
	  {"sql": "UPDATE users", "next": "UPDATE users WHERE id > $1", "mode": "batches", "lock": "ROW EXCLUSIVE", "scans": true,
	   "undo": "DROP x", "hazards": [{"kind": "set-not-null", "columns": ["email"]}]},
	  {"sql": "SELECT 1 FROM users WHERE email IS NULL", "mode": "alone", "scans": true, "refuse": "email holds NULL",
	   "hazards": [{"kind": "set-not-null", "columns": ["email"]}, {"kind": "drop-column", "columns": ["legacy"]}]}
	 ]
	}`, string(data))
	for _, plan := range []*Plan{full(), {Table: Ref{Name: "users"}, Model: "m"}} {
		data, err := json.Marshal(plan)
		require.NoError(t, err)
		var back Plan
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, plan, &back)
	}
}
