package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// ledgerLine has a key that does not sort as numbers and times read as texts do.
type ledgerLine struct {
	Region string `db:"region" schema:"pk"`
	At     string `db:"since"  schema:"pk,type=decimal,precision=12,scale=3,was=at"`
	N      int64  `db:"n"`
	Twice  int64  `db:"twice"  schema:"backfill=n * 2"`
}

const lines = 25_000

func ledgerLines(t *testing.T, d *postgres.DB) *schema.Plan {
	t.Helper()
	exec(t, d, `CREATE TABLE lines (region text COLLATE "en-x-icu", at numeric(12,3), n bigint NOT NULL, PRIMARY KEY (region, at))`,
		fmt.Sprintf(`INSERT INTO lines SELECT (ARRAY['b','A','a','B','ä %%','''x'])[1 + i %% 6], i / 8.0 - 700, i FROM generate_series(1, %d) AS i`, lines))
	model := tableOf[ledgerLine](t, schema.Named("lines"))
	return d.Alter(dialect.Transition{
		Model: model, Born: born(t, d, model), Live: inspect(t, d, model.Ref()), Rows: lines,
	})
}

// batches gives the first step of a plan that goes in batches, after those before it were taken.
func batches(t *testing.T, d *postgres.DB, plan *schema.Plan) []schema.Statement {
	t.Helper()
	for _, step := range plan.Steps() {
		if step[0].Mode == schema.ModeBatches {
			return step
		}
		require.NoError(t, d.Step(t.Context(), step, nil))
	}
	require.Fail(t, "no batches", plan.String())
	return nil
}

func TestBatchesFillEveryRowOnce(t *testing.T) {
	d := open(t, postgrestest.Open(t)+"&pool_max_conns=12")
	plan := ledgerLines(t, d)
	step := batches(t, d, plan)
	require.True(t, step[0].Scans)
	require.Equal(t, "row exclusive", step[0].Lock)
	require.Empty(t, step[0].Hazards)

	var written atomic.Int64
	stop := write(t, d, 8, func(ctx context.Context, who, round int) error {
		_, err := d.Writer().Exec(ctx, fmt.Sprintf("UPDATE lines SET n = n + 1 WHERE region = 'A' AND since = %d / 8.0 - 700",
			1+6*((who*1000+round)%4000)))
		written.Add(1)
		return err
	})
	var seen []int64
	require.NoError(t, d.Step(patience(t), step, func(rows int64) { seen = append(seen, rows) }))
	stop()
	require.Positive(t, written.Load())
	require.Len(t, seen, 25)
	for i, rows := range seen {
		require.Equal(t, int64(1000*(i+1)), rows)
	}
	require.Zero(t, one[int](t, d, "SELECT count(*) FROM lines WHERE twice IS NULL"))
	require.Zero(t, one[int](t, d, "SELECT count(*) FROM lines WHERE twice <> n * 2 AND region <> 'A'"))

	exec(t, d, "UPDATE lines SET twice = -1 WHERE n % 3 = 0")
	require.NoError(t, d.Step(patience(t), step, nil))
	require.NotZero(t, one[int](t, d, "SELECT count(*) FROM lines WHERE twice = -1"), "rows that need nothing are left alone")
}

// write keeps writers busy until the function it gives is called, which fails the test if one of them met an error.
func write(t *testing.T, d *postgres.DB, writers int, do func(ctx context.Context, who, round int) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var begun sync.WaitGroup
	begun.Add(writers)
	failures := make([]error, writers)
	for who := range writers {
		group.Go(func() {
			for round := 0; ctx.Err() == nil; round++ {
				if err := do(context.WithoutCancel(ctx), who, round); err != nil && failures[who] == nil {
					failures[who] = err
				}
				if round == 0 {
					begun.Done()
				}
			}
		})
	}
	begun.Wait()
	return func() {
		cancel()
		group.Wait()
		require.NoError(t, errors.Join(failures...))
	}
}

func TestBatchesStopBetween(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	step := batches(t, d, ledgerLines(t, d))
	ctx, cancel := context.WithCancel(t.Context())
	var last int64
	err := d.Step(ctx, step, func(rows int64) {
		if last = rows; rows >= 3000 {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, int64(3000), last)
	require.Equal(t, 3000, one[int](t, d, "SELECT count(*) FROM lines WHERE twice = n * 2"), "what was done stays")
}

func TestBatchesOutlastALock(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	step := batches(t, d, ledgerLines(t, d))
	release := hold(t, d, "UPDATE lines SET n = 0 WHERE n = 5000")
	done := make(chan error, 1)
	go func() { done <- d.Step(patience(t), step, nil) }()
	for range 2 { // it gives up and comes again, so that others are let through
		waiting(t, d)
		require.Eventually(t, func() bool {
			return one[int](t, d, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0
		}, patienceTime, tick)
	}
	release()
	require.NoError(t, <-done)
	require.Zero(t, one[int](t, d, "SELECT count(*) FROM lines WHERE twice IS NULL"))
}

func TestBatchesThatFailTellTheColumnOnly(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	step := batches(t, d, ledgerLines(t, d))
	exec(t, d, "ALTER TABLE lines ADD COLUMN word text", "UPDATE lines SET word = 'canary' WHERE n = 20000")
	for _, s := range []*string{&step[0].SQL, &step[0].Next} {
		*s = replace(*s, "(n * 2)", "(word::int)")
	}
	err := d.Step(t.Context(), step, nil)
	require.ErrorIs(t, err, schema.ErrUnfitRows)
	require.ErrorContains(t, err, `"twice"`)
	require.NotContains(t, err.Error(), "canary")
}

func TestFillWithoutAKeyIsOneStatement(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	exec(t, d, "CREATE TABLE things (id bigint NOT NULL, n bigint)", "INSERT INTO things VALUES (1, NULL), (2, 5)")
	model := tableOf[thingFilled](t, schema.Named("things"))
	plan := d.Alter(dialect.Transition{Model: model, Born: born(t, d, model), Live: inspect(t, d, model.Ref()), Rows: 2})
	require.NoError(t, carry(t, d, plan), plan.String())
	require.Equal(t, 7, one[int](t, d, "SELECT sum(n)::int FROM things"))
}
