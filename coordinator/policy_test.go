package coordinator_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// What only adds runs by itself when the table is first used, once, and the rows stay.
func TestAdditiveChangeRunsOnFirstUse(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 3)
		before := entryOf(t, d, "items")

		c, node := items[ItemMore](t, db.open(t), nil)
		errs := together(50, func(i int) error {
			return node.Create(t.Context(), &ItemMore{ID: int64(100 + i), Name: "new"})
		})
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Equal(t, 53, rows(t, d, "items"))
		require.Equal(t, 2, applied(t, d, "items"), "made, and changed once")
		after := entryOf(t, d, "items")
		require.Equal(t, before.Generation+1, after.Generation)
		require.Equal(t, node.Table().Fingerprint(), after.Fingerprint)
		require.Equal(t, liveOf(t, d, "items").Hash, after.CatalogHash, "what the catalogue shows is what is remembered")
		require.Equal(t, schema.RevisionApplied, last(t, d, "items").State)
		require.Empty(t, last(t, d, "items").Reason, "there was nothing to allow")

		old, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, "item 1", old.Name)
		require.EqualValues(t, 7, old.Price, "the default fills the rows that were there")
		require.Nil(t, old.Place)
		settled(t, c, "items")

		_, again := items[ItemMore](t, db.open(t), nil)
		_, err = again.Get(t.Context(), 100)
		require.NoError(t, err)
		require.Equal(t, 2, applied(t, d, "items"))
	})
}

// hazardous is a version of "items" that the zero policy does not let through.
type hazardous struct {
	name   string
	hazard schema.HazardKind
	column string // of the allowance; empty where the hazard is the table's
	// use asks for the table in the version.
	use func(t testing.TB, d dialect.Dialect, cfg *coordinator.Config) (*coordinator.Coordinator, error)
}

// asking is a hazardous version's use.
func asking[T any](opts ...schema.TableOption) func(testing.TB, dialect.Dialect, *coordinator.Config) (*coordinator.Coordinator, error) {
	return func(t testing.TB, d dialect.Dialect, cfg *coordinator.Config) (*coordinator.Coordinator, error) {
		c, node := items[T](t, d, cfg, opts...)
		_, err := node.Get(t.Context(), 1)
		return c, err
	}
}

