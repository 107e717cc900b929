package postgres_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

type (
	thing struct {
		ID int64 `db:"id" schema:"pk"`
		N  int64 `db:"n"`
	}
	thingNull struct {
		ID int64  `db:"id" schema:"pk"`
		N  *int64 `db:"n"`
	}
	thingFilled struct {
		ID int64 `db:"id" schema:"pk"`
		N  int64 `db:"n"  schema:"backfill=id * 2"`
	}
	thingVolatile struct {
		ID int64    `db:"id"   schema:"pk"`
		N  int64    `db:"n"`
		R  *float64 `db:"r"    schema:"default=random()"`
		S  float64  `db:"s"    schema:"default=random()"`
	}
	thingDefault struct {
		ID   int64  `db:"id"   schema:"pk"`
		N    int64  `db:"n"    schema:"default=7"`
		Note string `db:"note" schema:"default='it''s',comment='a note'"`
	}
	thingWas struct {
		ID int64 `db:"id" schema:"pk"`
		M  int64 `db:"m \"m\"" schema:"was=n,check=\"m \"\"m\"\"\" > 0"`
	}
	thingText struct {
		ID int64  `db:"id" schema:"pk"`
		N  string `db:"n"  schema:"size=40,default='x'"`
	}
	thingEnum struct {
		ID int64  `db:"id" schema:"pk"`
		N  string `db:"n"  schema:"enum=a|b|c"`
	}
	thingKey struct {
		ID int64 `db:"id"`
		N  int64 `db:"n" schema:"pk,auto"`
	}
	thingComputed struct {
		ID    int64  `db:"id"    schema:"pk"`
		N     int64  `db:"n"     schema:"generated=id * 2"`
		Label string `db:"label" schema:"backfill='x'"`
	}
	thingTwice struct {
		ID    int64 `db:"id"    schema:"pk"`
		N     int64 `db:"n"`
		Twice int64 `db:"twice" schema:"generated=n * 2"`
	}
	thingMoney struct {
		ID int64  `db:"id" schema:"pk"`
		N  string `db:"n"  schema:"type=decimal,precision=6,scale=2"`
	}
	thingOwned struct {
		ID int64 `db:"id" schema:"pk"`
		N  int64 `db:"n"  schema:"references=owners.id,ondelete=cascade"`
	}
)

// alterCase is a table that is there and the model that it is to become.
type alterCase struct {
	name  string
	live  string // the table, which is called things
	value string // of the column n in some rows
	model *schema.Table
	allow schema.HazardKind
	rows  bool // it can be carried out over the rows
}

func alterCases(t *testing.T) []alterCase {
	things := schema.Named("things")
	const plain = "id bigint PRIMARY KEY, n bigint NOT NULL"
	return []alterCase{
		{"add a column", "id bigint PRIMARY KEY", "", tableOf[thingNull](t, things), "", true},
		{"add a column that must be filled", "id bigint PRIMARY KEY", "", tableOf[thing](t, things), "", false},
		{"add a column and fill it", "id bigint PRIMARY KEY", "", tableOf[thingFilled](t, things), "", true},
		{"add columns with a default of their own for each row", plain, "id", tableOf[thingVolatile](t, things), "", true},
		{"add a default and a column with one", plain, "id", tableOf[thingDefault](t, things), "", true},
		{"set not null", "id bigint PRIMARY KEY, n bigint", "id", tableOf[thing](t, things), "", true},
		{"fill and set not null", "id bigint PRIMARY KEY, n bigint", "NULL", tableOf[thingFilled](t, things), "", true},
		{"drop not null", plain, "id", tableOf[thingNull](t, things), "", true},
		{"rename a column", plain, "id", tableOf[thingWas](t, things), "", true},
		{"rename the table", plain, "id", tableOf[thing](t, schema.Named("new things"), schema.Was("things")), "", true},
		{"widen", "id bigint PRIMARY KEY, n varchar(20) COLLATE \"POSIX\" DEFAULT 'x' NOT NULL CHECK (n <> '')", "'a'", tableOf[thingText](t, things), "", true},
		{"widen numbers", "id bigint PRIMARY KEY, n numeric(5,2) NOT NULL", "1.5", tableOf[thingMoney](t, things), "", true},
		{"another check over the column", "id bigint PRIMARY KEY, n text NOT NULL CHECK (n IN ('a', 'b'))", "'a'", tableOf[thingEnum](t, things), "", true},
		{"leftovers of another program", plain + ", legacy text NOT NULL, extra int UNIQUE DEFAULT 7, CHECK (extra > 0)", "id", tableOf[thing](t, things), "", false},
		{"drop what the model does not know", plain + ", legacy text, extra int UNIQUE, CHECK (extra > 0)", "id", tableOf[thing](t, things), schema.AnyHazard, true},
		{"generated column", plain + ", twice bigint GENERATED ALWAYS AS (n * 3) STORED NOT NULL", "id", tableOf[thingTwice](t, things), "", true},
		{"a key column is computed while another one is filled", "id bigint, n bigint, label text, PRIMARY KEY (id, n)", "id", tableOf[thingComputed](t, things), schema.AnyHazard, true},
		{"generated no longer", "id bigint PRIMARY KEY, n bigint GENERATED ALWAYS AS (id * 3) STORED NOT NULL", "", tableOf[thing](t, things), "", true},
		{"another key, numbered", plain, "id", tableOf[thingKey](t, things), "", true},
		{"constraints", plain, "id", tableOf[thingOwned](t, things, schema.WithIndex("n", "id"), schema.WithUnique("n"), schema.WithCheck("n < 1000000")), "", true},
		{"not validated", plain + ", CONSTRAINT half CHECK (n < 10) NOT VALID", "id", tableOf[thing](t, things, schema.WithCheck("n < 10")), "", true},
		{"another type", "id bigint PRIMARY KEY, n text DEFAULT '1' NOT NULL", "id::text", tableOf[thingDefault](t, things), "", true},
	}
}

