package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// requireUnsaved says that an error is one of the connection, after which nothing is stored.
func requireUnsaved(t *testing.T, err error) {
	t.Helper()
	e := postgres.Classify(err)
	require.ErrorIs(t, e, schema.ErrUnavailable)
	require.NotErrorIs(t, e, schema.ErrOutcomeUnknown)
}

// TestLostAnswerIsUnknown cuts the connection when the server has already done what it was told.
func TestLostAnswerIsUnknown(t *testing.T) {
	url := postgrestest.Open(t)
	between := newRelay(t, url)
	direct, d := open(t, url), open(t, between.URL)
	exec(t, direct, "CREATE TABLE t (id int)")
	for name, write := range map[string]func() error{
		"exec": func() error {
			_, err := d.Writer().Exec(t.Context(), "INSERT INTO t VALUES (1) -- lose")
			return err
		},
		"query": func() error {
			_, err := dialect.QueryRow(t.Context(), d.Writer(), "INSERT INTO t VALUES (1) RETURNING id -- lose",
				[]any{pgx.QueryExecModeExec}, new(int)) // one message, not one to prepare and one to run
			return err
		},
		"commit": func() error {
			tx, err := d.Begin(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
			_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (1)")
			require.NoError(t, err)
			between.loseAnswerTo("commit")
			return tx.Commit(t.Context())
		},
		"locked": func() error {
			return d.Locked(t.Context(), refs("t"), func(ctx context.Context, tx dialect.Tx) error {
				_, err := tx.Exec(ctx, "INSERT INTO t VALUES (1)")
				between.loseAnswerTo("commit")
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			exec(t, direct, "TRUNCATE t")
			between.loseAnswerTo("-- lose")
			err := d.Classify(write())
			require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
			require.ErrorIs(t, err, schema.ErrUnavailable)
			require.True(t, schema.Transient(err))
			require.EqualValues(t, 1, one[int64](t, direct, "SELECT count(*) FROM t"), "it was stored")
			exec(t, d, "SELECT 1")
		})
	}
	t.Run("read", func(t *testing.T) {
		between.loseAnswerTo("-- lose")
		_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT id FROM t -- lose", nil, new(int))
		requireUnsaved(t, err)
	})
	t.Run("before the commit", func(t *testing.T) {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		between.loseAnswerTo("-- lose")
		_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (2) -- lose")
		requireUnsaved(t, err)
		requireUnsaved(t, tx.Commit(t.Context()))
		require.Zero(t, one[int64](t, direct, "SELECT count(*) FROM t WHERE id = 2"))
	})
}

// TestEndedSessionIsUnavailable has the server end sessions by word, which is to take back what they did.
func TestEndedSessionIsUnavailable(t *testing.T) {
	url := postgrestest.Open(t)
	for name, through := range map[string]string{
		"direct": url, "pooler": postgrestest.NewPooler(t, url, postgrestest.PoolerConfig{}),
	} {
		t.Run(name, func(t *testing.T) {
			admin, d := open(t, url), open(t, through)
			exec(t, admin, "CREATE TABLE IF NOT EXISTS t (id int)")
			failed := make(chan error)
			go func() {
				_, err := d.Writer().Exec(t.Context(), "INSERT INTO t SELECT 1 FROM pg_sleep(60)")
				failed <- err
			}()
			sleeping(t, admin)
			postgrestest.Terminate(t, url, "query LIKE 'INSERT%'")
			requireUnsaved(t, <-failed)
			require.Zero(t, one[int64](t, admin, "SELECT count(*) FROM t"))
			exec(t, d, "SELECT 1")
		})
	}
}

// TestCrashIsUnknown crashes a server under a statement, which says nothing any more.
func TestCrashIsUnknown(t *testing.T) {
	server := postgrestest.NewServer(t)
	pooled := postgrestest.NewPooler(t, server.URL(), postgrestest.PoolerConfig{})
	for name, through := range map[string]string{"direct": server.URL(), "pooler": pooled} {
		t.Run(name, func(t *testing.T) {
			d := open(t, through)
			failed := make(chan error)
			go func() {
				_, err := d.Writer().Exec(t.Context(), "SELECT pg_sleep(60)")
				failed <- err
			}()
			sleeping(t, open(t, server.URL()))
			server.Crash()
			err := <-failed
			require.ErrorIs(t, d.Classify(err), schema.ErrOutcomeUnknown)
			server.Start()
		})
	}
}

// sleeping returns when a session is in pg_sleep.
func sleeping(t *testing.T, d dialect.Dialect) {
	t.Helper()
	require.Eventually(t, func() bool {
		return one[bool](t, d, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())")
	}, patienceTime, tick)
}
