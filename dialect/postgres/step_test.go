package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func transaction(sql ...string) (step []schema.Statement) {
	for _, text := range sql {
		step = append(step, schema.Statement{SQL: text, Mode: schema.ModeTransaction, Lock: "access exclusive"})
	}
	return step
}

func concurrent(sql, undo string) []schema.Statement {
	return []schema.Statement{{SQL: sql, Undo: undo, Mode: schema.ModeConcurrent, Lock: "share update exclusive"}}
}

// hold keeps a lock until the test ends or the function it gives is called.
func hold(t *testing.T, d dialect.Dialect, sql string) (release func()) {
	t.Helper()
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), sql)
	require.NoError(t, err)
	release = func() { _ = tx.Rollback(context.Background()) }
	t.Cleanup(release)
	return release
}

// waiting returns when a session waits for another one's end or lock.
func waiting(t *testing.T, d dialect.Dialect) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT 1 FROM pg_locks WHERE NOT granted LIMIT 1", nil, new(int))
		require.NoError(t, err)
		return found
	}, 20*time.Second, time.Millisecond)
}

func one[T any](t *testing.T, d dialect.Dialect, sql string) (value T) {
	t.Helper()
	found, err := dialect.QueryRow(t.Context(), d.Reader(), sql, nil, &value)
	require.NoError(t, err, sql)
	require.True(t, found, sql)
	return value
}

const (
	buildIndex = `CREATE INDEX CONCURRENTLY "t n" ON "t" USING btree (n)`
	dropIndex  = `DROP INDEX CONCURRENTLY IF EXISTS "t n"`
	indexes    = "SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE c.relname = 't n'"
)

func tableOfRows(t *testing.T, d dialect.Dialect) {
	t.Helper()
	exec(t, d, "CREATE TABLE t (id int PRIMARY KEY, n int)", "INSERT INTO t SELECT i, i FROM generate_series(1, 100) AS i")
}

func TestStepIsOneTransaction(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	tableOfRows(t, d)
	require.NoError(t, d.Step(t.Context(), nil, nil))
	require.NoError(t, d.Step(t.Context(), transaction(`ALTER TABLE t ADD COLUMN a int`, `ALTER TABLE t ADD COLUMN b int`), nil))
	err := d.Step(t.Context(), transaction(`ALTER TABLE t DROP COLUMN a`, `ALTER TABLE t DROP COLUMN nothing`), nil)
	require.ErrorIs(t, err, schema.ErrMissing)
	require.Len(t, inspect(t, d, schema.Ref{Name: "t"}).Columns, 4)
}

func TestStepDoesNotWaitForLong(t *testing.T) {
	d := open(t, postgrestest.Open(t)+"&pool_max_conns=6")
	tableOfRows(t, d)
	for _, lock := range []string{"LOCK TABLE t IN ACCESS EXCLUSIVE MODE", "SELECT FROM t"} {
		release := hold(t, d, lock)
		for _, mode := range []schema.Mode{schema.ModeTransaction, schema.ModeAlone} {
			step := transaction("ALTER TABLE t ADD COLUMN a int")
			step[0].Mode = mode
			// Everybody else comes by once the step has given up.
			begun := time.Now()
			require.ErrorIs(t, d.Step(t.Context(), step, nil), schema.ErrLockTimeout)
			require.Less(t, time.Since(begun), 5*time.Second)
		}
		release()
	}
	require.NoError(t, d.Step(t.Context(), transaction("ALTER TABLE t ADD COLUMN a int"), nil))
}

// TestStepWaitsWhereNobodyMinds has a role with timeouts that would end what takes its time.
func TestStepWaitsWhereNobodyMinds(t *testing.T) {
	url := postgrestest.Open(t)
	plain := open(t, url)
	name := one[string](t, plain, "SELECT current_database()")
	exec(t, plain, "ALTER DATABASE "+name+" SET lock_timeout = '50ms'", "ALTER DATABASE "+name+" SET statement_timeout = '60ms'")
	tableOfRows(t, plain)
	exec(t, plain, "ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID")
	d, err := postgres.New(pool(t, url, func(c *pgxpool.Config) { c.MaxConns = 1 }), nil)
	require.NoError(t, err)
	validate := []schema.Statement{{
		SQL: "ALTER TABLE t VALIDATE CONSTRAINT c", Mode: schema.ModeAlone, Lock: "share update exclusive", Scans: true,
	}}
	for _, step := range [][]schema.Statement{validate, concurrent(buildIndex, dropIndex)} {
		release := hold(t, plain, "LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE")
		done := make(chan error, 1)
		go func() { done <- d.Step(patience(t), step, nil) }()
		require.Eventually(t, func() bool {
			return one[int](t, plain, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity a USING (pid)"+
				" WHERE NOT granted AND clock_timestamp() - a.query_start > interval '150ms'") > 0
		}, 20*time.Second, time.Millisecond, "it gave up before the lock was free")
		release()
		require.NoError(t, <-done)
	}
	require.Empty(t, inspect(t, plain, schema.Ref{Name: "t"}).NotValid)
	require.Equal(t, "50ms", one[string](t, d, "SHOW lock_timeout"), "a session keeps what a step has lifted")
	require.Equal(t, "60ms", one[string](t, d, "SHOW statement_timeout"))
}

