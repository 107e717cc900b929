package nodes_test

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// wallet has a version and is removed for good.
type wallet struct {
	ID      uuid.UUID `db:"id"      schema:"pk"`
	Coins   int64     `db:"coins"`
	Version int32     `db:"version" schema:"version"`
}

func TestIfVersion(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		notes, wallets := add[note, int64](t, d, sys), add[wallet, uuid.UUID](t, d, sys)
		check := func(notes *nodes.Node[note, int64], wallets *nodes.Node[wallet, uuid.UUID]) {
			n := note{Title: "one"}
			require.NoError(t, notes.Create(ctx, &n))
			got, err := notes.Patch(ctx, n.ID, nodes.Set{"title": "two"}, nodes.IfVersion(1))
			require.NoError(t, err)
			require.Equal(t, 2, got.Version)
			for _, old := range []int64{1, 3, 0, -1} {
				_, err = notes.Patch(ctx, n.ID, nodes.Set{"title": "three"}, nodes.IfVersion(old))
				require.ErrorIs(t, err, schema.ErrConflict)
				require.ErrorContains(t, err, "patch notes")
				err = notes.Delete(ctx, n.ID, nodes.IfVersion(old))
				require.ErrorIs(t, err, schema.ErrConflict)
				require.ErrorContains(t, err, "delete notes")
			}
			row, err := notes.Get(ctx, n.ID)
			require.NoError(t, err)
			require.Equal(t, got, row)
			_, err = notes.Patch(ctx, n.ID+1, nodes.Set{"title": "x"}, nodes.IfVersion(1))
			require.ErrorIs(t, err, schema.ErrNotFound)
			require.ErrorIs(t, notes.Delete(ctx, n.ID+1, nodes.IfVersion(1)), schema.ErrNotFound)
			require.NoError(t, notes.Delete(ctx, n.ID, nodes.IfVersion(2), nodes.IfVersion(2)))
			require.ErrorIs(t, notes.Delete(ctx, n.ID, nodes.IfVersion(3)), schema.ErrNotFound, "a marked row is not there")
			_, err = notes.Patch(ctx, n.ID, nodes.Set{"title": "x"}, nodes.IfVersion(3))
			require.ErrorIs(t, err, schema.ErrNotFound)

			w := wallet{ID: uuid.New(), Coins: 1}
			require.NoError(t, wallets.Create(ctx, &w))
			require.ErrorIs(t, wallets.Delete(ctx, w.ID, nodes.IfVersion(2)), schema.ErrConflict)
			require.NoError(t, wallets.Delete(ctx, w.ID, nodes.IfVersion(1)))
			require.ErrorIs(t, wallets.Delete(ctx, w.ID, nodes.IfVersion(1)), schema.ErrNotFound)
		}
		check(notes, wallets)
		hooks := 0
		counting := notes.WithHooks(nodes.Hooks[note, int64]{
			AfterUpdate: func(context.Context, dialect.Tx, *note) error { hooks++; return nil },
			AfterDelete: func(context.Context, dialect.Tx, int64) error { hooks++; return nil },
		})
		check(counting, wallets)
		require.Equal(t, 2, hooks, "for the changes that were made")
		_, err := inTx(t, d, func(tx *listening) error {
			check(notes.In(tx), wallets.In(tx))
			check(counting.In(tx), wallets.In(tx))
			return nil
		})
		require.NoError(t, err)
	})
}

func TestIfVersionThatCannotBe(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, wallets := add[person, uuid.UUID](t, d, sys), add[wallet, uuid.UUID](t, d, sys)
		for name, call := range map[string]func() error{
			"delete without a version column": func() error {
				return people.Delete(ctx, uuid.New(), nodes.IfVersion(1))
			},
			"patch without a version column": func() error {
				return second(people.Patch(ctx, uuid.New(), nodes.Set{"name": "x"}, nodes.IfVersion(1)))
			},
			"two versions": func() error {
				return wallets.Delete(ctx, uuid.New(), nodes.IfVersion(1), nodes.IfVersion(2))
			},
			"more than the column holds": func() error {
				return wallets.Delete(ctx, uuid.New(), nodes.IfVersion(math.MaxInt64))
			},
			"a version that is set": func() error {
				return second(wallets.Patch(ctx, uuid.New(), nodes.Set{"version": 1}, nodes.IfVersion(1)))
			},
		} {
			require.ErrorIs(t, call(), schema.ErrInvalid, name)
		}
		require.ErrorIs(t, people.Delete(ctx, uuid.New(), nodes.ChangeOption{}), schema.ErrNotFound, "no option is none")
	})
}

// Of changes that race for one version exactly one wins: the final version counts the winners.
func TestChangesThatRace(t *testing.T) {
	const racers, laps = 8, 12
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, wallets := t.Context(), open[wallet, uuid.UUID](t, d)
		w := wallet{ID: uuid.New()}
		require.NoError(t, wallets.Create(ctx, &w))
		var (
			all          sync.WaitGroup
			wins, losses atomic.Int64
			failures     = make([]error, racers)
		)
		for i := range racers {
			all.Go(func() {
				for range laps {
					seen, err := wallets.Get(ctx, w.ID)
					if err == nil {
						seen.Coins++
						if i%2 == 0 {
							err = wallets.Update(ctx, seen)
						} else {
							_, err = wallets.Patch(ctx, w.ID, nodes.Set{"coins": seen.Coins}, nodes.IfVersion(int64(seen.Version)))
						}
					}
					switch {
					case err == nil:
						wins.Add(1)
					case errors.Is(err, schema.ErrConflict):
						losses.Add(1)
					default:
						failures[i] = err
					}
				}
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(failures...))
		require.EqualValues(t, racers*laps, wins.Load()+losses.Load())
		final, err := wallets.Get(ctx, w.ID)
		require.NoError(t, err)
		require.EqualValues(t, wins.Load(), final.Version-1)
		require.EqualValues(t, wins.Load(), final.Coins, "nothing was lost")
		t.Logf("%d won, %d lost", wins.Load(), losses.Load())

		var removed atomic.Int64
		for range racers {
			all.Go(func() {
				if wallets.Delete(ctx, w.ID, nodes.IfVersion(int64(final.Version))) == nil {
					removed.Add(1)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, removed.Load())
	})
}
