package nodes_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// tool is what upserts are about: an auto key, unique columns beside it, defaults and every lifecycle column.
type tool struct {
	ID      int64      `db:"id"         schema:"pk,auto"`
	Code    string     `db:"code"       schema:"unique,size=40"`
	Shelf   *int       `db:"shelf"      schema:"unique=place"`
	Slot    *int       `db:"slot"       schema:"unique=place"`
	Name    string     `db:"name"       schema:"default='unnamed'"`
	Count   int        `db:"count"      schema:"check=count >= 0"`
	Double  int        `db:"double"     schema:"generated=count * 2"`
	Version int        `db:"version"    schema:"version"`
	Created time.Time  `db:"created_at" schema:"created"`
	Updated time.Time  `db:"updated_at" schema:"updated"`
	Deleted *time.Time `db:"deleted_at" schema:"deleted"`
}

// apart runs what may fail so that a transaction around it can go on.
type apart func(fn func() error) error

// inAndOut runs fn with a node as it is and then inside a transaction, on every database.
func inAndOut[T any, K comparable](t *testing.T, fn func(t *testing.T, try apart, n *nodes.Node[T, K]), not ...string) {
	on := func(fn func(t *testing.T, d dialect.Dialect)) {
		each(t, func(t *testing.T, d dialect.Dialect) {
			if slices.Contains(not, d.Name()) {
				t.Skip("the model is not for this database")
			}
			fn(t, d)
		})
	}
	on(func(t *testing.T, d dialect.Dialect) {
		t.Run("outside", func(t *testing.T) {
			fn(t, func(fn func() error) error { return fn() }, open[T, K](t, d))
		})
	})
	on(func(t *testing.T, d dialect.Dialect) {
		t.Run("inside", func(t *testing.T) {
			n := open[T, K](t, d)
			_, err := n.Count(t.Context(), nodes.Query{})
			require.NoError(t, err)
			_, err = inTx(t, d, func(tx *listening) error {
				fn(t, func(fn func() error) error {
					return dialect.Nested(t.Context(), tx, "apart", func(context.Context) error { return fn() })
				}, n.In(tx))
				return nil
			})
			require.NoError(t, err)
		})
	})
}

func TestUpsertByKey(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		first := tool{Code: "saw", Count: 3}
		created, err := tools.Upsert(ctx, &first)
		require.NoError(t, err)
		require.True(t, created)
		require.NotZero(t, first.ID)
		require.Equal(t, "unnamed", first.Name)
		require.Equal(t, 6, first.Double)
		require.Equal(t, 1, first.Version)

		again := tool{ID: first.ID, Code: "hacksaw", Count: 4, Version: 77, Created: time.Unix(1, 0), Shelf: ptr(2)}
		created, err = tools.Upsert(ctx, &again)
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, "hacksaw", again.Code)
		require.Equal(t, 8, again.Double)
		require.Equal(t, 2, again.Version, "it counts from what was stored")
		require.Equal(t, first.Created, again.Created, "created is kept")
		require.False(t, again.Updated.Before(first.Updated))
		require.Equal(t, "unnamed", again.Name, "a zero field takes its default here, too")
		got, err := tools.Get(ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, again, *got)

		chosen := tool{ID: 1000, Code: "drill"}
		created, err = tools.Upsert(ctx, &chosen)
		require.NoError(t, err)
		require.True(t, created)
		require.EqualValues(t, 1000, chosen.ID)
	})
}

func TestUpsertByUniqueColumns(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		first := tool{Code: "saw", Shelf: ptr(1), Slot: ptr(2), Count: 3, Name: "Saw"}
		created, err := tools.Upsert(ctx, &first, nodes.OnConflict("code"))
		require.NoError(t, err)
		require.True(t, created)

		again := tool{Code: "saw", Count: 5, Name: "Big saw"}
		created, err = tools.Upsert(ctx, &again, nodes.OnConflict("code"), nodes.UpdateOnly("count"))
		require.NoError(t, err)
		require.False(t, created)
		want := first
		want.Count, want.Double, want.Version, want.Updated = 5, 10, 2, again.Updated
		require.Equal(t, want, again, "what is stored comes back, what was kept too")

		placed := tool{ID: first.ID + 500, Code: "jigsaw", Slot: ptr(2), Shelf: ptr(1)}
		created, err = tools.Upsert(ctx, &placed, nodes.OnConflict("slot", "shelf"))
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, first.ID, placed.ID, "the key of the row that is there is kept")
		require.Equal(t, "jigsaw", placed.Code)

		for range 2 {
			half := tool{Code: uuid.NewString(), Shelf: ptr(9)}
			created, err = tools.Upsert(ctx, &half, nodes.OnConflict("shelf", "slot"))
			require.NoError(t, err)
			require.True(t, created, "null is the same as nothing")
		}
		count, err := tools.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 3, count)
	})
}

