package actors

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

type faulty struct {
	ID int64 `db:"id" schema:"pk,check=no_such_function(id) > 0"`
}

func TestPermanentFailureIsTriedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := &hooked{Dialect: db.open(t)}
		var events record
		handle := add(t, start(t, d, Config{Listener: events.listener()}), model[faulty](t))
		errs := herd(1000, func(int) error { _, err := handle.Ready(t.Context()); return err })
		var failed *schema.EnsureError
		require.ErrorAs(t, errs[0], &failed)
		for _, err := range errs {
			require.Same(t, failed, err)
		}
		require.Equal(t, handle.Model().Ref(), failed.Table)
		require.Equal(t, schema.PhaseApply, failed.Phase)
		require.Contains(t, failed.Statement, "no_such_function")
		require.False(t, failed.Retryable)
		require.EqualValues(t, 1, d.locks.Load())
		require.EqualValues(t, 1, handle.Status().Attempts)
		require.False(t, exists(t, d, handle.Model().Ref()))

		status := handle.Status()
		require.Equal(t, schema.StateBlocked, status.State)
		require.Contains(t, status.LastError, "apply")
		require.Zero(t, status.NextRetry)
		require.Negative(t, events.first("failed").Retry)
		require.Same(t, failed, events.first("failed").Err)

		require.Error(t, handle.Ensure(t.Context()), "by hand it is tried at once")
		require.EqualValues(t, 2, d.locks.Load())
	})
}

func TestMissingPrivilegeIsTriedOnce(t *testing.T) {
	url := postgrestest.Open(t)
	admin := onPostgresURL(url).open(t)
	ready(t, add(t, start(t, admin, Config{}), accounts(t, named("makes_the_ledger"))))
	restricted := postgrestest.Role(t, url)
	exec(t, admin, "GRANT SELECT, INSERT, UPDATE ON schemactor_tables, schemactor_revisions TO PUBLIC",
		"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO PUBLIC")
	d := &hooked{Dialect: onPostgresURL(restricted).open(t)}
	handle := add(t, start(t, d, Config{}), accounts(t))
	errs := herd(1000, func(int) error { _, err := handle.Ready(t.Context()); return err })
	var failed *schema.EnsureError
	require.ErrorAs(t, errs[0], &failed)
	for _, err := range errs {
		require.Same(t, failed, err)
	}
	require.ErrorIs(t, failed, schema.ErrPermission)
	require.Equal(t, schema.PhaseApply, failed.Phase)
	require.Equal(t, handle.Model().Ref(), failed.Table)
	require.EqualValues(t, 1, d.locks.Load())
	require.Equal(t, schema.StateBlocked, handle.Status().State)
	exec(t, admin, "GRANT CREATE ON SCHEMA public TO PUBLIC")
	require.NoError(t, handle.Ensure(t.Context()))
	once(t, d, handle.Model().Ref())
}

func TestTransientFailureBacksOffAndProbesHalfOpen(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	clock := &fakeClock{}
	s := clock.install(start(t, db, Config{BackoffMin: time.Minute, BackoffMax: time.Hour}))
	handle := add(t, s, accounts(t))
	db.hook(func(h *hooked) {
		h.onLocked = func(context.Context, []schema.Ref) error {
			return &schema.Error{Kind: schema.ErrUnavailable}
		}
	})
	_, err := handle.Ready(t.Context())
	var failed *schema.EnsureError
	require.ErrorAs(t, err, &failed)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.True(t, failed.Retryable)
	require.Equal(t, schema.PhaseLock, failed.Phase)
	status := handle.Status()
	require.Equal(t, schema.StateFailed, status.State)
	require.WithinRange(t, status.NextRetry, clock.now().Add(48*time.Second), clock.now().Add(72*time.Second))

	clock.forward(47 * time.Second)
	for _, err := range herd(100, func(int) error { _, err := handle.Ready(t.Context()); return err }) {
		require.Same(t, failed, err, "the database is left alone")
	}
	require.EqualValues(t, 1, db.locks.Load())

	held := newGate()
	held.hold(db)
	clock.forward(26 * time.Second)
	done := make(chan []error, 1)
	go func() { done <- herd(100, func(int) error { _, err := handle.Ready(t.Context()); return err }) }()
	<-held.arrived
	eventually(t, "all wait for the prober", func() bool { return handle.Status().Waiters == 100 })
	require.EqualValues(t, 2, db.locks.Load())
	close(held.open)
	for _, err := range <-done {
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, handle.Status().Attempts)
	require.Empty(t, handle.Status().LastError)
}

