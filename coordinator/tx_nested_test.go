package coordinator_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

var errUndo = errors.New("undo")

// levels nests as deep as there are names, storing a user at each level, and fails behind the one called bad.
func levels(
	ctx context.Context, c *coordinator.Coordinator, users *userNode, bad string, names ...string,
) error {
	return c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		u := newUser()
		u.Name = names[0]
		if err := users.In(tx).Create(ctx, u); err != nil {
			return err
		}
		if len(names) > 1 {
			if err := levels(ctx, c, users, bad, names[1:]...); !errors.Is(err, errUndo) && err != nil {
				return err
			}
		}
		if names[0] == bad {
			return errUndo
		}
		return nil
	})
}

func TestNestedInTxUndoesItsOwn(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		names := []string{"one", "two", "three", "four"}
		for i, bad := range names {
			_, err := users.BulkDelete(t.Context(), nodes.AllRows())
			require.NoError(t, err)
			err = levels(t.Context(), c, users, bad, names...)
			if i == 0 {
				require.Same(t, errUndo, err)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, i, rows(t, d, "users"), "all outside of level %s, and nothing inside", bad)
		}
	})
}

// What fails inside, by the database's word or by a panic, leaves the transaction around it in order.
func TestNestedInTxFails(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		u := newUser()
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			*u = *newUser()
			require.NoError(t, users.In(tx).Create(ctx, u))
			twice := c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
				if err := users.In(tx).Create(ctx, newUser()); err != nil {
					return err
				}
				return users.In(tx).Create(ctx, u)
			})
			require.ErrorIs(t, twice, schema.ErrDuplicate)
			require.PanicsWithError(t, errUndo.Error(), func() {
				_ = c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
					require.NoError(t, users.In(tx).Create(ctx, newUser()))
					panic(errUndo)
				})
			})
			return c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
				_, err := users.In(tx).Patch(ctx, u.ID, nodes.Set{"name": "nested"})
				return err
			})
		}))
		require.Equal(t, 1, rows(t, d, "users"))
		got, err := users.Get(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, "nested", got.Name)
	})
}

// Who panics beyond the outermost function, or ends its goroutine in a nested one, leaves nothing behind.
func TestNestedInTxIsLeft(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		both := func(leave func()) error {
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				_ = users.In(tx).Create(ctx, newUser())
				return c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
					_ = users.In(tx).Create(ctx, newUser())
					leave()
					return nil
				})
			})
		}
		require.Panics(t, func() { _ = both(func() { panic(errUndo) }) })
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = both(runtime.Goexit)
		}()
		<-done
		require.Zero(t, rows(t, d, "users"))
		require.NoError(t, both(func() {}), "no connection was lost")
		require.Equal(t, 2, rows(t, d, "users"))
	})
}

// What has a transaction run again does so from its outermost start, also where a function around swallows the error.
func TestNestedInTxRunsAllAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		people := register[User, uuid.UUID](t, c, schema.Named("people"))
		require.NoError(t, c.Ensure(t.Context(), "users"))
		outer, inner := 0, 0
		work := func(refuse bool, answer error) error {
			outer, inner = 0, 0
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				outer++
				if err := users.In(tx).Create(ctx, newUser()); err != nil {
					return err
				}
				_ = c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
					inner++
					if refuse && inner < 3 {
						return refusal
					}
					return people.In(tx).Create(ctx, newUser())
				})
				if refuse && inner < 3 {
					return answer
				}
				return nil
			})
		}
		require.NoError(t, work(false, nil))
		require.Equal(t, []int{2, 2}, []int{outer, inner}, "the table was not ready")
		for _, answer := range []error{nil, errUndo} {
			require.NoError(t, work(true, answer))
			require.Equal(t, []int{3, 3}, []int{outer, inner}, "the database refused twice")
		}
		require.Equal(t, 3, rows(t, d, "users"))
		require.Equal(t, 3, rows(t, d, "people"))
	})
}

func TestNestedInTxOptions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, db.open(t), nil)
		nothing := func(context.Context, dialect.Tx) error { return nil }
		level := coordinator.Isolation(dialect.RepeatableRead)
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, _ dialect.Tx) error {
			require.NoError(t, c.InTx(ctx, nothing, level), "the same")
			for _, other := range []coordinator.TxOption{
				coordinator.Isolation(dialect.Serializable), coordinator.ReadOnly(), coordinator.RetryFor(1),
			} {
				require.ErrorIs(t, c.InTx(ctx, nothing, other), schema.ErrInvalid)
			}
			return nil
		}, level))
	})
}

// A transaction that is kept beyond its function does nothing, whoever has its connection by then.
func TestAbandonedScope(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		type scope struct {
			ctx context.Context
			tx  dialect.Tx
		}
		kept, gone, answers := make(chan scope, 2), make(chan struct{}), make(chan error, 16)
		go func() {
			defer close(answers)
			<-gone
			for s := range kept {
				answers <- users.In(s.tx).Create(s.ctx, newUser())
				_, err := users.In(s.tx).List(s.ctx, nodes.Query{})
				answers <- err
				_, err = s.tx.Exec(s.ctx, "DELETE FROM users")
				answers <- err
				answers <- c.InTx(s.ctx, func(context.Context, dialect.Tx) error { return nil })
			}
		}()
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			kept <- scope{ctx, tx}
			return c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
				kept <- scope{ctx, tx}
				return nil
			})
		}))
		close(kept)
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			close(gone) // from here on this transaction may have the connection of the one before
			for err := range answers {
				require.ErrorIs(t, err, schema.ErrInvalid)
				require.ErrorContains(t, err, "the transaction has ended")
			}
			return users.In(tx).Create(ctx, newUser())
		}))
		require.Equal(t, 1, rows(t, d, "users"))
	})
}
