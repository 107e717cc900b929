package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// stepsUnderLock carries out a plan of every kind of step while the table's lock is held, and looks at it by another way.
func stepsUnderLock(t *testing.T, d, direct *postgres.DB) {
	t.Helper()
	plan := ledgerLines(t, d)
	ref := schema.Ref{Name: "lines"}
	var modes []schema.Mode
	steps := append(plan.Steps(), concurrent(`CREATE INDEX CONCURRENTLY "by n" ON "lines" USING btree (n)`, `DROP INDEX CONCURRENTLY IF EXISTS "by n"`))
	var looked int64
	err := d.Locked(t.Context(), []schema.Ref{ref}, func(ctx context.Context, tx dialect.Tx) error {
		for _, step := range steps {
			// A statement with parameters leaves its snapshot open until the next one, and a concurrent index waits for it.
			if _, err := tx.Exec(ctx, "SELECT 1"); err != nil {
				return err
			}
			modes = append(modes, step[0].Mode)
			require.NoError(t, d.Step(ctx, step, func(rows int64) { looked = rows }), step[0].SQL)
		}
		err := direct.Locked(ctx, []schema.Ref{ref}, func(context.Context, dialect.Tx) error { return nil })
		require.ErrorIs(t, err, schema.ErrLockTimeout, "the lock is held all the time")
		return d.Beside(ctx, func(ctx context.Context, q dialect.Querier) error {
			_, err := q.Exec(ctx, "CREATE TABLE note AS SELECT 1 AS a")
			return err
		})
	})
	require.NoError(t, err)
	require.Contains(t, modes, schema.ModeTransaction)
	require.Contains(t, modes, schema.ModeBatches)
	require.Contains(t, modes, schema.ModeConcurrent)
	require.EqualValues(t, lines, looked)
	require.Zero(t, one[int](t, direct, "SELECT count(*) FROM lines WHERE twice <> n * 2 OR twice IS NULL"))
	require.Equal(t, 1, one[int](t, direct, "SELECT count(*) FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE relname = 'by n' AND indisvalid"))
	require.Equal(t, 1, one[int](t, direct, "SELECT a FROM note"))
	survey, err := d.Survey(t.Context(), []schema.Ref{ref})
	require.NoError(t, err)
	require.Equal(t, inspect(t, direct, ref).Hash, survey.Sightings[0].CatalogHash)
}

// TestStepsOfAPoolOfOne need a second connection, which is there for as long as a step.
func TestStepsOfAPoolOfOne(t *testing.T) {
	address := postgrestest.Open(t)
	p := pool(t, address, func(c *pgxpool.Config) {
		c.MaxConns, c.MinConns = 1, 1
		c.ConnConfig.RuntimeParams["application_name"] = "lonely"
	})
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	direct := open(t, address)
	stepsUnderLock(t, d, direct)
	require.EqualValues(t, 1, p.Stat().TotalConns())
	require.Eventually(t, func() bool {
		return one[int](t, direct, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lonely'") == 1
	}, patienceTime, tick, "what was made beside the pool is closed")

	// Beside a lock there are two, and they are those of one program.
	err = d.Locked(t.Context(), refs("t"), func(ctx context.Context, tx dialect.Tx) error {
		return d.Beside(ctx, func(ctx context.Context, q dialect.Querier) error {
			require.Equal(t, 2, one[int](t, direct, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lonely'"))
			_, err := q.Exec(ctx, "SELECT nothing")
			return err
		})
	})
	require.ErrorIs(t, err, schema.ErrMissing, "its errors are classified")
}
