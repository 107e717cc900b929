package coordinator_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// ModeVerify looks and never touches: a table that fits is ready, any other is an error that names all that differs.
func TestVerifyNeverChangesAnything(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		exec(t, d, `CREATE TABLE items (id BIGINT PRIMARY KEY, name VARCHAR(5), stock BIGINT NOT NULL)`)
		exec(t, d, `CREATE TABLE parts (id BIGINT PRIMARY KEY NOT NULL, item BIGINT NOT NULL)`)
		exec(t, d, `INSERT INTO items (id, name, stock) VALUES (1, 'one', 5)`)
		before := footprint(t, d)
		c := start(t, d, &coordinator.Config{Mode: coordinator.ModeVerify})
		node := register[ItemMore, int64](t, c, schema.Named("items"))
		register[ItemPart, int64](t, c, schema.Named("parts"))
		register[User, uuid.UUID](t, c)
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.NotErrorIs(t, err, schema.ErrMigrationRequired)
		kinds := map[schema.ChangeKind][]string{}
		for _, change := range ensureError(t, err).Changes {
			kinds[change.Kind] = append(kinds[change.Kind], change.Object)
			require.ErrorContains(t, err, change.String())
		}
		require.Equal(t, []string{"note", "place", "price"}, kinds[schema.MissingColumn])
		require.Contains(t, kinds[schema.ColumnNullability], "name")
		require.Contains(t, kinds[schema.ColumnDefault], "stock")
		require.Len(t, kinds[schema.MissingIndex], 1)
		require.Len(t, kinds[schema.MissingCheck], 1)
		if db.name == "postgres" {
			require.Equal(t, []string{"name"}, kinds[schema.ColumnType])
		}

		err = c.EnsureAll(t.Context())
		require.ErrorContains(t, err, "ensure parts")
		require.ErrorContains(t, err, "missing foreign key")
		require.ErrorContains(t, err, "ensure users")
		require.ErrorContains(t, err, "missing table")
		require.Equal(t, before, footprint(t, d), "no table was touched, and there is no ledger")
	})
}

// A table that matches, made by whomever, is ready without a ledger; and so is one that has more than the model knows.
func TestVerifyAcceptsWhatMatches(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		exec(t, d, "DROP TABLE schemactor_tables")
		exec(t, d, "DROP TABLE schemactor_revisions")
		exec(t, d, "ALTER TABLE items ADD COLUMN more TEXT")
		exec(t, d, "CREATE INDEX by_hand ON items (name)")
		before := footprint(t, d)
		c, node := items[Item](t, d, &coordinator.Config{Mode: coordinator.ModeVerify})
		require.NoError(t, node.Create(t.Context(), &Item{ID: 3, Name: "three"}))
		require.NoError(t, c.Ready(t.Context()))
		require.Equal(t, before, footprint(t, d))
		plan := planFor(t, c, "items")
		require.Empty(t, plan.Blocking(), plan.String())
		drift, err := c.Drift(t.Context())
		require.NoError(t, err)
		require.Len(t, drift, 1)
		require.Equal(t, schema.StandingNew, drift[0].Standing)

		// One that is lost is missed again.
		exec(t, d, "DROP TABLE items")
		_, err = node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, "missing table")
		require.Nil(t, liveOf(t, d, "items"))
	})
}

// ModeTrust believes, and asks nothing.
func TestTrustTouchesNothing(t *testing.T) {
	t.Run("an empty file", func(t *testing.T) {
		d := sqliteDatabase(t).open(t)
		w := &watched{Dialect: d}
		c, node := items[Item](t, w, &coordinator.Config{Mode: coordinator.ModeTrust})
		require.NoError(t, c.EnsureAll(t.Context()))
		require.NoError(t, c.Ready(t.Context()))
		require.Zero(t, w.surveys.Load()+w.locks.Load()+w.inspections.Load()+w.others.Load())
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrMissing, "what comes of it is the database's own word")
		require.Empty(t, footprint(t, d))
	})
	t.Run("a server that is down", func(t *testing.T) {
		server := postgrestest.NewServer(t)
		server.Stop()
		c, _ := items[Item](t, lazyPostgres(t, server.URL()), &coordinator.Config{Mode: coordinator.ModeTrust})
		require.NoError(t, c.EnsureAll(t.Context()))
		require.NoError(t, c.Ready(t.Context()))
	})
}

// readOnlyItem is what the table of TestVerifyUnderReadOnlyRole looks like when nothing is wrong with it.
type readOnlyItem struct {
	ID      int64   `db:"id"      schema:"pk"`
	Name    string  `db:"name"    schema:"size=40,unique"`
	Kind    string  `db:"kind"    schema:"enum=big|small,default='small',index"`
	Ratio   float64 `db:"ratio"   schema:"check=ratio BETWEEN 0 AND 1"`
	Twice   float64 `db:"twice"   schema:"generated=ratio * 2"`
	Parent  *int64  `db:"parent"  schema:"references=items.id,ondelete=set null"`
	Comment *string `db:"comment" schema:"comment=what people say"`
}

// A role that may make nothing compares by reading alone: it finds what is missing and finds nothing that is not so.
func TestVerifyUnderReadOnlyRole(t *testing.T) {
	faults := []struct{ name, ddl, word string }{
		{"nothing", "", ""},
		{"a column", "ALTER TABLE items DROP COLUMN comment", "missing column comment"},
		{"a type", "ALTER TABLE items ALTER COLUMN name TYPE text", "column type name"},
		{"a nullability", "ALTER TABLE items ALTER COLUMN kind DROP NOT NULL", "column nullability kind"},
		{"a unique index", "DROP INDEX items__name_uq", "missing unique index"},
		{"an index", "DROP INDEX items__kind_ix", "missing index"},
		{"a foreign key", "ALTER TABLE items DROP CONSTRAINT items__parent_fk", "missing foreign key"},
		{"an action", "ALTER TABLE items DROP CONSTRAINT items__parent_fk, ADD FOREIGN KEY (parent) REFERENCES items", "missing foreign key"},
		{"a default", "ALTER TABLE items ALTER COLUMN kind DROP DEFAULT", "column default kind"},
		{"a generated expression", "ALTER TABLE items ALTER COLUMN twice DROP EXPRESSION", "generated expression twice"},
		{"the key", "ALTER TABLE items DROP CONSTRAINT items_pkey CASCADE", "primary key"},
		{"a check", "ALTER TABLE items DROP CONSTRAINT " + schema.CheckName(schema.Ref{Name: "items"}, schema.Check{Expr: "ratio BETWEEN 0 AND 1"}), "missing check"},
	}
	for _, fault := range faults {
		t.Run(fault.name, func(t *testing.T) {
			db := postgresDatabase(t)
			d := db.open(t)
			c, node := items[readOnlyItem](t, d, nil)
			require.NoError(t, node.Create(t.Context(), &readOnlyItem{ID: 1, Name: "one", Ratio: 0.5}))
			shut(t, c)
			if fault.ddl != "" {
				exec(t, d, fault.ddl)
			}
			powerless := reader(t, db, false)
			before := footprint(t, d)
			_, read := items[readOnlyItem](t, powerless, &coordinator.Config{Mode: coordinator.ModeVerify})
			got, err := read.Get(t.Context(), 1)
			if fault.word == "" {
				require.NoError(t, err)
				require.InDelta(t, 1, got.Twice, 0)
			} else {
				require.ErrorIs(t, err, schema.ErrSchemaMismatch)
				require.ErrorContains(t, err, "ensure items")
				require.ErrorContains(t, err, fault.word)
			}
			require.Equal(t, before, footprint(t, d))
		})
	}
}
