package coordinator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// Types that the library knows nothing of are no matter in columns that the model does not know, and a named difference
// in those that it does.
func TestUnknownTypes(t *testing.T) {
	odd := map[string][]string{
		"sqlite":   {"FLUMMOX", "VECTOR(3)", ""},
		"postgres": {"inet", "shortish", "int4range", "point", "text[]", "mood"},
	}
	eachDatabase(t, func(t *testing.T, db database) {
		for _, kind := range odd[db.name] {
			t.Run("a column of "+kind, func(t *testing.T) {
				d := freshLike(t, db).open(t)
				if db.name == "postgres" {
					exec(t, d, "CREATE DOMAIN shortish AS text CHECK (length(VALUE) < 9)")
					exec(t, d, "CREATE TYPE mood AS ENUM ('good', 'bad')")
				}
				exec(t, d, "CREATE TABLE items (id BIGINT PRIMARY KEY, name TEXT NOT NULL, note TEXT, odd "+kind+
					", stock BIGINT NOT NULL DEFAULT 0 CHECK (stock >= 0))")
				c, node := items[Item](t, d, nil)
				require.NoError(t, node.Create(t.Context(), &Item{ID: 5, Name: "five"}))
				require.Zero(t, applied(t, d, "items"))
				shut(t, c)

				exec(t, d, "ALTER TABLE items DROP COLUMN note")
				exec(t, d, "ALTER TABLE items RENAME COLUMN odd TO note")
				before := footprint(t, d)
				for _, mode := range []coordinator.Mode{coordinator.ModeMigrate, coordinator.ModeVerify} {
					_, node = items[Item](t, d, &coordinator.Config{Mode: mode})
					_, err := node.Get(t.Context(), 1)
					require.ErrorIs(t, err, schema.ErrSchemaMismatch)
					require.False(t, ensureError(t, err).Retryable)
					require.ErrorContains(t, err, "items")
					require.ErrorContains(t, err, "column type note")
					require.ErrorContains(t, err, seenAs(db.name, kind))
					require.Equal(t, before, footprint(t, d))
				}
			})
		}
	})
}

// seenAs is how a type comes out of the catalogue.
func seenAs(database, kind string) string {
	switch {
	case database == "postgres":
		return kind
	case kind == "":
		return "BLOB"
	}
	return "NUMERIC"
}

// What has the table's name and is no table is told as what it is.
func TestViewInPlaceOfTable(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		exec(t, d, "CREATE VIEW items AS SELECT 1 AS id")
		for _, mode := range []coordinator.Mode{coordinator.ModeMigrate, coordinator.ModeVerify} {
			c, node := items[Item](t, d, &coordinator.Config{Mode: mode})
			_, err := node.Get(t.Context(), 1)
			require.ErrorIs(t, err, schema.ErrSchemaMismatch)
			require.ErrorContains(t, err, "items")
			require.ErrorContains(t, err, "a view")
			_, err = c.Plan(t.Context())
			require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		}
	})
}

// A table that belongs to somebody else is used as it is; to change it is refused by the database, which is told with
// the table's name, and its owner's migration lets the program in.
func TestTableOwnedBySomebodyElse(t *testing.T) {
	db := postgresDatabase(t)
	owner := db.open(t)
	stocked(t, owner, 2)
	address := postgrestest.Role(t, db.address)
	role, secret := identity(t, address)
	exec(t, owner, "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "+role)
	exec(t, owner, "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "+role)
	before, catalog := footprint(t, owner), catalogOf(t, owner)

	tenant := openPostgres(t, address)
	_, same := items[Item](t, tenant, nil)
	require.NoError(t, same.Create(t.Context(), &Item{ID: 5, Name: "five"}))
	require.Equal(t, before, footprint(t, owner))

	c, node := items[ItemMore](t, tenant, impatient(schema.Policy{}))
	for range 3 {
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrPermission)
		require.ErrorContains(t, err, "items")
		require.NotContains(t, err.Error(), secret)
		ensure := ensureError(t, err)
		require.False(t, ensure.Retryable)
		require.Equal(t, "items", ensure.Table.Name)
	}
	require.Equal(t, schema.StateBlocked, statusOf(t, c, "items").State)
	plan := planFor(t, c, "items")
	err := c.Migrate(t.Context(), []*schema.Plan{plan}, schema.Policy{})
	require.ErrorIs(t, err, schema.ErrPermission)
	require.ErrorContains(t, err, "items")
	require.Equal(t, catalog, catalogOf(t, owner))
	require.Nil(t, liveOf(t, owner, "items").Indexes)
	require.Equal(t, 1, applied(t, owner, "items"))

	boss, _ := items[ItemMore](t, owner, nil)
	require.NoError(t, boss.EnsureAll(t.Context()))
	waitFor(t, func() bool { _, err := node.Get(t.Context(), 1); return err == nil })
	require.Equal(t, 2, applied(t, owner, "items"))
}
