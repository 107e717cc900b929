package actors

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/schema"
)

func TestCloseAnswersEveryWaiter(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	arrived := make(chan struct{}, 2)
	db.hook(func(h *hooked) {
		h.onLocked = func(ctx context.Context, _ []schema.Ref) error {
			arrived <- struct{}{}
			<-ctx.Done()
			return ctx.Err()
		}
	})
	before := goleak.IgnoreCurrent()
	s := Start(db, Config{})
	one, other := add(t, s, accounts(t, named("one"))), add(t, s, accounts(t, named("other")))
	unused := add(t, s, accounts(t, named("unused")))
	done := make(chan []error, 1)
	go func() {
		done <- herd(1000, func(i int) error {
			_, err := []*Table{one, other}[i%2].Ready(context.Background())
			return err
		})
	}()
	<-arrived // and the other table's attempt waits for it
	eventually(t, "all wait", func() bool { return one.Status().Waiters+other.Status().Waiters == 1000 })
	require.NoError(t, s.Close(t.Context()))
	for _, err := range <-done {
		require.ErrorIs(t, err, schema.ErrClosed)
	}
	goleak.VerifyNone(t, before)

	for _, handle := range []*Table{one, other, unused} {
		_, err := handle.Ready(t.Context())
		require.ErrorIs(t, err, schema.ErrClosed)
		require.ErrorIs(t, handle.Ensure(t.Context()), schema.ErrClosed)
		require.Equal(t, schema.StateClosed, handle.Status().State)
	}
	_, err := s.Add(accounts(t, named("late")))
	require.ErrorIs(t, err, schema.ErrClosed)
	require.NoError(t, s.Close(t.Context()))
	exec(t, db, "CREATE TABLE the_database_is_still_open (id INTEGER)")
}

func TestCloseForgetsReadyTables(t *testing.T) {
	s := start(t, onSQLite(t).open(t), Config{})
	handle := add(t, s, accounts(t))
	seen := ready(t, handle)
	require.NoError(t, s.Close(t.Context()))
	require.Nil(t, handle.Peek())
	_, err := handle.Ready(t.Context())
	require.ErrorIs(t, err, schema.ErrClosed)
	handle.Invalidate(seen, schema.ErrMissing)
}

func TestCloseIsBounded(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	held := newGate()
	held.hold(db) // deaf to its context
	s := start(t, db, Config{})
	handle := add(t, s, accounts(t))
	answered := make(chan error, 1)
	go func() { _, err := handle.Ready(context.Background()); answered <- err }()
	<-held.arrived
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, s.Close(ctx), context.DeadlineExceeded)
	require.ErrorIs(t, <-answered, schema.ErrClosed, "callers are answered all the same")
	close(held.open)
	require.NoError(t, s.Close(t.Context()), "once the work has ended")
}

func TestCloseWhileCallersArrive(t *testing.T) {
	for range 20 {
		s := Start(onSQLite(t).open(t), Config{})
		handle := add(t, s, accounts(t))
		errs := herd(50, func(i int) error {
			if i == 25 {
				return s.Close(t.Context())
			}
			_, err := handle.Ready(t.Context())
			return err
		})
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, schema.ErrClosed)
			}
		}
	}
}
