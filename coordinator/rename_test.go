package coordinator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// A column that the model says was renamed keeps its values, its index and its check.
func TestColumnIsRenamed(t *testing.T) {
	type before struct {
		ID    int64 `db:"id"    schema:"pk"`
		Count int64 `db:"count" schema:"index,check=count >= 0"`
	}
	type after struct {
		ID    int64 `db:"id"    schema:"pk"`
		Total int64 `db:"total" schema:"was=count,index,check=total >= 0"`
	}
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		_, old := items[before](t, d, nil)
		for i := range 3 {
			require.NoError(t, old.Create(t.Context(), &before{ID: int64(i), Count: int64(10 * i)}))
		}
		_, node := items[after](t, d, nil)
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrDestructive)
		require.ErrorContains(t, err, "rename-column(total)")
		plan := ensureError(t, err).Plan
		require.Equal(t, []schema.HazardKind{schema.HazardRenameColumn}, hazards(plan), plan.String())

		c, node := items[after](t, d, &coordinator.Config{Policy: allow(schema.HazardRenameColumn, "items", "total")})
		got, err := node.Get(t.Context(), 2)
		require.NoError(t, err)
		require.EqualValues(t, 20, got.Total)
		require.Equal(t, 3, rows(t, d, "items"))
		require.ErrorIs(t, node.Create(t.Context(), &after{ID: 9, Total: -1}), schema.ErrCheck)
		require.Len(t, liveOf(t, d, "items").Indexes, 1)
		settled(t, c, "items")

		// The same model in a fresh place, where there is nothing to rename.
		_, fresh := items[after](t, freshLike(t, db).open(t), nil)
		require.NoError(t, fresh.Create(t.Context(), &after{ID: 1, Total: 1}))
	})
}

// Both names there: nobody can say which is meant, and nothing is done.
func TestColumnUnderBothNames(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		exec(t, d, "ALTER TABLE items ADD COLUMN title TEXT")
		before := footprint(t, d)
		c, node := items[itemTitled](t, d, &coordinator.Config{Policy: allow(schema.AnyHazard, "", "")})
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, "items")
		require.ErrorContains(t, err, "title")
		require.ErrorContains(t, err, "name")
		plan := planFor(t, c, "items")
		require.NotEmpty(t, plan.Faults)
		require.ErrorIs(t, c.Migrate(t.Context(), []*schema.Plan{plan}, allow(schema.AnyHazard, "", "")), schema.ErrSchemaMismatch)
		require.Equal(t, before, footprint(t, d))
	})
}

// Without a word of the model nothing is renamed; what looks like it is told.
func TestLikelyRenameIsAHint(t *testing.T) {
	type titled struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"remark"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		c, node := items[titled](t, d, nil)
		plan := planFor(t, c, "items")
		require.Len(t, plan.Hints, 1, plan.String())
		require.Contains(t, plan.Hints[0], "was=note")
		require.Contains(t, plan.Hints[0], "remark")
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err, "a nullable column is added all the same")
		require.Equal(t, 1, count(t, d, "SELECT count(*) FROM items WHERE note IS NOT NULL AND remark IS NULL"))
	})
}

// ItemPart points at "items", and ArticlePart at what it is called later.
type (
	ItemPart struct {
		ID   int64 `db:"id"   schema:"pk"`
		Item int64 `db:"item" schema:"references=items.id,ondelete=cascade"`
	}
	ArticlePart struct {
		ID   int64 `db:"id"   schema:"pk"`
		Item int64 `db:"item" schema:"references=articles.id,ondelete=cascade"`
	}
)

