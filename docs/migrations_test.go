package docs_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

type oldParcel struct {
	ID     int64 `schema:"pk"`
	Weight *int
}

type newParcel struct {
	ID     int64 `schema:"pk"`
	Weight int
}

func TestMigrationsPage(t *testing.T) {
	ctx, db := t.Context(), open(t)
	before, err := coordinator.New(db, nil)
	require.NoError(t, err)
	parcels, err := coordinator.Register[oldParcel, int64](before, schema.Named("parcels"))
	require.NoError(t, err)
	weight := 12
	require.NoError(t, parcels.Create(ctx, &oldParcel{ID: 1, Weight: &weight}))
	require.NoError(t, before.Close(ctx))

	c, err := coordinator.New(db, nil)
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close(context.WithoutCancel(ctx))) }()
	later, err := coordinator.Register[newParcel, int64](c, schema.Named("parcels"))
	require.NoError(t, err)
	_, err = later.Get(ctx, 1)
	require.ErrorIs(t, err, schema.ErrMigrationRequired)
	require.ErrorIs(t, err, schema.ErrDestructive)
	require.NoError(t, migrate(ctx, c))
	got, err := later.Get(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, 12, got.Weight)
	history, err := c.History(ctx, "parcels")
	require.NoError(t, err)
	require.Contains(t, history[1].Reason, "every row has been weighed")
}

func migrate(ctx context.Context, c *coordinator.Coordinator) error {
	plans, err := c.Plan(ctx) // reads only; for every registered table, in foreign-key order
	if err != nil {
		return err
	}
	for _, plan := range plans {
		fmt.Print(plan)
	}
	err = c.Migrate(ctx, plans, schema.Policy{Allow: []schema.Allowance{{
		Hazard: schema.HazardSetNotNull, Table: "parcels", Column: "weight", Reason: "every row has been weighed since May",
	}}})
	return err
}

func TestEveryHazardIsOnThePage(t *testing.T) {
	page := read(t, "migrations.md")
	for _, kind := range schema.HazardKinds() {
		require.Contains(t, page, "`"+string(kind)+"`")
	}
}
