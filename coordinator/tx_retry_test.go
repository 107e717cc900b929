package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Purse is what money is moved between.
type Purse struct {
	ID    int64 `db:"id"    schema:"pk"`
	Coins int64 `db:"coins"`
}

// Transfers that take the same two rows in opposite order lock each other out; one of them runs again.
func TestInTxDeadlock(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		purses := register[Purse, int64](t, c)
		for id := range int64(2) {
			require.NoError(t, purses.Create(t.Context(), &Purse{ID: id, Coins: 100}))
		}
		meet := first(2)
		if db.name == "sqlite" {
			meet = func(int) {}
		}
		move := func(ctx context.Context, tx dialect.Tx, id int64, coins int) error {
			// By hand, so that the driver's own error is what comes out.
			_, err := tx.Exec(ctx, fmt.Sprintf("UPDATE purses SET coins = coins + %d WHERE id = %d", coins, id))
			return err
		}
		var runs atomic.Int64
		errs := together(2, func(i int) error {
			own := 0
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				own++
				runs.Add(1)
				if err := move(ctx, tx, int64(i), -10*(i+1)); err != nil {
					return err
				}
				meet(own)
				return move(ctx, tx, int64(1-i), 10*(i+1))
			})
		})
		require.NoError(t, errors.Join(errs...))
		if db.name == "postgres" {
			require.GreaterOrEqual(t, runs.Load(), int64(3), "one of them was run again")
		}
		require.Equal(t, 110, count(t, d, "SELECT coins FROM purses WHERE id = 0"))
		require.Equal(t, 90, count(t, d, "SELECT coins FROM purses WHERE id = 1"))
	})
}

// refusal is what the database says to a transaction that must be run again.
var refusal = &schema.Error{Kind: schema.ErrSerialization, Code: "40001"}

// The budget is counted from the first failure; when it is used up the error says so.
func TestInTxRetryBudget(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := unbound(db.open(t))
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		mine := errors.New("mine")
		for _, budget := range []time.Duration{5 * time.Second, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				var opts []coordinator.TxOption
				if budget > 5*time.Second {
					opts = append(opts, coordinator.RetryFor(budget))
				}
				runs, begun := 0, time.Now()
				err := c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
					runs++
					if err := users.In(tx).Create(ctx, newUser()); err != nil {
						return err
					}
					return errors.Join(mine, refusal)
				}, opts...)
				require.ErrorIs(t, err, schema.ErrSerialization)
				require.ErrorIs(t, err, mine)
				require.ErrorContains(t, err, fmt.Sprintf("given up after %d attempts", runs))
				require.Equal(t, budget, time.Since(begun), "as the bubble's clock has it")
				require.Greater(t, runs, 10)
				require.Less(t, runs, 20+int(budget/(200*time.Millisecond)))
			})
		}
		require.Zero(t, rows(t, d, "users"))
	})
}

func TestInTxIsNotRepeated(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, db.open(t), nil)
		unknown := errors.Join(&schema.Error{Kind: schema.ErrOutcomeUnknown}, refusal)
		for name, s := range map[string]struct {
			err  error
			opts []coordinator.TxOption
		}{
			"never":          {err: refusal, opts: []coordinator.TxOption{coordinator.RetryFor(0)}},
			"unknown":        {err: unknown},
			"another reason": {err: &schema.Error{Kind: schema.ErrLockTimeout}},
		} {
			runs := 0
			err := c.InTx(t.Context(), func(context.Context, dialect.Tx) error {
				runs++
				return s.err
			}, s.opts...)
			require.Same(t, s.err, err, name)
			require.Equal(t, 1, runs, name)
		}
		require.ErrorIs(t, c.InTx(t.Context(), func(context.Context, dialect.Tx) error { return nil },
			coordinator.RetryFor(-1)), schema.ErrInvalid)
	})
}

func TestInTxRetryEndsWithItsContext(t *testing.T) {
	reason := errors.New("enough")
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, unbound(db.open(t)), nil)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			begun := time.Now()
			time.AfterFunc(300*time.Millisecond, func() { cancel(reason) })
			err := c.InTx(ctx, func(context.Context, dialect.Tx) error { return refusal }, coordinator.RetryFor(time.Hour))
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, err, schema.ErrSerialization)
			require.Equal(t, 300*time.Millisecond, time.Since(begun), "as the bubble's clock has it")
		})
	})
}

// Goroutines that count the same row up by reading and writing lose nothing.
func TestInTxSerializableHerd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		purses := register[Purse, int64](t, c)
		require.NoError(t, purses.Create(t.Context(), &Purse{ID: 1}))
		errs := together(16, func(int) error {
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				p, err := purses.In(tx).Get(ctx, 1)
				if err != nil {
					return err
				}
				_, err = purses.In(tx).Patch(ctx, 1, nodes.Set{"coins": p.Coins + 1})
				return err
			}, coordinator.Isolation(dialect.Serializable), coordinator.RetryFor(time.Minute))
		})
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, 16, count(t, d, "SELECT coins FROM purses"))
	})
}

// unbound gives a dialect for transactions in virtual time. Connections of a driver that watches contexts from goroutines of its
// own, which live outside of it, are told of none.
func unbound(d dialect.Dialect) dialect.Dialect { return unboundDialect{d} }

type unboundDialect struct{ dialect.Dialect }

func (u unboundDialect) BeginTx(ctx context.Context, options dialect.TxOptions) (dialect.Tx, error) {
	tx, err := u.Dialect.BeginTx(context.WithoutCancel(ctx), options)
	return unboundTx{tx}, err
}

type unboundTx struct{ dialect.Tx }

func (u unboundTx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	return u.Tx.Exec(context.WithoutCancel(ctx), sql, args...)
}

func (u unboundTx) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	return u.Tx.Query(context.WithoutCancel(ctx), sql, args...)
}
