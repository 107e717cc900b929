package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// A transaction over tables that nobody has used runs again after each was made; its rows are stored once.
func TestInTxRunsAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		people := register[User, uuid.UUID](t, c, schema.Named("people"))
		runs := 0
		work := func(ctx context.Context, tx dialect.Tx) error {
			runs++
			if err := users.In(tx).Create(ctx, newUser()); err != nil {
				return err
			}
			return people.In(tx).Create(ctx, newUser())
		}
		require.NoError(t, c.InTx(t.Context(), work))
		require.Equal(t, 3, runs, "once for each table, and once through")
		require.NoError(t, c.InTx(t.Context(), work))
		require.Equal(t, 4, runs, "warm, it runs once")
		require.Equal(t, 2, rows(t, d, "users"))
		require.Equal(t, 2, rows(t, d, "people"))
		require.Equal(t, 1, applied(t, d, "users"))
	})
}

// A function that swallows the node's error does not get its half-done work committed.
func TestInTxIgnoresWhatFnMakesOfIt(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		ready := register[User, uuid.UUID](t, c)
		cold := register[User, uuid.UUID](t, c, schema.Named("people"))
		require.NoError(t, c.Ensure(t.Context(), "users"))
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			if err := ready.In(tx).Create(ctx, newUser()); err != nil {
				return err
			}
			_ = cold.In(tx).Create(ctx, newUser())
			return nil
		}))
		require.Equal(t, 1, rows(t, d, "users"), "the first round was rolled back")
		require.Equal(t, 1, rows(t, d, "people"))
	})
}

// A table that was dropped is found missing inside the transaction, which heals and runs again.
func TestInTxHeals(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d, other := db.open(t), db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, users.Create(t.Context(), newUser()))
		exec(t, other, "DROP TABLE users")
		runs := 0
		require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			runs++
			return users.In(tx).Create(ctx, newUser())
		}))
		require.Equal(t, 2, runs)
		require.Equal(t, 1, rows(t, other, "users"))
		require.Equal(t, 2, applied(t, other, "users"))
	})
}

// A transaction of the user's own is told what to do instead.
func TestOwnTransactionIsNotEnsured(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		err = users.In(tx).Create(t.Context(), newUser())
		require.NoError(t, tx.Rollback(t.Context()))
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.ErrorContains(t, err, `Ensure(ctx, "users")`)
		require.NoError(t, c.Ensure(t.Context(), "users"))
		tx, err = d.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, users.In(tx).Create(t.Context(), newUser()))
		require.NoError(t, tx.Commit(t.Context()))
		require.Equal(t, 1, rows(t, d, "users"))
	})
}

func TestInTxRollsBack(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		failed := errors.New("thought better of it")

		t.Run("an error comes back as it is", func(t *testing.T) {
			err := c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				require.NoError(t, users.In(tx).Create(ctx, newUser()))
				return failed
			})
			require.Same(t, failed, err)
		})
		t.Run("a panic goes its way", func(t *testing.T) {
			require.PanicsWithError(t, failed.Error(), func() {
				_ = c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
					require.NoError(t, users.In(tx).Create(ctx, newUser()))
					panic(failed)
				})
			})
		})
		t.Run("a context ends", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			err := c.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
				require.NoError(t, users.In(tx).Create(ctx, newUser()))
				cancel()
				return nil
			})
			require.ErrorIs(t, err, context.Canceled)
			require.ErrorIs(t, c.InTx(ctx, func(context.Context, dialect.Tx) error {
				require.Fail(t, "began")
				return nil
			}), context.Canceled)
		})
		t.Run("fn may not end it", func(t *testing.T) {
			require.NoError(t, c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				require.ErrorIs(t, tx.Commit(ctx), schema.ErrInvalid)
				require.ErrorIs(t, tx.Rollback(ctx), schema.ErrInvalid)
				return nil
			}))
		})
		require.Zero(t, rows(t, d, "users"))
		require.NoError(t, users.Create(t.Context(), newUser()), "no connection was lost")
	})
}

// A commit that the database refuses is told in the library's words.
func TestInTxCommitFails(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		if db.name == "mysql" {
			t.Skip("this database has no constraint that waits for the commit")
		}
		d := db.open(t)
		c := start(t, d, nil)
		hens := register[Hen, int64](t, c)
		register[Egg, int64](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		deferKeys := "PRAGMA defer_foreign_keys = ON"
		if db.name == "postgres" {
			exec(t, d, "ALTER TABLE hens ADD CONSTRAINT late FOREIGN KEY (egg) REFERENCES eggs (id) DEFERRABLE INITIALLY DEFERRED")
			exec(t, d, "ALTER TABLE hens DROP CONSTRAINT hens__egg_fk")
			deferKeys = "SET CONSTRAINTS ALL DEFERRED"
		}
		one := int64(1)
		err := c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			_, err := tx.Exec(ctx, deferKeys)
			require.NoError(t, err)
			return hens.In(tx).Create(ctx, &Hen{ID: 1, Egg: &one})
		})
		require.ErrorIs(t, err, schema.ErrForeignKey)
		require.ErrorContains(t, err, "commit")
		require.Zero(t, rows(t, d, "hens"))
	})
}

// A table that is gone again in each round ends in an error, not in a loop.
func TestInTxIsBounded(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d, other := db.open(t), db.open(t)
		c := start(t, d, nil)
		users := register[User, uuid.UUID](t, c)
		runs := 0
		err := c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			runs++
			if runs > 1 {
				// In this very transaction, for SQLite has one writer.
				_, err := tx.Exec(ctx, "DROP TABLE users")
				require.NoError(t, err)
			}
			return users.In(tx).Create(ctx, newUser())
		})
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.Equal(t, 3, runs)
		if !d.Capability().ShapesCommit {
			require.Equal(t, 1, applied(t, other, "users"), "what the transaction dropped was rolled back")
		}
	})
}

// Transactions of many goroutines over cold tables do not wait for each other in a circle.
func TestInTxHerd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		var herd []*userNode
		for i := range 4 {
			herd = append(herd, register[User, uuid.UUID](t, c, schema.Named(fmt.Sprintf("users_%d", i))))
		}
		errs := together(100, func(i int) error {
			return c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
				for j := range herd {
					if err := herd[(i+j)%len(herd)].In(tx).Create(ctx, newUser()); err != nil {
						return err
					}
				}
				return nil
			})
		})
		require.NoError(t, errors.Join(errs...))
		for i := range herd {
			require.Equal(t, 100, rows(t, d, fmt.Sprintf("users_%d", i)))
			require.Equal(t, 1, applied(t, d, fmt.Sprintf("users_%d", i)))
		}
	})
}
