package postgres_test

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestBornEqualsLive(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	for _, namespace := range []string{"", "Bil\"ling $$ ü"} {
		options := []schema.TableOption{schema.WithComment(`it's "all" \ here`)}
		owners := []schema.TableOption{schema.Named("owners")}
		if namespace != "" {
			options = append(options, schema.InNamespace(namespace))
			owners = append(owners, schema.InNamespace(namespace))
		}
		model, target := everythingModel(t, options...), tableOf[owner](t, owners...)
		require.Nil(t, inspect(t, d, model.Ref()))
		create(t, d, target, model)

		for _, m := range []*schema.Table{target, model} {
			live := inspect(t, d, m.Ref())
			require.Equal(t, m.Ref(), live.Ref)
			require.Len(t, live.Hash, 64)
			require.Equal(t, shape(live), shape(born(t, d, m)))
			require.Empty(t, d.Alter(dialect.Transition{Model: m, Born: born(t, d, m), Live: live}).Changes)
		}
		live := inspect(t, d, model.Ref())
		require.Len(t, live.Columns, len(model.Columns()))
		require.Equal(t, []string{"tenant", "id"}, live.Key)
		require.Len(t, live.Indexes, 4)
		require.Len(t, live.Checks, 3)
		require.Len(t, live.ForeignKeys, 1)
		require.Equal(t, schema.SetNull, live.ForeignKeys[0].OnDelete)
		require.Equal(t, schema.Cascade, live.ForeignKeys[0].OnUpdate)
		require.Equal(t, `it's "all" \ here`, live.Comment)
		require.Equal(t, `it's a \ flag`, live.Columns[2].Comment)
		require.Equal(t, schema.LiveColumn{Name: "tenant", Type: "character varying(20)", NotNull: true, Collation: `"C"`}, live.Columns[0])
	}
}

func TestBornLeavesNoTrace(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := everythingModel(t)
	broken := tableOf[small](t, schema.Named("broken"), schema.WithCheck("no_such_column > 0"))
	count := func(q dialect.Querier) (n int) {
		_, err := dialect.QueryRow(t.Context(), q, "SELECT count(*)::int FROM pg_class WHERE relnamespace = pg_my_temp_schema()"+
			" OR relnamespace = 'public'::regnamespace", nil, &n)
		require.NoError(t, err)
		return n
	}
	before := count(d.Reader())
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "CREATE TEMP TABLE mine AS SELECT 1 AS n")
	require.NoError(t, err)
	_, err = d.Born(t.Context(), tx, model)
	require.NoError(t, err)
	_, err = d.Born(t.Context(), tx, broken)
	require.ErrorIs(t, err, schema.ErrMissing)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = d.Born(canceled, tx, model)
	require.ErrorIs(t, err, context.Canceled)
	_, err = tx.Exec(t.Context(), "SELECT n FROM mine")
	require.NoError(t, err, "the transaction is not what it was")
	_, err = tx.Exec(t.Context(), "DROP TABLE mine")
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	require.Equal(t, before, count(d.Reader()))
}