// lay makes the table of a case, without rows or with some.
func (c alterCase) lay(t *testing.T, d dialect.Dialect, rows int) {
	t.Helper()
	exec(t, d, "DROP TABLE IF EXISTS things, \"new things\", owners", "CREATE TABLE owners (id bigint PRIMARY KEY)",
		"INSERT INTO owners SELECT generate_series(1, 9)", "CREATE TABLE things ("+strings.Replace(c.live, " NOT VALID", "", 1)+")")
	if rows > 0 {
		columns, values := "id", "id"
		if c.value != "" {
			columns, values = "id, n", "id, "+c.value
		}
		exec(t, d, fmt.Sprintf("INSERT INTO things (%s) SELECT %s FROM generate_series(1, %d) AS id", columns, values, rows))
	}
	if strings.Contains(c.live, "NOT VALID") {
		exec(t, d, "ALTER TABLE things DROP CONSTRAINT half, ADD CONSTRAINT half CHECK (n < 10) NOT VALID")
	}
}

func (c alterCase) plan(t *testing.T, d dialect.Dialect, at schema.Ref, rows int64) *schema.Plan {
	t.Helper()
	transition := dialect.Transition{Model: c.model, Born: born(t, d, c.model), Live: inspect(t, d, at), Rows: rows}
	if c.allow != "" {
		transition.Policy.Allow = []schema.Allowance{{Hazard: c.allow, Reason: "a test"}}
	}
	return d.Alter(transition)
}

// TestAlterSpelling compares the plans for tables without rows and with many.
func TestAlterSpelling(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	var text strings.Builder
	for _, c := range alterCases(t) {
		for _, rows := range []int64{0, 5000} {
			if c.name == "another type" && rows > 0 {
				continue
			}
			c.lay(t, d, 0)
			fmt.Fprintf(&text, "-- %s, %d rows\n%s\n", c.name, rows, c.plan(t, d, schema.Ref{Name: "things"}, rows))
		}
	}
	const golden = "testdata/alter.sql"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String())
}

// carry carries a plan out.
func carry(t *testing.T, d *postgres.DB, plan *schema.Plan) error {
	t.Helper()
	require.Empty(t, plan.Faults, plan.String())
	if plan.Stepwise() {
		applier, ok := any(d).(dialect.Applier)
		require.True(t, ok)
		for _, step := range plan.Steps() {
			if err := applier.Step(patience(t), step, nil); err != nil {
				return err
			}
		}
		return nil
	}
	return d.Locked(patience(t), []schema.Ref{plan.Table}, func(ctx context.Context, tx dialect.Tx) error {
		for _, s := range plan.Statements {
			if _, err := tx.Exec(ctx, s.SQL); err != nil {
				return fmt.Errorf("%s: %w", s.SQL, err)
			}
		}
		return nil
	})
}

// settled shows that nothing is left to do.
func (c alterCase) settled(t *testing.T, d dialect.Dialect, rows int64, former *schema.Plan) {
	t.Helper()
	after := c.plan(t, d, c.model.Ref(), rows)
	require.Empty(t, after.Statements, "%s\n%s", former, after)
	require.Empty(t, after.Blocking(), "%s\n%s", former, after)
}

