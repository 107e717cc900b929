package coordinator_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Doctor is somebody of whom one has to be on call.
type Doctor struct {
	ID     int64 `db:"id"      schema:"pk"`
	OnCall bool  `db:"on_call"`
}

var onCall = nodes.Query{Where: nodes.Eq("on_call", true)}

// first is a meeting of n goroutines, which each of them attends once, with its first attempt.
func first(n int) func(runs int) {
	var all sync.WaitGroup
	all.Add(n)
	return func(runs int) {
		if runs == 1 {
			all.Done()
			all.Wait()
		}
	}
}

func TestInTxIsolation(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		for _, level := range []dialect.Isolation{dialect.ReadCommitted, dialect.RepeatableRead, dialect.Serializable} {
			var isolation, readOnly string
			ask := func(ctx context.Context, tx dialect.Tx) error {
				if db.name != "postgres" {
					return nil
				}
				_, err := dialect.QueryRow(ctx, tx,
					"SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')",
					nil, &isolation, &readOnly)
				return err
			}
			require.NoError(t, c.InTx(t.Context(), ask, coordinator.Isolation(level)))
			if db.name == "postgres" {
				require.Equal(t, []string{level.String(), "off"}, []string{isolation, readOnly})
			}
			require.NoError(t, c.InTx(t.Context(), ask, coordinator.ReadOnly(), coordinator.Isolation(level)))
			if db.name == "postgres" {
				require.Equal(t, []string{level.String(), "on"}, []string{isolation, readOnly})
			}
		}
		unknown := c.InTx(t.Context(), func(context.Context, dialect.Tx) error {
			require.Fail(t, "began")
			return nil
		}, coordinator.Isolation(dialect.Serializable+1))
		require.ErrorIs(t, unknown, schema.ErrInvalid)
	})
}

// Two doctors leave at the same moment, each because the other is there. Only serializable transactions see through it.
func TestInTxWriteSkew(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		doctors := register[Doctor, int64](t, c)
		leave := func(opts ...coordinator.TxOption) (runs int64, errs []error) {
			_, err := doctors.BulkDelete(t.Context(), nodes.AllRows())
			require.NoError(t, err)
			for id := range int64(2) {
				require.NoError(t, doctors.Create(t.Context(), &Doctor{ID: id, OnCall: true}))
			}
			meet := first(2)
			if db.name == "sqlite" {
				meet = func(int) {} // its writers come one after the other
			}
			var all atomic.Int64
			errs = together(2, func(i int) error {
				own := 0
				return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
					own++
					all.Add(1)
					there, err := doctors.In(tx).Count(ctx, onCall)
					meet(own)
					if err != nil || there < 2 {
						return err
					}
					_, err = doctors.In(tx).Patch(ctx, int64(i), nodes.Set{"on_call": false})
					return err
				}, opts...)
			})
			return all.Load(), errs
		}
		left := func() int { return count(t, d, "SELECT count(*) FROM doctors WHERE on_call") }

		runs, errs := leave(coordinator.Isolation(dialect.Serializable))
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 1, left())
		if db.name == "sqlite" {
			return
		}
		require.EqualValues(t, 3, runs, "the one that was refused ran again")

		_, errs = leave(coordinator.Isolation(dialect.Serializable), coordinator.RetryFor(0))
		require.ErrorIs(t, errors.Join(errs...), schema.ErrSerialization)
		require.Equal(t, 1, left())

		_, errs = leave()
		require.NoError(t, errors.Join(errs...))
		require.Zero(t, left(), "so the level is what made the difference")
	})
}

func TestInTxReadOnly(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		people := register[User, uuid.UUID](t, c, schema.Named("people"))
		require.NoError(t, users.Create(t.Context(), newUser()))
		kind := []coordinator.TxOption{coordinator.ReadOnly(), coordinator.Isolation(dialect.RepeatableRead)}
		err := c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			before, err := users.In(tx).Count(ctx, nodes.Query{})
			require.NoError(t, err)
			require.NoError(t, users.Create(ctx, newUser()), "a writer outside waits for nobody")
			after, err := users.In(tx).Count(ctx, nodes.Query{})
			require.NoError(t, err)
			require.Equal(t, before, after, "one state from beginning to end")
			return users.In(tx).Create(ctx, newUser())
		}, kind...)
		require.ErrorIs(t, err, schema.ErrPermission)
		require.NotErrorIs(t, err, schema.ErrUnavailable)
		require.ErrorContains(t, err, "create users")
		require.ErrorContains(t, err, "the transaction is read-only")
		require.Equal(t, 2, rows(t, d, "users"))

		var there int64
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) (err error) {
			there, err = people.In(tx).Count(ctx, nodes.Query{})
			return err
		}, kind...), "a table that nobody has used is made before")
		require.Zero(t, there)
		for range 20 {
			require.NoError(t, users.Create(t.Context(), newUser()), "no connection was left read-only")
		}
	})
}
