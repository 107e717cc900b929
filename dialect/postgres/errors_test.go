package postgres_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// TestClassify provokes each error on a server. The canary stands in the rows.
func TestClassify(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, url)
	exec(t, d,
		"CREATE TABLE parent (id int PRIMARY KEY)",
		`CREATE TABLE t (id int PRIMARY KEY, parent int REFERENCES parent, name text NOT NULL CONSTRAINT named UNIQUE,
			short varchar(3), CONSTRAINT positive CHECK (id > 0))`,
		"INSERT INTO t VALUES (1, NULL, '"+canary+"', 'a')")
	for name, test := range map[string]struct {
		sql        string
		kind       error
		constraint string
	}{
		"duplicate":         {"INSERT INTO t (id, name) VALUES (2, '" + canary + "')", schema.ErrDuplicate, "named"},
		"foreign key":       {"INSERT INTO t (id, name, parent) VALUES (2, 'kanarienvogel2', 9)", schema.ErrForeignKey, "t_parent_fkey"},
		"check":             {"INSERT INTO t (id, name) VALUES (-1, 'kanarienvogel2')", schema.ErrCheck, "positive"},
		"too long":          {"INSERT INTO t (id, name, short) VALUES (2, 'x', '" + canary + "')", schema.ErrCheck, ""},
		"too long to index": {"INSERT INTO t (id, name) SELECT 2, string_agg(md5(n::text), '') FROM generate_series(1, 200) AS n", schema.ErrCheck, "named"},
		"not null":          {"INSERT INTO t (id, short) VALUES (2, 'kan')", schema.ErrNotNull, "name"},
		"invalid text":      {"SELECT '" + canary + "'::int", schema.ErrInvalid, ""},
		"out of range":      {"SELECT 70000::smallint", schema.ErrInvalid, ""},
		"no table":          {"SELECT id FROM nowhere", schema.ErrMissing, ""},
		"no column":         {"SELECT nothing FROM t", schema.ErrMissing, ""},
		"no schema":         {"CREATE TABLE nowhere.t (id int)", schema.ErrMissing, ""},
		"other type":        {"UPDATE t SET id = 'x'::text", schema.ErrMissing, ""},
		"other operator":    {"SELECT 1 FROM t WHERE name = 1::bigint", schema.ErrMissing, ""},
		"raced":             {"CREATE TABLE t (id int)", schema.ErrRaced, ""},
		"statement limit":   {"SET LOCAL statement_timeout = 1; SELECT pg_sleep(10)", schema.ErrUnavailable, ""},
		"syntax":            {"SELEKT 1", nil, ""},
		"trigger's words":   {"DO $$ BEGIN RAISE 'row holds " + canary + "'; END $$", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := d.Writer().Exec(t.Context(), test.sql)
			e := d.Classify(err)
			require.Equal(t, test.kind, e.Kind, "%v", err)
			require.Equal(t, test.constraint, e.Constraint)
			require.Len(t, e.Code, 5)
			require.NotContains(t, e.Error(), canary[:3])
			require.ErrorIs(t, e, err)
			require.Same(t, e, postgres.Classify(fmt.Errorf("above: %w", e)))
		})
	}
	require.Nil(t, postgres.Classify(nil))
}

func TestClassifyPermission(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, postgrestest.Role(t, url))
	model := tableOf[small](t)
	err := d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
		_, err := tx.Exec(ctx, d.Create(model).Statements[0].SQL)
		return err
	})
	e := d.Classify(err)
	require.ErrorIs(t, e, schema.ErrPermission)
	require.False(t, schema.Transient(e))
	require.Equal(t, "permission denied: permission denied for schema public (42501)", e.Error())
}

func TestClassifyStalePlanAsMissing(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	read := func() error {
		var id any
		_, err := dialect.QueryRow(t.Context(), tx, "SELECT id FROM t", nil, &id)
		return err
	}
	require.NoError(t, read())
	_, err = tx.Exec(t.Context(), "ALTER TABLE t ALTER COLUMN id TYPE text")
	require.NoError(t, err)
	e := d.Classify(read())
	require.Equal(t, "0A000", e.Code)
	require.ErrorIs(t, e, schema.ErrMissing)
}

func TestClassifySerializationAndReadOnly(t *testing.T) {
	url := postgrestest.Open(t)
	d := open(t, url)
	exec(t, d, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1)")
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT id FROM t")
	require.NoError(t, err)
	exec(t, d, "UPDATE t SET id = 2")
	_, err = tx.Exec(t.Context(), "UPDATE t SET id = 3")
	require.ErrorIs(t, d.Classify(err), schema.ErrSerialization)

	standby, err := postgres.New(pool(t, url, readOnly), nil)
	require.NoError(t, err)
	_, err = standby.Writer().Exec(t.Context(), "INSERT INTO t VALUES (2)")
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
}

func TestClassifyKeepsTheCallersContext(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := d.Reader().Query(ctx, "SELECT 1")
	require.ErrorIs(t, d.Classify(err), context.Canceled)
	err = expire(t, func(t *testing.T) error {
		_, err := d.Writer().Exec(soon(t), "SELECT pg_sleep(60)")
		return err
	})
	require.ErrorIs(t, d.Classify(err), context.DeadlineExceeded)
}

// TestCreatesThatRaceAreRaced lets two sessions make one table at once, without the lock that keeps them apart.
func TestCreatesThatRaceAreRaced(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	first, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = first.Exec(t.Context(), "CREATE TABLE t (id int)")
	require.NoError(t, err)
	result := make(chan error)
	go func() {
		_, err := d.Writer().Exec(t.Context(), "CREATE TABLE t (id int)")
		result <- err
	}()
	require.NoError(t, first.Commit(t.Context()))
	require.ErrorIs(t, d.Classify(<-result), schema.ErrRaced)
}