func TestAlterSettles(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	for _, c := range alterCases(t) {
		for _, rows := range []int{0, 5} {
			if rows > 0 && !c.rows {
				continue
			}
			t.Run(fmt.Sprintf("%s, %d rows", c.name, rows), func(t *testing.T) {
				c.lay(t, d, rows)
				plan := c.plan(t, d, schema.Ref{Name: "things"}, int64(rows))
				require.Equal(t, rows > 0 && plan.Stepwise(), plan.Stepwise(), plan.String())
				require.NoError(t, carry(t, d, plan), plan.String())
				c.settled(t, d, int64(rows), plan)
				var n int
				_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*)::int FROM "+d.QuoteTable(c.model.Ref()), nil, &n)
				require.NoError(t, err)
				require.Equal(t, rows, n)
			})
		}
	}
}

// TestAlterFinishes begins a change by hand as an interrupted plan leaves it.
func TestAlterFinishes(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	things := schema.Named("things")
	for _, c := range []struct {
		alterCase
		begun string
		fails bool
	}{
		{
			alterCase{"a check that stands for not null", "id bigint PRIMARY KEY, n bigint", "id", tableOf[thing](t, things), "", true},
			"ALTER TABLE things ADD CONSTRAINT schemactor_nn_n CHECK (n IS NOT NULL) NOT VALID", false,
		},
		{
			alterCase{"the same, validated", "id bigint PRIMARY KEY, n bigint", "id", tableOf[thing](t, things), "", true},
			"ALTER TABLE things ADD CONSTRAINT schemactor_nn_n CHECK (n IS NOT NULL)", false,
		},
		{
			alterCase{"one that nobody wants any more", "id bigint PRIMARY KEY, n bigint", "id", tableOf[thingNull](t, things), "", true},
			"ALTER TABLE things ADD CONSTRAINT schemactor_nn_n CHECK (n IS NOT NULL) NOT VALID", false,
		},
		{
			alterCase{"a column not filled", "id bigint PRIMARY KEY, n bigint", "NULL", tableOf[thingFilled](t, things), "", true},
			"ALTER TABLE things ADD CONSTRAINT schemactor_fill_n CHECK (n IS NULL OR true) NOT VALID", false,
		},
		{
			alterCase{"an index that failed", "id bigint PRIMARY KEY, n bigint NOT NULL", "id / 2", tableOf[thing](t, things, schema.WithIndex("n")), "", true},
			"CREATE UNIQUE INDEX CONCURRENTLY things__n_ix ON things (n)", true,
		},
		{
			alterCase{"an index for a key that nobody wants", "id bigint PRIMARY KEY, n bigint NOT NULL", "id", tableOf[thing](t, things), "", true},
			"CREATE UNIQUE INDEX schemactor_key_01234567 ON things (n)", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.lay(t, d, 5)
			_, err := d.Writer().Exec(t.Context(), c.begun)
			require.Equal(t, c.fails, err != nil, "%v", err)
			plan := c.plan(t, d, schema.Ref{Name: "things"}, 5)
			require.NotEmpty(t, plan.Statements)
			require.Empty(t, plan.Hazards(), plan.String())
			require.NoError(t, carry(t, d, plan), plan.String())
			c.settled(t, d, 5, plan)
			require.Empty(t, inspect(t, d, c.model.Ref()).Checks)
			require.Empty(t, inspect(t, d, c.model.Ref()).Invalid)
		})
	}
}

// TestAlterLeavesConflictsAlone has both names of a renamed column, and a column that may be a renamed one.
func TestAlterLeavesConflictsAlone(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, `CREATE TABLE things (id bigint PRIMARY KEY, n bigint NOT NULL, "m ""m""" int CHECK ("m ""m""" > 0))`)
	c := alterCase{model: tableOf[thingWas](t, schema.Named("things")), allow: schema.AnyHazard}
	plan := c.plan(t, d, c.model.Ref(), 0)
	require.Len(t, plan.Faults, 1, plan.String())
	for _, s := range plan.Statements {
		require.NotContains(t, s.SQL, "COLUMN", plan.String())
	}
	exec(t, d, `ALTER TABLE things DROP COLUMN "m ""m"""`, "ALTER TABLE things RENAME n TO k")
	c.model = tableOf[thing](t, schema.Named("things"))
	require.Equal(t, []string{`column "n" is missing and "k" of the same type is not in the model: if it was renamed, say was=k`},
		c.plan(t, d, c.model.Ref(), 0).Hints)
}
