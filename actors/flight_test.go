package actors

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func TestThousandCallersMakeATableOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := db.open(t)
		handle := add(t, start(t, d, Config{Application: "herd"}), accounts(t))
		require.Equal(t, schema.StateUnknown, handle.Status().State)
		require.Nil(t, handle.Peek())
		seen := make([]*schema.Snapshot, 1000)
		for _, err := range herd(len(seen), func(i int) (err error) {
			seen[i], err = handle.Ready(t.Context())
			return err
		}) {
			require.NoError(t, err)
		}
		for _, s := range seen {
			require.Same(t, seen[0], s)
		}
		require.EqualValues(t, 1, seen[0].Generation)
		require.True(t, exists(t, d, handle.Model().Ref()))
		once(t, d, handle.Model().Ref())

		revision := history(t, d, handle.Model().Ref())[0]
		require.Equal(t, handle.Model().Fingerprint(), revision.ToFingerprint)
		require.Empty(t, revision.FromFingerprint)
		require.Equal(t, "herd", revision.Application)
		require.NotEmpty(t, revision.Checksum)
		require.False(t, revision.Tampered)
		require.Positive(t, revision.PID)

		status := handle.Status()
		require.EqualValues(t, 1, status.Attempts)
		require.EqualValues(t, 1, status.Generation)
		require.Zero(t, status.Waiters)

		entry, err := dialect.LedgerOf(d).Entry(t.Context(), d.Reader(), handle.Model().Ref())
		require.NoError(t, err)
		require.Contains(t, entry.Spec, "email", "the model is kept for later")
		require.Equal(t, seen[0].CatalogHash, entry.CatalogHash)
	})
}

func TestWarmReadySendsNoMessage(t *testing.T) {
	handle := add(t, start(t, onSQLite(t).open(t), Config{}), accounts(t))
	first := ready(t, handle)
	asks := handle.Status().Asks
	require.EqualValues(t, 1, asks)
	for range 1000 {
		require.Same(t, first, ready(t, handle))
		require.NoError(t, handle.Ensure(t.Context()))
	}
	require.Equal(t, asks, handle.Status().Asks)
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = handle.Ready(context.Background()) }))
}

func TestOneCallerLeavesTheOthersStay(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	held := newGate()
	held.hold(db)
	handle := add(t, start(t, db, Config{}), accounts(t))
	gone := errors.New("the user closed the window")
	ctx, cancel := context.WithCancelCause(t.Context())
	left := make(chan error, 1)
	done := make(chan []error, 1)
	go func() {
		done <- herd(1000, func(i int) error {
			if i > 0 {
				_, err := handle.Ready(t.Context())
				return err
			}
			_, err := handle.Ready(ctx)
			left <- err
			return nil
		})
	}()
	<-held.arrived
	eventually(t, "all callers wait", func() bool { return handle.Status().Waiters == 1000 })
	require.Equal(t, schema.StateEnsuring, handle.Status().State)
	cancel(gone)
	require.ErrorIs(t, <-left, gone, "the caller leaves while the work goes on")
	eventually(t, "one caller less", func() bool { return handle.Status().Waiters == 999 })
	_, err := handle.Ready(ctx)
	require.ErrorIs(t, err, gone)
	close(held.open)
	for _, err := range <-done {
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, handle.Status().Attempts)
	once(t, db, handle.Model().Ref())
}

func TestTheFirstCallerMayLeaveToo(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	held := newGate()
	held.hold(db)
	handle := add(t, start(t, db, Config{}), accounts(t))
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() { _, err := handle.Ready(ctx); left <- err }()
	<-held.arrived
	cancel()
	require.ErrorIs(t, <-left, context.Canceled)
	close(held.open)
	eventually(t, "the work was finished for nobody", func() bool { return handle.Peek() != nil })
	ready(t, handle)
	require.EqualValues(t, 1, handle.Status().Attempts)
}

func TestCallersWhoLeftAreForgotten(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	held := newGate()
	held.hold(db)
	handle := add(t, start(t, db, Config{}), accounts(t))
	a := newTableActor(handle)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10_000 {
		a.join(&ask{ctx: ctx, reply: make(chan answer, 1)})
	}
	require.LessOrEqual(t, len(a.asking), sweepFrom+1)
	close(held.open)
}

func TestDroppedTableIsMadeAgain(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := db.open(t)
		var events record
		handle := add(t, start(t, d, Config{Listener: events.listener()}), accounts(t))
		first := ready(t, handle)
		exec(t, d, "DROP TABLE "+d.QuoteTable(handle.Model().Ref()))
		cause := errors.New("no such table")
		herd(100, func(int) error { handle.Invalidate(first, cause); return nil })
		require.Nil(t, handle.Peek())
		require.Equal(t, schema.StateUnknown, handle.Status().State)
		for _, err := range herd(100, func(int) error { _, err := handle.Ready(t.Context()); return err }) {
			require.NoError(t, err)
		}
		second := ready(t, handle)
		require.EqualValues(t, 2, second.Generation)
		require.True(t, exists(t, d, handle.Model().Ref()))
		handle.Invalidate(first, cause)
		require.Same(t, second, handle.Peek(), "an old memory cannot take away the new one")
		require.Len(t, history(t, d, handle.Model().Ref()), 2)
		require.Equal(t, []string{"ensuring", "applied", "ready", "invalidated", "ensuring", "applied", "ready"}, events.kinds())
		require.ErrorIs(t, events.first("invalidated").Err, cause)
		require.EqualValues(t, 1, events.first("invalidated").Generation)
	})
}

func TestDroppedParentIsMadeAgainForItsChild(t *testing.T) {
	db := onSQLite(t).open(t)
	s := start(t, db, Config{})
	parent, child := add(t, s, model[author](t)), add(t, s, model[book](t))
	before := ready(t, child)
	exec(t, db, "DROP TABLE authors")
	child.Invalidate(before, schema.ErrMissing)
	ready(t, child)
	require.True(t, exists(t, db, parent.Model().Ref()))
	require.EqualValues(t, 2, ready(t, parent).Generation)
	once(t, db, child.Model().Ref())
}
