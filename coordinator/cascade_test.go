package coordinator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

type cascadeItem struct {
	ID int64 `schema:"pk"`
}

type cascadeSub struct {
	ID     int64 `schema:"pk"`
	ItemID int64 `schema:"references=cascade_items.id"`
}

// A drop that takes the children's foreign keys along must not leave them remembered as ready.
func TestForeignKeyLostByCascadeIsNoticed(t *testing.T) {
	db := postgresDatabase(t)
	d := db.open(t)
	c := start(t, d, nil)
	items := register[cascadeItem, int64](t, c)
	subs := register[cascadeSub, int64](t, c)
	require.NoError(t, items.Create(t.Context(), &cascadeItem{ID: 1}))
	require.NoError(t, subs.Create(t.Context(), &cascadeSub{ID: 1, ItemID: 1}))

	_, err := d.Writer().Exec(t.Context(), "DROP TABLE cascade_items CASCADE")
	require.NoError(t, err)
	require.NoError(t, items.Create(t.Context(), &cascadeItem{ID: 2}), "made again")
	err = subs.Create(t.Context(), &cascadeSub{ID: 2, ItemID: 99})
	require.ErrorIs(t, err, schema.ErrSchemaMismatch)
	require.ErrorContains(t, err, "missing foreign key")
}
