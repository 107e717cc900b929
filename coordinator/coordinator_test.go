package coordinator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// waitFor gives other goroutines the processor until the condition holds.
func waitFor(t testing.TB, condition func() bool) {
	require.Eventually(t, condition, 30*time.Second, time.Millisecond)
}

func TestNewTouchesNoDatabase(t *testing.T) {
	w := &watched{Dialect: sqliteDatabase(t).open(t)}
	c := start(t, w, nil)
	register[User, uuid.UUID](t, c)
	require.ErrorIs(t, c.Ready(t.Context()), coordinator.ErrNotReady)
	require.Equal(t, schema.StateUnknown, statusOf(t, c, "users").State)
	require.Zero(t, w.surveys.Load()+w.locks.Load()+w.inspections.Load()+w.others.Load())
}

func TestStatusHistoryReady(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, db.open(t), &coordinator.Config{Application: "accounts"})
		users := register[User, uuid.UUID](t, c)
		register[User, uuid.UUID](t, c, schema.Named("people"))
		history, err := c.History(t.Context(), "users")
		require.NoError(t, err)
		require.Empty(t, history, "no ledger yet")

		require.NoError(t, users.Create(t.Context(), newUser()))
		err = c.Ready(t.Context())
		require.ErrorIs(t, err, coordinator.ErrNotReady)
		require.ErrorContains(t, err, "people")
		require.NotContains(t, err.Error(), "users")

		require.NoError(t, c.Ensure(t.Context(), "people"))
		require.NoError(t, c.Ready(t.Context()))
		statuses := c.Status()
		require.Len(t, statuses, 2)
		require.Equal(t, "people", statuses[0].Table.String())
		for _, s := range statuses {
			require.Equal(t, schema.StateReady, s.State)
			require.EqualValues(t, 1, s.Generation)
			require.Equal(t, users.Table().Fingerprint(), s.Fingerprint)
		}

		history, err = c.History(t.Context(), "users")
		require.NoError(t, err)
		require.Len(t, history, 1)
		require.Equal(t, schema.RevisionApplied, history[0].State)
		require.Equal(t, "accounts", history[0].Application)
		require.Equal(t, users.Table().Fingerprint(), history[0].ToFingerprint)
		require.NotEmpty(t, history[0].Statements)
		require.Equal(t, len(history[0].Statements), len(schemaStatements(t, db, users.Table())))
	})
}

// schemaStatements is what the database's own planner would run for a missing table.
func schemaStatements(t *testing.T, db database, model *schema.Table) []schema.Statement {
	return db.open(t).Create(model).Statements
}

func TestReadyEndsWithItsContext(t *testing.T) {
	c := start(t, sqliteDatabase(t).open(t), nil)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the probe is gone")
	cancel(gone)
	require.ErrorIs(t, c.Ready(ctx), gone)
}

// Close answers those who wait, in bounded time, and nothing works afterwards; the database stays open.
func TestClose(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d, other := db.open(t), db.open(t)
		c, err := coordinator.New(d, nil)
		require.NoError(t, err)
		users := register[User, uuid.UUID](t, c)
		warm := register[User, uuid.UUID](t, c, schema.Named("warm"))
		require.NoError(t, warm.Create(t.Context(), newUser()))

		require.NoError(t, other.Locked(t.Context(), []schema.Ref{{Name: "users"}},
			func(context.Context, dialect.Tx) error {
				waiters := make(chan []error, 1)
				go func() {
					waiters <- together(100, func(int) error { return users.Create(t.Context(), newUser()) })
				}()
				waitFor(t, func() bool { return statusOf(t, c, "users").Waiters == 100 })
				require.NoError(t, c.Close(t.Context()))
				for _, err := range <-waiters {
					require.ErrorIs(t, err, schema.ErrClosed)
				}
				return nil
			}))
		require.NoError(t, c.Close(t.Context()))

		require.ErrorIs(t, warm.Create(t.Context(), newUser()), schema.ErrClosed)
		_, err = warm.Get(t.Context(), uuid.New())
		require.ErrorIs(t, err, schema.ErrClosed)
		_, err = coordinator.Register[User, uuid.UUID](c, schema.Named("late"))
		require.ErrorIs(t, err, schema.ErrClosed)
		require.ErrorIs(t, c.Ensure(t.Context(), "users"), schema.ErrClosed)
		require.ErrorIs(t, c.EnsureAll(t.Context()), schema.ErrClosed)
		require.ErrorIs(t, c.Ready(t.Context()), schema.ErrClosed)
		require.ErrorIs(t, c.InTx(t.Context(), func(context.Context, dialect.Tx) error { return nil }), schema.ErrClosed)
		_, err = c.History(t.Context(), "users")
		require.ErrorIs(t, err, schema.ErrClosed)
		for _, s := range c.Status() {
			require.Equal(t, schema.StateClosed, s.State)
		}
		require.Equal(t, 1, rows(t, d, "warm"))
	})
}

// What happens to a table is in the log under the names that people search for.
func TestLogging(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		log, entries := observer.New(zap.DebugLevel)
		d := db.open(t)
		c := start(t, d, &coordinator.Config{Logger: zap.New(log)})
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, users.Create(t.Context(), newUser()))
		made := entries.FilterMessage("table made or changed").All()
		require.Len(t, made, 1)
		require.Equal(t, zap.InfoLevel, made[0].Level)
		fields := made[0].ContextMap()
		require.Equal(t, "users", fields["table"])
		require.EqualValues(t, 1, fields["generation"])
		require.EqualValues(t, 1, fields["waiters"])
		require.Positive(t, fields["statements"])
		require.Positive(t, fields["duration"])

		silent := entries.Len()
		require.NoError(t, users.Create(t.Context(), newUser()))
		require.Equal(t, silent, entries.Len(), "a warm call logs nothing")

		exec(t, d, "DROP TABLE users")
		require.NoError(t, users.Create(t.Context(), newUser()))
		given := entries.FilterMessage("memory of table given up").All()
		require.Len(t, given, 1)
		require.NotEmpty(t, given[0].ContextMap()["error"])
		made = entries.FilterMessage("table made or changed").All()
		require.Len(t, made, 2)
		require.EqualValues(t, 2, made[1].ContextMap()["generation"])

		second := start(t, db.open(t), &coordinator.Config{Logger: zap.New(log)})
		register[User, uuid.UUID](t, second)
		entries.TakeAll()
		require.NoError(t, second.EnsureAll(t.Context()))
		require.Zero(t, entries.FilterMessage("table made").Len(), "it was found")
		found := entries.FilterMessage("table ready").All()
		require.Len(t, found, 1)
		require.Equal(t, zap.DebugLevel, found[0].Level)
	})
}