func TestStepRefuses(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	tableOfRows(t, d)
	ask := schema.Statement{SQL: "SELECT n, n FROM t WHERE n = 100", Mode: schema.ModeTransaction, Refuse: "there is a hundred"}
	step := append(transaction("ALTER TABLE t ADD COLUMN a int"), ask)
	err := d.Step(t.Context(), step, nil)
	require.ErrorIs(t, err, schema.ErrUnfitRows)
	require.ErrorContains(t, err, "there is a hundred")
	require.Len(t, inspect(t, d, schema.Ref{Name: "t"}).Columns, 2, "the step was not undone")

	exec(t, d, "INSERT INTO t VALUES (1000, 1000)", "ALTER TABLE t ADD COLUMN word text", "UPDATE t SET word = 'canary' WHERE id = 7")
	ask.SQL = "SELECT 1 FROM t HAVING count(word::int) < 0"
	err = d.Step(t.Context(), []schema.Statement{ask}, nil)
	require.ErrorIs(t, err, schema.ErrUnfitRows, "a value on which the question fails is an answer")
	require.NotContains(t, err.Error(), "canary")

	ask.SQL = "SELECT 1 FROM t WHERE id < 0"
	require.NoError(t, d.Step(t.Context(), append([]schema.Statement{ask}, step[0]), nil))
	ask.SQL = "SELECT 1 FROM nowhere"
	require.ErrorIs(t, d.Step(t.Context(), []schema.Statement{ask}, nil), schema.ErrMissing)
}

func TestStepUndoes(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	tableOfRows(t, d)
	exec(t, d, "ALTER TABLE t ADD COLUMN a int", "ALTER TABLE t ADD CONSTRAINT c CHECK (n < 100) NOT VALID")
	step := []schema.Statement{{
		SQL: "ALTER TABLE t VALIDATE CONSTRAINT c", Mode: schema.ModeAlone, Lock: "share update exclusive",
		Undo: "ALTER TABLE t DROP CONSTRAINT c; ALTER TABLE t DROP COLUMN a",
	}}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Step(canceled, step, nil), context.Canceled)
	require.Len(t, inspect(t, d, schema.Ref{Name: "t"}).Columns, 3, "what may go on is no failure")
	// The undoing has to wait for a moment, too.
	release := hold(t, d, "SELECT FROM t")
	done := make(chan error, 1)
	go func() { done <- d.Step(t.Context(), step, nil) }()
	waiting(t, d)
	release()
	require.ErrorIs(t, <-done, schema.ErrCheck)
	live := inspect(t, d, schema.Ref{Name: "t"})
	require.Len(t, live.Columns, 2)
	require.Empty(t, live.Checks)
}

func TestStepLeavesNoUnfinishedIndex(t *testing.T) {
	d := open(t, postgrestest.Open(t)+"&pool_max_conns=4")
	tableOfRows(t, d)
	exec(t, d, "UPDATE t SET n = 1")
	unique := `CREATE UNIQUE INDEX CONCURRENTLY "t n" ON "t" USING btree (n)`
	err := d.Step(t.Context(), concurrent(unique, dropIndex), nil)
	require.ErrorIs(t, err, schema.ErrDuplicate)
	require.Zero(t, one[int](t, d, indexes))

	// One that was left behind is in nobody's way, and is never taken for a whole one.
	_, err = d.Writer().Exec(t.Context(), unique)
	require.Error(t, err)
	require.Equal(t, 1, one[int](t, d, indexes+" AND NOT x.indisvalid"))
	require.NoError(t, d.Step(t.Context(), concurrent(`CREATE INDEX CONCURRENTLY IF NOT EXISTS "t n" ON "t" USING btree (n)`, dropIndex), nil))
	require.Equal(t, 1, one[int](t, d, indexes+" AND x.indisvalid"))

	// A whole one of the name is not ours to drop.
	require.ErrorIs(t, d.Step(t.Context(), concurrent(buildIndex, dropIndex), nil), schema.ErrRaced)
	require.Equal(t, 1, one[int](t, d, indexes+" AND x.indisvalid"))
	require.NoError(t, d.Step(t.Context(), concurrent(dropIndex, ""), nil))
	require.Zero(t, one[int](t, d, indexes))
}

func TestStepCanceledLeavesNoUnfinishedIndex(t *testing.T) {
	for range 5 { // the cancellation meets it at one point or another
		d := open(t, postgrestest.Open(t)+"&pool_max_conns=4")
		tableOfRows(t, d)
		release := hold(t, d, "UPDATE t SET n = 0 WHERE id = 1")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- d.Step(ctx, concurrent(buildIndex, dropIndex), nil) }()
		waiting(t, d)
		require.Equal(t, 1, one[int](t, d, indexes+" AND NOT x.indisvalid"))
		cancel()
		// Dropping it concurrently waits for the writer as building it did.
		require.Eventually(t, func() bool {
			return one[int](t, d, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'") == 0
		}, 20*time.Second, time.Millisecond)
		release()
		err := <-done
		require.ErrorIs(t, err, context.Canceled)
		require.True(t, errors.As(err, new(*schema.Error)))
		require.Zero(t, one[int](t, d, indexes))
	}
}
