package dialecttest

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func refs(names ...string) []schema.Ref {
	out := make([]schema.Ref, len(names))
	for i, name := range names {
		out[i] = schema.Ref{Name: name}
	}
	return out
}

// hold takes locks in a goroutine and returns once it has them. Releasing ends it and gives what Locked gave.
func hold(t *testing.T, d dialect.Dialect, names ...string) (release func() error) {
	t.Helper()
	held, let, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.Locked(t.Context(), refs(names...), func(context.Context, dialect.Tx) error {
			close(held)
			<-let
			return nil
		})
	}()
	released := false
	release = func() error {
		released = true
		close(let)
		return <-done
	}
	t.Cleanup(func() {
		if !released {
			_ = release()
		}
	})
	select {
	case <-held:
	case err := <-done:
		done <- err
		t.Fatalf("no lock: %v", err)
	}
	return release
}

func nothing(context.Context, dialect.Tx) error { return nil }

func exerciseLocks(t *testing.T, open opener) {
	d := open(t)
	t.Run("held by another", func(t *testing.T) {
		release := hold(t, d, "a", "b")
		// The wait is much shorter; this ends the test where there is no end to it.
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for _, names := range [][]string{{"a"}, {"b"}, {"c", "b"}} {
			err := d.Locked(ctx, refs(names...), func(context.Context, dialect.Tx) error {
				return errors.New("the lock was given twice")
			})
			require.ErrorIs(t, err, schema.ErrLockTimeout)
			require.True(t, schema.Transient(err))
		}
		require.NoError(t, release())
		require.NoError(t, d.Locked(t.Context(), refs("a", "b"), nothing))
	})
	t.Run("other tables are free", func(t *testing.T) {
		if d.Name() == "sqlite" {
			t.Skip("this database has one writer")
		}
		release := hold(t, d, "a")
		ran := false
		require.NoError(t, d.Locked(t.Context(), refs("b"), func(context.Context, dialect.Tx) error { ran = true; return nil }))
		require.True(t, ran)
		require.NoError(t, release())
	})
	t.Run("readers are free", func(t *testing.T) {
		s := storeOf[pair](t, d)
		release := hold(t, d, s.table.Ref().Name)
		require.Empty(t, s.mustList(t, dialect.Cond{}))
		require.NotNil(t, inspect(t, d, s.table.Ref()))
		require.NoError(t, release())
	})
	t.Run("one at a time", func(t *testing.T) { exerciseExclusion(t, d) })
	t.Run("aside", func(t *testing.T) { exerciseAside(t, d) })
	t.Run("failure takes everything back", func(t *testing.T) {
		standing, model := storeOf[pair](t, d, schema.Named("standing")), modelOf[seat](t, schema.Named("seats1"))
		failure := errors.New("no")
		err := d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
			require.NoError(t, apply(ctx, d, tx, model))
			require.NoError(t, standing.insertIn(ctx, tx, &pair{1, 2}))
			return failure
		})
		require.Same(t, failure, err, "an error of the function comes back as it is")
		require.Empty(t, standing.mustList(t, dialect.Cond{}))
		takenBack(t, d, model)
		create(t, d, model)
	})
	t.Run("failed statement takes everything back", func(t *testing.T) {
		model := modelOf[seat](t, schema.Named("seats2"))
		err := d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
			require.NoError(t, apply(ctx, d, tx, model))
			_, err := tx.Exec(ctx, "SELECT nosuch FROM nosuch")
			return d.Classify(err)
		})
		require.ErrorIs(t, err, schema.ErrMissing)
		takenBack(t, d, model)
	})
	t.Run("cancelled before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := d.Locked(ctx, refs("a"), func(context.Context, dialect.Tx) error {
			t.Error("ran without time to run")
			return nil
		})
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("cancelled while it runs", func(t *testing.T) {
		model := modelOf[seat](t, schema.Named("seats3"))
		ctx, cancel := context.WithCancel(t.Context())
		err := d.Locked(ctx, []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
			require.NoError(t, apply(ctx, d, tx, model))
			cancel()
			return ctx.Err()
		})
		require.ErrorIs(t, err, context.Canceled)
		takenBack(t, d, model)
		create(t, d, model)
	})
	t.Run("cancelled while it waits", func(t *testing.T) {
		release := hold(t, d, "a")
		ctx, cancel := context.WithCancel(t.Context())
		waiting := make(chan error, 1)
		go func() { waiting <- d.Locked(ctx, refs("a"), nothing) }()
		cancel()
		// It may have begun to wait or not, and its time may have run out first; nothing else may happen.
		if err := <-waiting; !errors.Is(err, schema.ErrLockTimeout) {
			require.ErrorIs(t, err, context.Canceled)
		}
		require.NoError(t, release())
		require.NoError(t, d.Locked(t.Context(), refs("a"), nothing))
	})
}