func TestUpsertRevives(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		first := tool{Code: "saw", Count: 3}
		require.NoError(t, tools.Create(ctx, &first))
		require.NoError(t, tools.Delete(ctx, first.ID))

		kept := tool{Code: "saw", Count: 4}
		before := kept
		created, err := tools.Upsert(ctx, &kept, nodes.OnConflict("code"), nodes.DoNothing())
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, before, kept)
		_, err = tools.Get(ctx, first.ID)
		require.ErrorIs(t, err, schema.ErrNotFound, "it is still marked")

		again := tool{Code: "saw", Count: 5, Deleted: ptr(time.Now())}
		created, err = tools.Upsert(ctx, &again, nodes.OnConflict("code"))
		require.NoError(t, err)
		require.False(t, created)
		require.Nil(t, again.Deleted)
		require.Equal(t, 3, again.Version, "created, deleted, revived")
		got, err := tools.Get(ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, again, *got)
	})
}

func TestUpsertDoNothing(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		first := tool{Code: "saw", Count: 3}
		created, err := tools.Upsert(ctx, &first, nodes.DoNothing(), nodes.OnConflict("code"))
		require.NoError(t, err)
		require.True(t, created)
		require.Equal(t, 6, first.Double, "a created row comes back")

		other := tool{Code: "saw", Count: 9}
		before := other
		created, err = tools.Upsert(ctx, &other, nodes.DoNothing(), nodes.OnConflict("code"))
		require.NoError(t, err)
		require.False(t, created)
		require.Equal(t, before, other)
		got, err := tools.Get(ctx, first.ID)
		require.NoError(t, err)
		require.Equal(t, first, *got)
	})
}

// TestUpsertOfATableOfKeysOnly: there is nothing to update, and the row is still told from a new one.
func TestUpsertOfATableOfKeysOnly(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, pairs *nodes.Node[pair, pairKey]) {
		for i := range 3 {
			created, err := pairs.Upsert(t.Context(), &pair{1, 2})
			require.NoError(t, err)
			require.Equal(t, i == 0, created)
		}
		created, err := pairs.Upsert(t.Context(), &pair{1, 2}, nodes.DoNothing())
		require.NoError(t, err)
		require.False(t, created)
		_, err = pairs.Upsert(t.Context(), &pair{1, 2}, nodes.UpdateOnly("b"))
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
}

// TestUpsertOfMostKinds: what is stored by an update is what an insert would have stored.
func TestUpsertOfMostKinds(t *testing.T) {
	inAndOut(t, func(t *testing.T, _ apart, parcels *nodes.Node[parcel, uuid.UUID]) {
		ctx := t.Context()
		plain := parcel{ID: uuid.New(), Status: "lost", Price: "0", Due: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
		require.NoError(t, parcels.Create(ctx, &plain))
		full := newParcel()
		full.Meta, full.SentAt, full.City = []byte(`{"b": [1, null], "a": "x"}`), ptr(time.Now()), ptr("'; DROP TABLE parcels; --")
		born := full
		require.NoError(t, parcels.Create(ctx, &born))
		want, err := parcels.Get(ctx, born.ID)
		require.NoError(t, err)

		full.ID = plain.ID
		created, err := parcels.Upsert(ctx, &full)
		require.NoError(t, err)
		require.False(t, created)
		got, err := parcels.Get(ctx, plain.ID)
		require.NoError(t, err)
		require.Equal(t, got, &full, "what comes back is what is stored")
		want.ID = plain.ID
		require.Equal(t, want, got)
	})
}
