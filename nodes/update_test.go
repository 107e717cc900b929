package nodes_test

import (
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestUpdateKeepsLifecycleColumns(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		n := note{Title: "first", CreatedAt: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)}
		require.NoError(t, notes.Create(t.Context(), &n))

		change := n
		change.Title, change.Body, change.Stars = "second", "", nil
		change.CreatedAt, change.UpdatedAt = time.Now(), time.Time{}
		require.NoError(t, notes.Update(t.Context(), &change))
		require.Equal(t, 2, change.Version)
		require.False(t, change.UpdatedAt.Before(n.UpdatedAt))

		got, err := notes.Get(t.Context(), n.ID)
		require.NoError(t, err)
		require.Equal(t, "second", got.Title)
		require.Empty(t, got.Body, "an update stores a zero field, it takes no default")
		require.Nil(t, got.Stars)
		require.Equal(t, n.CreatedAt, got.CreatedAt, "created is never changed")
		require.Equal(t, change.UpdatedAt, got.UpdatedAt)
		require.Equal(t, 2, got.Version)
	})
}

func TestUpdateConflict(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		n := note{Title: "first"}
		require.NoError(t, notes.Create(t.Context(), &n))
		mine, theirs := n, n
		theirs.Title = "theirs"
		require.NoError(t, notes.Update(t.Context(), &theirs))

		mine.Title = "mine"
		before := mine
		err := notes.Update(t.Context(), &mine)
		require.ErrorIs(t, err, schema.ErrConflict)
		require.NotErrorIs(t, err, schema.ErrNotFound)
		require.Equal(t, before, mine)

		gone := note{ID: n.ID + 100, Version: 1}
		err = notes.Update(t.Context(), &gone)
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.NotErrorIs(t, err, schema.ErrConflict)
	})
}

func TestUpdateByManyLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		n := note{Title: "counter", Stars: ptr(0)}
		require.NoError(t, notes.Create(t.Context(), &n))
		const writers, rounds = 8, 5
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for done := 0; done < rounds; {
					row, err := notes.Get(t.Context(), n.ID)
					if err == nil {
						*row.Stars++
						err = notes.Update(t.Context(), row)
					}
					switch {
					case err == nil:
						done++
					case !errors.Is(err, schema.ErrConflict):
						t.Errorf("update: %v", err)
						return
					}
				}
			})
		}
		wg.Wait()
		got, err := notes.Get(t.Context(), n.ID)
		require.NoError(t, err)
		require.Equal(t, writers*rounds, *got.Stars)
		require.Equal(t, 1+writers*rounds, got.Version)
	})
}

func TestUpdateWithoutVersionNeedsTheRow(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		p := newPerson("nobody", nil)
		require.ErrorIs(t, people.Update(t.Context(), &p), schema.ErrNotFound)
		require.ErrorIs(t, people.Update(t.Context(), nil), schema.ErrInvalid)
		require.NoError(t, people.Create(t.Context(), &p))
		p.Age = ptr(30)
		require.NoError(t, people.Update(t.Context(), &p))
		got, err := people.Get(t.Context(), p.ID)
		require.NoError(t, err)
		require.Equal(t, p, *got)
	})
}

func TestUpdateBringsBackGeneratedColumns(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		parcels := open[parcel, uuid.UUID](t, d)
		p := newParcel()
		require.NoError(t, parcels.Create(t.Context(), &p))
		p.Quantity, p.Doubled = 50, -1
		require.NoError(t, parcels.Update(t.Context(), &p))
		require.EqualValues(t, 100, p.Doubled)
	})
}

func TestPatch(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		n := note{Title: "first"}
		require.NoError(t, notes.Create(t.Context(), &n))

		got, err := notes.Patch(t.Context(), n.ID, nodes.Set{"title": "second", "stars": json.Number("5")})
		require.NoError(t, err)
		require.Equal(t, "second", got.Title)
		require.Equal(t, 5, *got.Stars)
		require.Equal(t, n.Body, got.Body)
		require.Equal(t, 2, got.Version)
		require.False(t, got.UpdatedAt.Before(n.UpdatedAt))
		stored, err := notes.Get(t.Context(), n.ID)
		require.NoError(t, err)
		require.Equal(t, got, stored)

		got, err = notes.Patch(t.Context(), n.ID, nodes.Set{"stars": nil})
		require.NoError(t, err)
		require.Nil(t, got.Stars)

		_, err = notes.Patch(t.Context(), n.ID+1, nodes.Set{"title": "x"})
		require.ErrorIs(t, err, schema.ErrNotFound)
	})
}

func TestPatchRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		parcels, notes := open[parcel, uuid.UUID](t, d), open[note, int64](t, d)
		p := newParcel()
		require.NoError(t, parcels.Create(t.Context(), &p))
		for name, set := range map[string]nodes.Set{
			"":         {},
			"id":       {"id": uuid.New()},
			"doubled":  {"doubled": 4},
			"nowhere":  {"nowhere": 1, "status": "sent"},
			"quantity": {"quantity": "canary"},
			"price":    {"price": "1.005"},
		} {
			_, err := parcels.Patch(t.Context(), p.ID, set)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "patch parcels")
			require.NotContains(t, err.Error(), "canary")
		}
		for _, column := range []string{"version", "created_at", "updated_at", "deleted_at"} {
			_, err := notes.Patch(t.Context(), 1, nodes.Set{column: nil})
			require.ErrorIs(t, err, schema.ErrInvalid, column)
			require.ErrorContains(t, err, column)
		}
	})
}

func TestCompositeKey(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		seats := open[seat, seatKey](t, d)
		for _, room := range []string{"a", "b"} {
			for number := range int32(3) {
				require.NoError(t, seats.Create(t.Context(), &seat{Room: room, Number: number}))
			}
		}
		require.ErrorIs(t, seats.Create(t.Context(), &seat{Room: "a", Number: 1}), schema.ErrDuplicate)
		require.NoError(t, seats.Update(t.Context(), &seat{Room: "b", Number: 1, Guest: ptr("Ada")}))
		got, err := seats.Patch(t.Context(), seatKey{Room: "a", Number: 2}, nodes.Set{"guest": "Bob"})
		require.NoError(t, err)
		require.Equal(t, seat{Room: "a", Number: 2, Guest: ptr("Bob")}, *got)
		require.NoError(t, seats.Delete(t.Context(), seatKey{Room: "a", Number: 0}))

		_, err = seats.Get(t.Context(), seatKey{Room: "a", Number: 0})
		require.ErrorIs(t, err, schema.ErrNotFound)
		rows, err := seats.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Equal(t, []seat{
			{Room: "a", Number: 1},
			{Room: "a", Number: 2, Guest: ptr("Bob")},
			{Room: "b", Number: 0},
			{Room: "b", Number: 1, Guest: ptr("Ada")},
			{Room: "b", Number: 2},
		}, rows)
	})
}

func TestTableOfKeysOnly(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		pairs := open[pair, pairKey](t, d)
		require.NoError(t, pairs.Create(t.Context(), &pair{1, 2}))
		require.ErrorIs(t, pairs.Create(t.Context(), &pair{1, 2}), schema.ErrDuplicate)
		require.NoError(t, pairs.Update(t.Context(), &pair{1, 2}), "there is nothing to change, and the row is there")
		require.ErrorIs(t, pairs.Update(t.Context(), &pair{1, 3}), schema.ErrNotFound)
		got, err := pairs.Get(t.Context(), pairKey{1, 2})
		require.NoError(t, err)
		require.Equal(t, pair{1, 2}, *got)
		require.NoError(t, pairs.Delete(t.Context(), pairKey{1, 2}))
	})
}