func TestBackoffGrowsAndASuccessEndsIt(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	clock := &fakeClock{}
	var events record
	s := clock.install(start(t, db, Config{BackoffMin: time.Second, BackoffMax: 8 * time.Second, Listener: events.listener()}))
	handle := add(t, s, accounts(t))
	down := errors.New("gone away")
	db.hook(func(h *hooked) {
		h.onSurvey = func(context.Context) error { return &schema.Error{Kind: schema.ErrUnavailable, Cause: down} }
	})
	for range 6 {
		_, err := handle.Ready(t.Context())
		require.ErrorIs(t, err, down)
		clock.forward(10 * time.Second)
	}
	var pauses []time.Duration
	for _, e := range events.all("failed") {
		require.Equal(t, schema.PhaseSurvey, e.Phase)
		pauses = append(pauses, e.Retry)
	}
	require.Len(t, pauses, 6)
	for i, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 8 * time.Second} {
		require.InDelta(t, float64(want), float64(pauses[i]), 0.2*float64(want)+1)
	}
	db.hook(func(h *hooked) { h.onSurvey = nil })
	before := ready(t, handle)
	handle.Invalidate(before, down)
	db.hook(func(h *hooked) {
		h.onSurvey = func(context.Context) error { return &schema.Error{Kind: schema.ErrUnavailable, Cause: down} }
	})
	_, err := handle.Ready(t.Context())
	require.ErrorIs(t, err, down)
	all := events.all("failed")
	require.Less(t, all[len(all)-1].Retry, 2*time.Second, "counted from the beginning again")
}

func TestEnsureByHandDoesNotWaitForTheBackoff(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{BackoffMin: time.Hour, BackoffMax: time.Hour})
	parent, child := add(t, s, model[author](t)), add(t, s, model[book](t))
	db.hook(func(h *hooked) {
		h.onLocked = func(context.Context, []schema.Ref) error { return &schema.Error{Kind: schema.ErrUnavailable} }
	})
	_, err := child.Ready(t.Context())
	var failed *schema.EnsureError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, child.Model().Ref(), failed.Table)
	require.Equal(t, schema.PhaseDependencies, failed.Phase)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.Equal(t, schema.StateFailed, parent.Status().State)
	db.hook(func(h *hooked) { h.onLocked = nil })
	require.Error(t, func() error { _, err := child.Ready(t.Context()); return err }())
	require.NoError(t, child.Ensure(t.Context()), "the table it depends on is tried again too")
	require.Equal(t, schema.StateReady, parent.Status().State)
}

func TestPanicsBecomeErrors(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{Logger: zap.New(core)})
	const secret = "alice@example.org"
	for name, set := range map[string]func(h *hooked){
		"before the lock": func(h *hooked) { h.onLocked = func(context.Context, []schema.Ref) error { panic(secret) } },
		"in the survey":   func(h *hooked) { h.onSurvey = func(context.Context) error { panic(secret) } },
	} {
		t.Run(name, func(t *testing.T) {
			handle := add(t, s, accounts(t, named("panics %s", name)))
			db.hook(set)
			errs := herd(100, func(int) error { _, err := handle.Ready(t.Context()); return err })
			for _, err := range errs {
				require.Same(t, errs[0], err)
			}
			var failed *schema.EnsureError
			require.ErrorAs(t, errs[0], &failed)
			require.ErrorContains(t, failed, "panic (string)")
			require.NotContains(t, failed.Error(), secret)
			require.Equal(t, schema.StateBlocked, handle.Status().State)
			db.hook(func(h *hooked) { h.onLocked, h.onSurvey = nil, nil })
			require.NoError(t, handle.Ensure(t.Context()))
			once(t, db, handle.Model().Ref())
			require.NotZero(t, logs.FilterMessage("recovered from a panic").Len())
		})
	}
	for _, entry := range logs.All() {
		require.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), secret)
	}
}

func TestPanicInTheTransactionRollsBack(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{})
	handle := add(t, s, accounts(t))
	s.ledger = nil // whatever comes to pass inside of the transaction
	_, err := handle.Ready(t.Context())
	require.ErrorContains(t, err, "panic")
	require.False(t, db.panicked.Load(), "the dialect gets an error, and can roll back")
	require.False(t, exists(t, db, handle.Model().Ref()))
	exec(t, db, "CREATE TABLE still_writable (id INTEGER)")
}

func TestPanicInTheActorAnswers(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{})
	handle := add(t, s, accounts(t))
	now := s.now
	s.now = func() time.Time { panic("the clock fell down") }
	_, err := handle.Ready(t.Context())
	require.ErrorContains(t, err, "panic (string) in the schema actor")
	s.now = now
	ready(t, handle)
	once(t, db, handle.Model().Ref())
}

func TestAttemptThatNeverReturnsIsAnswered(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	handle := add(t, start(t, db, Config{}), accounts(t))
	db.hook(func(h *hooked) {
		h.onLocked = func(context.Context, []schema.Ref) error { runtime.Goexit(); return nil }
	})
	_, err := handle.Ready(t.Context())
	require.ErrorContains(t, err, "no result) in an attempt")
	db.hook(func(h *hooked) { h.onLocked = nil })
	require.NoError(t, handle.Ensure(t.Context()))
}

func TestPanickingListenerIsSkipped(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	cry := func(schema.Event) { panic("listener") }
	handle := add(t, start(t, onSQLite(t).open(t), Config{
		Logger:   zap.New(core),
		Listener: &schema.Listener{Ensuring: cry, Applied: cry, Ready: cry, Invalidated: cry},
	}), accounts(t))
	handle.Invalidate(ready(t, handle), nil)
	ready(t, handle)
	require.NotZero(t, logs.FilterField(zap.String("place", "a listener")).Len())
}