// A table that the model says was renamed keeps its rows, its history and those who point at it.
func TestTableIsRenamed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 3)
		old := start(t, d, nil)
		register[Item, int64](t, old, schema.Named("items"))
		parts := register[ItemPart, int64](t, old, schema.Named("parts"))
		require.NoError(t, parts.Create(t.Context(), &ItemPart{ID: 1, Item: 2}))
		before := footprint(t, d)

		strict := start(t, d, nil)
		node := register[ItemMore, int64](t, strict, schema.Named("articles"), schema.Was("items"))
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrDestructive)
		require.ErrorContains(t, err, string(schema.HazardRenameTable))
		require.Equal(t, before, footprint(t, d))

		c := start(t, d, &coordinator.Config{Policy: allow(schema.HazardRenameTable, "articles", "")})
		node = register[ItemMore, int64](t, c, schema.Named("articles"), schema.Was("items"))
		newParts := register[ArticlePart, int64](t, c, schema.Named("parts"))
		got, err := node.Get(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, "item 2", got.Name)
		require.Equal(t, 3, rows(t, d, "articles"))
		require.Nil(t, liveOf(t, d, "items"))
		require.EqualValues(t, 2, entryOf(t, d, "articles").Generation, "the count goes on")
		require.Contains(t, last(t, d, "articles").Reason, reason)
		settled(t, c, "articles")

		// The foreign key followed, and does its work.
		require.NoError(t, c.Ensure(t.Context(), "parts"))
		settled(t, c, "parts")
		require.ErrorIs(t, newParts.Create(t.Context(), &ArticlePart{ID: 2, Item: 77}), schema.ErrForeignKey)
		require.NoError(t, newParts.Create(t.Context(), &ArticlePart{ID: 3, Item: 2}))
		require.NoError(t, node.Delete(t.Context(), 2))
		require.Zero(t, rows(t, d, "parts"))

		// A restart finds all as it is.
		again := start(t, d, nil)
		register[ItemMore, int64](t, again, schema.Named("articles"), schema.Was("items"))
		register[ArticlePart, int64](t, again, schema.Named("parts"))
		revisions := count(t, d, "SELECT count(*) FROM schemactor_revisions")
		require.NoError(t, again.EnsureAll(t.Context()))
		require.Equal(t, revisions, count(t, d, "SELECT count(*) FROM schemactor_revisions"))
	})
}

// A program that knows the table by its former name only must not make an empty one under it.
func TestOldProgramAfterTableWasRenamed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 3)
		c := start(t, d, &coordinator.Config{Policy: allow(schema.HazardRenameTable, "articles", "")})
		node := register[Item, int64](t, c, schema.Named("articles"), schema.Was("items"))
		_, err := node.Get(t.Context(), 2)
		require.NoError(t, err)
		before := footprint(t, d)
		for range 2 {
			c, old := items[Item](t, d, nil)
			_, err = old.Get(t.Context(), 2)
			require.ErrorIs(t, err, schema.ErrStaleModel)
			require.ErrorContains(t, err, "items")
			require.ErrorContains(t, err, "articles")
			require.False(t, ensureError(t, err).Retryable)
			require.ErrorIs(t, c.Migrate(t.Context(), []*schema.Plan{planFor(t, c, "items")}, schema.Policy{}), schema.ErrStaleModel)
			drift := driftOf(t, c)
			require.True(t, drift.Missing)
			require.Equal(t, schema.StandingBehind, drift.Standing)
			require.Equal(t, before, footprint(t, d))
		}
		again := start(t, d, nil)
		node = register[Item, int64](t, again, schema.Named("articles"), schema.Was("items"))
		_, err = node.Get(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, before, footprint(t, d))

		// A table of another shape may take the name.
		_, other := items[ItemShort](t, d, nil)
		require.NoError(t, other.Create(t.Context(), &ItemShort{ID: 1, Name: "one"}))
		require.Equal(t, 3, rows(t, d, "articles"))
	})
}

// Both tables there: nobody can say which is meant, and nothing is done.
func TestTableUnderBothNames(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		first := start(t, d, nil)
		register[Item, int64](t, first, schema.Named("items"))
		require.NoError(t, first.EnsureAll(t.Context()))
		exec(t, d, "CREATE TABLE articles (id INTEGER PRIMARY KEY)")
		before := footprint(t, d)
		c := start(t, d, &coordinator.Config{Policy: allow(schema.AnyHazard, "", "")})
		node := register[Item, int64](t, c, schema.Named("articles"), schema.Was("items"))
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, "articles")
		require.ErrorContains(t, err, "items")
		_, err = c.Plan(t.Context())
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.Equal(t, before, footprint(t, d))
	})
}

// A former name that a registered table has now contradicts itself, whichever comes first.
func TestWasOfARegisteredTable(t *testing.T) {
	d := sqliteDatabase(t).open(t)
	c := start(t, d, nil)
	register[Item, int64](t, c, schema.Named("items"))
	_, err := coordinator.Register[Item, int64](c, schema.Named("articles"), schema.Was("items"))
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "items")
	c = start(t, d, nil)
	register[Item, int64](t, c, schema.Named("articles"), schema.Was("items"))
	_, err = coordinator.Register[Item, int64](c, schema.Named("items"))
	require.ErrorIs(t, err, schema.ErrInvalid)
	_, err = coordinator.Register[Item, int64](c, schema.Named("wares"), schema.Was("wares"))
	require.ErrorIs(t, err, schema.ErrInvalid)
}