// takenBack shows that a table which was made is gone, or, where shapes commit, whole; then it is dropped.
func takenBack(t *testing.T, d dialect.Dialect, model *schema.Table) {
	t.Helper()
	if d.Capability().ShapesCommit {
		settled(t, d, model)
		exec(t, d, "DROP TABLE "+d.QuoteTable(model.Ref()))
	}
	require.Nil(t, inspect(t, d, model.Ref()))
}

// exerciseExclusion lets many take overlapping locks in any order: none may meet another inside, none may starve or
// deadlock, and what one wrote the next one sees.
func exerciseExclusion(t *testing.T, d dialect.Dialect) {
	s := storeOf[pair](t, d, schema.Named("turns"))
	s.mustInsert(t, &pair{0, 0})
	const workers, rounds = 4, 5
	var inside atomic.Int32
	table := d.QuoteTable(s.table.Ref())
	work := func(ctx context.Context, tx dialect.Tx) error {
		if inside.Add(1) != 1 {
			return errors.New("two at once")
		}
		defer inside.Add(-1)
		var n int64
		if _, err := dialect.QueryRow(ctx, tx, "SELECT max(b) FROM "+table, nil, &n); err != nil {
			return err
		}
		// A lost update would show in the sum.
		return s.insertIn(ctx, tx, &pair{n + 1, n + 1})
	}
	var group sync.WaitGroup
	ended := make(chan error, workers)
	for w := range workers {
		names := [][]string{{"a", "m"}, {"m", "a"}, {"m"}, {"z", "m"}}[w]
		group.Go(func() {
			for done := 0; done < rounds; {
				switch err := d.Locked(t.Context(), refs(names...), work); {
				case err == nil:
					done++
				case !errors.Is(err, schema.ErrLockTimeout):
					ended <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(ended)
	for err := range ended {
		require.NoError(t, err)
	}
	n, err := s.count(t.Context(), dialect.Cond{})
	require.NoError(t, err)
	require.EqualValues(t, 1+workers*rounds, n)
}

// exerciseAside looks at tables beside those who hold their locks.
func exerciseAside(t *testing.T, d dialect.Dialect) {
	model, wider := modelOf[thing](t), modelOf[thingWithNullableNumber](t, schema.Named("things"))
	create(t, d, model)
	defer exec(t, d, "DROP TABLE things")
	look := func(ctx context.Context, tx dialect.Tx) error {
		lives, err := d.Inspect(ctx, tx, model.Ref())
		if err != nil {
			return err
		}
		birth, err := d.Born(ctx, tx, wider)
		if err != nil {
			return err
		}
		require.Len(t, schema.Diff(birth, lives[0]), 1)
		return nil
	}
	release := hold(t, d, "things")
	require.NoError(t, d.Aside(t.Context(), look), "it does not wait for the lock")
	require.NoError(t, release())
	require.NoError(t, d.Aside(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
		if err := look(ctx, tx); err != nil {
			return err
		}
		// Nor does the lock's holder wait for it, whatever it does to the table.
		return d.Locked(t.Context(), refs("things"), func(ctx context.Context, within dialect.Tx) error {
			_, err := within.Exec(ctx, "ALTER TABLE things ADD COLUMN extra integer")
			return err
		})
	}))
	require.Len(t, inspect(t, d, model.Ref()).Columns, 3)

	// It may refuse to write or take it back.
	_ = d.Aside(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
		_, err := tx.Exec(ctx, "CREATE TABLE trace (a integer)")
		return err
	})
	require.Nil(t, inspect(t, d, schema.Ref{Name: "trace"}))
	failure := errors.New("no")
	require.Same(t, failure, d.Aside(t.Context(), func(context.Context, dialect.Tx) error { return failure }))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, d.Aside(ctx, nothing), context.Canceled)
}
