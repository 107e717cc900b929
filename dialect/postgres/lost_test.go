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
	require.Eventually(t, func() bool { return sleeps(t, d) }, patienceTime, tick)
}

// sleeps reports whether somebody is in pg_sleep.
func sleeps(t *testing.T, d dialect.Dialect) bool {
	return one[bool](t, d, "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database())")
}

// woken ends what sleeps, so that the next one who does is another one.
func woken(t *testing.T, d dialect.Dialect) {
	t.Helper()
	require.Eventually(t, func() bool {
		exec(t, d, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
		return !sleeps(t, d)
	}, patienceTime, tick)
}

// TestContextThatEndsUnderAWriteLeavesItUnknown has callers go when what they sent runs on the server already: under a
// statement of its own, and under a commit that checks a deferred constraint.
func TestContextThatEndsUnderAWriteLeavesItUnknown(t *testing.T) {
	url := postgrestest.Open(t)
	d, admin := open(t, url), open(t, url)
	for _, statement := range []string{
		"CREATE TABLE t (id int)",
		"CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$",
		"CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow()",
	} {
		exec(t, d, statement)
	}
	begun := func(t *testing.T) dialect.Tx {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (1)")
		require.NoError(t, err)
		return tx
	}
	for name, write := range map[string]func(t *testing.T) func(ctx context.Context) error{
		"exec": func(*testing.T) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				_, err := d.Writer().Exec(ctx, "INSERT INTO t VALUES (1)")
				return err
			}
		},
		"commit": func(t *testing.T) func(ctx context.Context) error { return begun(t).Commit },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			run, failed := write(t), make(chan error, 1)
			go func() { failed <- run(ctx) }()
			sleeping(t, admin)
			cancel()
			err := d.Classify(<-failed)
			require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
			require.ErrorIs(t, err, context.Canceled)
			woken(t, admin)
		})
	}
	t.Run("before it is sent", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		tx := begun(t)
		err := tx.Commit(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, schema.ErrOutcomeUnknown)
		require.NoError(t, tx.Rollback(t.Context()))
	})
}