type (
	itemNoteNeeded struct {
		ID    int64  `db:"id"    schema:"pk"`
		Name  string `db:"name"`
		Note  string `db:"note"`
		Stock int64  `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemNameless struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  *string `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemNameUnique struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"  schema:"unique"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemOtherDefault struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=5,check=stock >= 0"`
	}
	itemOtherCheck struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= -5"`
	}
	itemMoreChecks struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"  schema:"check=name <> ''"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemFractions struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock float64 `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemTitled struct {
		ID    int64   `db:"id"    schema:"pk"`
		Title string  `db:"title" schema:"was=name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	}
	itemGraded struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
		Grade string  `db:"grade" schema:"backfill='good'"`
	}
	itemParented struct {
		ID    int64   `db:"id"    schema:"pk"`
		Name  string  `db:"name"`
		Note  *string `db:"note"`
		Stock int64   `db:"stock" schema:"default=0,check=stock >= 0,references=items.id"`
	}
)

func hazardousVersions() []hazardous {
	return []hazardous{
		{"not null", schema.HazardSetNotNull, "note", asking[itemNoteNeeded]()},
		{"null", schema.HazardDropNotNull, "name", asking[itemNameless]()},
		{"unique", schema.HazardAddUnique, "name", asking[itemNameUnique]()},
		{"another default", schema.HazardChangeDefault, "stock", asking[itemOtherDefault]()},
		{"another check", schema.HazardChangeCheck, "stock", asking[itemOtherCheck]()},
		{"one more check", schema.HazardAddCheck, "name", asking[itemMoreChecks]()},
		{"another type", schema.HazardRetypeColumn, "stock", asking[itemFractions]()},
		{"a new name", schema.HazardRenameColumn, "title", asking[itemTitled]()},
		{"a new column that is not null", schema.HazardSetNotNull, "grade", asking[itemGraded]()},
		{"a foreign key", schema.HazardAddForeignKey, "stock", asking[itemParented]()},
	}
}

// What could hurt is refused by name, with the plan, and touches nothing; allowed for the table and the column, with a
// reason that the history keeps, it runs on first use.
func TestHazardIsRefusedAndAllowed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		for _, v := range hazardousVersions() {
			t.Run(v.name, func(t *testing.T) {
				db := freshLike(t, db)
				d := db.open(t)
				stocked(t, d, 3)
				before, hash := footprint(t, d), liveOf(t, d, "items").Hash
				refused := func(policy schema.Policy) {
					_, err := v.use(t, d, &coordinator.Config{Policy: policy})
					require.ErrorIs(t, err, schema.ErrMigrationRequired)
					require.ErrorIs(t, err, schema.ErrDestructive)
					require.ErrorIs(t, err, schema.ErrSchemaMismatch)
					require.ErrorContains(t, err, string(v.hazard))
					require.ErrorContains(t, err, "items")
					ensure := ensureError(t, err)
					require.False(t, ensure.Retryable)
					require.NotNil(t, ensure.Plan)
					require.Equal(t, hash, ensure.Plan.Base)
					require.Contains(t, hazards(ensure.Plan), v.hazard)
					require.NotEmpty(t, ensure.Changes)
					require.Equal(t, before, footprint(t, d), "nothing was touched")
				}
				refused(schema.Policy{})
				refused(allow(v.hazard, "elsewhere", ""))
				refused(allow(schema.HazardDropColumn, "items", ""))
				if v.column != "" {
					refused(allow(v.hazard, "items", "elsewhere"))
				}

				policy := allow(v.hazard, "items", v.column)
				// What may come along with it: a table that is written anew, a check that reads otherwise over another type.
				for _, kind := range []schema.HazardKind{schema.HazardRewriteTable, schema.HazardChangeCheck} {
					policy.Allow = append(policy.Allow, schema.Allowance{Hazard: kind, Table: "items", Reason: "it is small"})
				}
				c, err := v.use(t, d, &coordinator.Config{Policy: policy})
				require.NoError(t, err)
				require.Equal(t, 3, rows(t, d, "items"))
				require.Equal(t, 2, applied(t, d, "items"))
				require.Contains(t, last(t, d, "items").Reason, reason)
				require.Contains(t, last(t, d, "items").Reason, string(v.hazard))
				require.EqualValues(t, 2, entryOf(t, d, "items").Generation)
				settled(t, c, "items")
			})
		}
	})
}

// freshLike gives another fresh database of the same kind.
func freshLike(t testing.TB, db database) database {
	switch db.name {
	case "postgres":
		return postgresDatabase(t)
	case "mysql":
		return mysqlDatabase(t)
	}
	return sqliteDatabase(t)
}

// What the model does not know stays, and is no reason to change anything, until the policy allows its removal.
func TestExtrasStayUnlessAllowed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		exec(t, d, "ALTER TABLE items ADD COLUMN legacy TEXT")
		exec(t, d, "UPDATE items SET legacy = 'precious'")
		exec(t, d, "CREATE INDEX by_hand ON items (note)")
		for range 3 {
			_, node := items[Item](t, d, nil)
			_, err := node.Get(t.Context(), 1)
			require.NoError(t, err)
		}
		require.Equal(t, 1, applied(t, d, "items"), "somebody else's column is not ours to change")
		require.Equal(t, 2, count(t, d, "SELECT count(*) FROM items WHERE legacy = 'precious'"))

		policy := allow(schema.HazardDropColumn, "items", "legacy")
		c, node := items[Item](t, d, &coordinator.Config{Policy: policy})
		plan := planFor(t, c, "items")
		require.Equal(t, []schema.HazardKind{schema.HazardDropColumn}, hazards(plan), plan.String())
		require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{plan}, schema.Policy{}))
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		live := liveOf(t, d, "items")
		_, there := live.Column("legacy")
		require.False(t, there)
		require.True(t, slices.ContainsFunc(live.Indexes, func(ix schema.LiveIndex) bool { return ix.Name == "by_hand" }), "the index was not named")
		require.Equal(t, 2, rows(t, d, "items"))
		settled(t, c, "items")
	})
}

// A statement whose duration grows with the table keeps off the request path of a large one, and Migrate does it.
func TestLargeTableIsLeftToMigrate(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 12)
		before := footprint(t, d)
		small := &coordinator.Config{Policy: schema.Policy{MaxRows: 10}}
		c, node := items[ItemMore](t, d, small)
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrMigrationRequired)
		require.NotErrorIs(t, err, schema.ErrDestructive)
		require.ErrorContains(t, err, "more than 10 rows")
		require.NotNil(t, ensureError(t, err).Plan)
		require.Equal(t, before, footprint(t, d))

		plan := planFor(t, c, "items")
		require.Empty(t, plan.Hazards())
		require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{plan}, schema.Policy{}))
		_, err = node.Get(t.Context(), 1)
		require.NoError(t, err, "and at once, without a wait")
		settled(t, c, "items")
		require.Equal(t, 12, rows(t, d, "items"))

		other := freshLike(t, db).open(t)
		stocked(t, other, 12)
		_, free := items[ItemMore](t, other, &coordinator.Config{Policy: schema.Policy{MaxRows: -1}})
		_, err = free.Get(t.Context(), 1)
		require.NoError(t, err, "no bound")
	})
}

// A faulty policy or mode is found before anything else, and named.
func TestBadPolicyIsRefused(t *testing.T) {
	d := sqliteDatabase(t).open(t)
	refused := func(cfg *coordinator.Config, words ...string) {
		_, err := coordinator.New(d, cfg)
		require.ErrorIs(t, err, schema.ErrInvalid)
		for _, word := range words {
			require.ErrorContains(t, err, word)
		}
	}
	refused(&coordinator.Config{Mode: "verfiy"}, "verfiy", "Mode")
	refused(&coordinator.Config{Policy: allow("drop-everything", "items", "")}, "drop-everything")
	refused(&coordinator.Config{Policy: schema.Policy{Allow: []schema.Allowance{{Hazard: schema.HazardDropColumn}}}}, "reason")
	refused(&coordinator.Config{Policy: schema.Policy{Allow: []schema.Allowance{
		{Hazard: "first", Reason: "x"}, {Hazard: "second", Reason: "x"},
	}}}, "first", "second")
	for _, mode := range []coordinator.Mode{"", coordinator.ModeMigrate, coordinator.ModeVerify, coordinator.ModeTrust} {
		start(t, d, &coordinator.Config{Mode: mode})
	}
	c, _ := items[Item](t, d, nil)
	err := c.Migrate(t.Context(), nil, allow("drop-everything", "", ""))
	require.ErrorIs(t, err, schema.ErrInvalid, fmt.Sprint(err))
}