func TestBornWithoutTheRightToTemporaryTables(t *testing.T) {
	url := postgrestest.Open(t)
	admin := open(t, url)
	d := open(t, postgrestest.Role(t, url))
	exec(t, admin, "DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$")
	model := everythingModel(t)
	create(t, admin, tableOf[owner](t, schema.Named("owners")), model)

	require.True(t, born(t, d, model).Parsed)
	exec(t, admin, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	require.Equal(t, shape(inspect(t, admin, model.Ref())), shape(born(t, d, model)))
	require.Nil(t, inspect(t, d, schema.Ref{Name: "schemactor_scratch"}))
}

type account struct {
	ID    int64   `db:"id"    schema:"pk,auto"`
	Email string  `db:"email" schema:"unique,size=320"`
	State string  `db:"state" schema:"enum=on|off,default='on'"`
	Note  *string `db:"note"  schema:"index"`
}

// TestTableMadeByHandMatches has another program's spelling of the same table.
func TestTableMadeByHandMatches(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := tableOf[account](t, schema.Named("accounts"))
	exec(t, d, `CREATE TABLE accounts (id bigserial PRIMARY KEY, email character varying(320) NOT NULL UNIQUE,
		state text DEFAULT 'on'::text NOT NULL CHECK (state = ANY (ARRAY['off', 'on'])), note text)`,
		"CREATE INDEX whatever ON accounts USING btree (note ASC NULLS LAST) WITH (fillfactor = 70)")
	require.Equal(t, shape(born(t, d, model)), shape(inspect(t, d, model.Ref())))
}

// TestDifferencesAreSeen changes one thing at a time, each of which must change the reading and the hash.
func TestDifferencesAreSeen(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := tableOf[account](t, schema.Named("accounts"))
	create(t, d, model)
	exec(t, d, "CREATE TABLE other (id bigint PRIMARY KEY)")
	last := inspect(t, d, model.Ref())
	for _, sql := range []string{
		"ALTER TABLE accounts ADD COLUMN extra int",
		"ALTER TABLE accounts ALTER COLUMN extra TYPE bigint",
		"ALTER TABLE accounts ALTER COLUMN extra SET DEFAULT 7",
		"ALTER TABLE accounts ALTER COLUMN extra SET NOT NULL",
		"ALTER TABLE accounts ADD FOREIGN KEY (extra) REFERENCES other (id) ON DELETE CASCADE",
		"ALTER TABLE accounts ADD CHECK (extra > 3)",
		"ALTER TABLE accounts DROP COLUMN extra",
		"ALTER TABLE accounts ALTER COLUMN id SET GENERATED ALWAYS",
		"ALTER TABLE accounts ALTER COLUMN id DROP IDENTITY",
		"ALTER TABLE accounts ADD COLUMN twice bigint GENERATED ALWAYS AS (id * 2) STORED",
		"CREATE INDEX ON accounts (state DESC)",
		"CREATE INDEX ON accounts (state DESC NULLS LAST)",
		"CREATE INDEX ON accounts (lower(note)) INCLUDE (state) WHERE note IS NOT NULL",
		"CREATE INDEX ON accounts (note text_pattern_ops)",
		`CREATE INDEX ON accounts (note COLLATE "POSIX")`,
		"CREATE INDEX ON accounts USING hash (note)",
		"ALTER TABLE accounts ADD CONSTRAINT late UNIQUE (note) DEFERRABLE",
		"COMMENT ON TABLE accounts IS 'x'",
		"COMMENT ON COLUMN accounts.note IS 'x'",
		"ALTER TABLE accounts RENAME COLUMN note TO remark",
	} {
		exec(t, d, sql)
		now := inspect(t, d, model.Ref())
		require.NotEqual(t, last.Hash, now.Hash, sql)
		require.NotEqual(t, shape(last), shape(now), sql)
		last = now
	}
	var definitions []string
	for _, ix := range last.Indexes {
		definitions = append(definitions, ix.Definition)
	}
	slices.Sort(definitions)
	require.Equal(t, []string{
		"btree (email)", `btree (lower(remark) COLLATE "C") INCLUDE (state) WHERE (remark IS NOT NULL)`,
		`btree (remark COLLATE "POSIX")`, "btree (remark text_pattern_ops)", "btree (remark)", "btree (remark) DEFERRABLE", "btree (state DESC NULLS LAST)",
		"btree (state DESC)", "hash (remark)",
	}, definitions)
}

func TestInvalidIndexDoesNotCount(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE TABLE t (id int PRIMARY KEY, n int)", "INSERT INTO t VALUES (1, 1), (2, 1)")
	_, err := d.Writer().Exec(t.Context(), "CREATE UNIQUE INDEX CONCURRENTLY n ON t (n)")
	require.ErrorIs(t, d.Classify(err), schema.ErrDuplicate)
	require.Empty(t, inspect(t, d, schema.Ref{Name: "t"}).Indexes)
}

func TestOtherRelationsAreNoTables(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE VIEW v AS SELECT 1 AS n", "CREATE SEQUENCE s", "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id)")
	for name, want := range map[string]string{"v": "a view", "s": "a sequence", "t_pkey": "an index"} {
		_, err := d.Inspect(t.Context(), d.Reader(), schema.Ref{Name: "t"}, schema.Ref{Name: name})
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, want)
	}
	require.NotNil(t, inspect(t, d, schema.Ref{Name: "t"}), "a partitioned table is a table")
	none, err := d.Inspect(t.Context(), d.Reader())
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestManyTablesComeInTheOrderAskedFor(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE SCHEMA a", "CREATE TABLE a.t (x int)", "CREATE TABLE t (y int)", "CREATE TABLE u (z int)")
	asked := []schema.Ref{{Name: "u"}, {Name: "gone"}, {Namespace: "a", Name: "t"}, {Namespace: "public", Name: "t"}, {Name: "t"}, {Namespace: "b", Name: "t"}}
	live, err := d.Inspect(t.Context(), d.Reader(), asked...)
	require.NoError(t, err)
	var columns []string
	for _, l := range live {
		if l == nil {
			columns = append(columns, "-")
			continue
		}
		columns = append(columns, l.Columns[0].Name)
	}
	require.Equal(t, []string{"z", "-", "x", "y", "y", "-"}, columns)
}

// TestNamespaceIsNeededOnlyWhereItIsMissing has a role that may not create schemas.
func TestNamespaceIsNeededOnlyWhereItIsMissing(t *testing.T) {
	url := postgrestest.Open(t)
	admin, d := open(t, url), open(t, postgrestest.Role(t, url))
	model := tableOf[small](t, schema.Named("t"), schema.InNamespace("billing"))
	statement := d.Create(model).Statements[0].SQL
	_, err := d.Writer().Exec(t.Context(), statement)
	require.ErrorIs(t, d.Classify(err), schema.ErrPermission)
	exec(t, admin, statement)
	exec(t, d, statement)
}
