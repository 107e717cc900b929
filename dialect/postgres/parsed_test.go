package postgres_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// aside compares a model with its table in a transaction of Aside.
func aside(t *testing.T, d *postgres.DB, model *schema.Table) (changes []schema.Change, parsed bool) {
	t.Helper()
	require.NoError(t, d.Aside(patience(t), func(ctx context.Context, tx dialect.Tx) error {
		birth, err := d.Born(ctx, tx, model)
		if err != nil {
			return err
		}
		live, err := d.Inspect(ctx, tx, model.Ref())
		if err != nil {
			return err
		}
		plan := d.Alter(dialect.Transition{Model: model, Born: birth, Live: live[0]})
		require.Empty(t, plan.Statements)
		require.Equal(t, birth.Parsed, len(plan.Notes) > 0)
		changes, parsed = plan.Changes, birth.Parsed
		return nil
	}))
	return changes, parsed
}

// TestComparingWithoutAnyRight has a role that may make nothing, and sessions that may write nothing.
func TestComparingWithoutAnyRight(t *testing.T) {
	url := postgrestest.Open(t)
	admin := open(t, url)
	exec(t, admin, "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$")
	model := everythingModel(t, schema.WithComment("all"), schema.WithCheck(`"vers""ion ü" > 0 AND loud <> 'x'`), schema.WithIndex("vers\"ion ü", "day"))
	models := append(dialect.LedgerModels(), tableOf[owner](t, schema.Named("owners")), model, tableOf[account](t, schema.Named("user")))
	create(t, admin, models...)
	readOnly := url + "&options=-c%20default_transaction_read_only%3Don"
	if !strings.Contains(url, "?") {
		readOnly = strings.Replace(readOnly, "&", "?", 1)
	}
	sessions := map[string]*postgres.DB{"role": open(t, postgrestest.Role(t, url)), "read-only": open(t, readOnly)}
	for name, d := range sessions {
		for _, m := range models {
			changes, parsed := aside(t, d, m)
			require.True(t, parsed, name)
			require.Empty(t, changes, "%s: %s", name, m)
		}
	}
	exec(t, admin, "ALTER TABLE everything DROP CONSTRAINT everything__owner_fk, DROP CONSTRAINT everything__6e572835_ck, "+
		"ALTER small TYPE integer, ALTER state DROP DEFAULT, ALTER word SET NOT NULL, ADD must int NOT NULL",
		"DROP INDEX everything__text_ix")
	for name, d := range sessions {
		changes, _ := aside(t, d, model)
		kinds := map[schema.ChangeKind]int{}
		for _, c := range changes {
			kinds[c.Kind]++
		}
		require.Equal(t, map[schema.ChangeKind]int{
			schema.ColumnType: 1, schema.ColumnDefault: 1, schema.ColumnNullability: 1, schema.ExtraColumn: 1,
			schema.MissingIndex: 1, schema.MissingForeignKey: 1, schema.MissingCheck: 1,
		}, kinds, "%s: %v", name, changes)
	}
}

// TestBornKnowsItsNames has both scratch places give the names that the table has.
func TestBornKnowsItsNames(t *testing.T) {
	url := postgrestest.Open(t)
	admin := open(t, url)
	d := open(t, postgrestest.Role(t, url))
	model := everythingModel(t)
	create(t, admin, tableOf[owner](t, schema.Named("owners")), model)
	live := inspect(t, admin, model.Ref())
	require.Equal(t, "everything_pkey", live.KeyName)
	same := func(birth *schema.Live) {
		t.Helper()
		require.False(t, birth.Parsed)
		require.ElementsMatch(t, live.Indexes, birth.Indexes)
		require.Equal(t, live.Checks, birth.Checks)
		require.Equal(t, live.ForeignKeys, birth.ForeignKeys)
	}
	same(born(t, d, model))
	exec(t, admin, "GRANT CREATE ON SCHEMA public TO PUBLIC",
		"DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$")
	same(born(t, d, model))
}

// TestTheCatalogueTellsWhatPlannersNeed reads what takes no part in comparisons.
func TestTheCatalogueTellsWhatPlannersNeed(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE SCHEMA s", `CREATE COLLATION s."My" (provider = libc, locale = 'C')`,
		`CREATE TABLE t (id int CONSTRAINT k PRIMARY KEY, a text COLLATE s."My" DEFAULT md5(random()::text), b text COLLATE "C" DEFAULT now()::text,
		c text DEFAULT 'x', u int CONSTRAINT u UNIQUE, g uuid DEFAULT gen_random_uuid())`, "INSERT INTO t VALUES (1), (2)")
	before := inspect(t, d, schema.Ref{Name: "t"})
	exec(t, d, "ALTER TABLE t ADD CONSTRAINT half CHECK (id > 1) NOT VALID, ADD CONSTRAINT far FOREIGN KEY (u) REFERENCES t NOT VALID")
	_, err := d.Writer().Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY broken ON t (c)")
	require.Error(t, err)
	live := inspect(t, d, schema.Ref{Name: "t"})
	require.NotEqual(t, before.Hash, live.Hash)
	require.Equal(t, "k", live.KeyName)
	require.Equal(t, []string{"far", "half"}, live.NotValid)
	require.Equal(t, []string{"broken"}, live.Invalid)
	require.True(t, live.Indexes[0].Constraint)
	var collations []string
	var volatile []bool
	for _, c := range live.Columns {
		collations, volatile = append(collations, c.Collation), append(volatile, c.Volatile)
	}
	require.Equal(t, []string{"", `s."My"`, `"C"`, "", "", ""}, collations)
	require.Equal(t, []bool{false, true, false, false, false, true}, volatile)
	exec(t, d, "ALTER TABLE t VALIDATE CONSTRAINT far")
	require.NotEqual(t, live.Hash, inspect(t, d, schema.Ref{Name: "t"}).Hash)
}
