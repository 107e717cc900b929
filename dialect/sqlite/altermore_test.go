package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

type byNameOnly struct {
	Name string `db:"name" schema:"pk"`
}

type fewItems struct {
	ID   int64  `db:"id" schema:"pk"`
	Name string `db:"name" schema:"size=3"`
	Self *int64 `db:"self" schema:"was=parent,references=things.num"`
	Num  int64  `db:"num" schema:"was=number,unique,check=num > 0"`
}

func TestAlterKeysOfAllSorts(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)", "INSERT INTO items (name) VALUES ('a'), ('b')")
	plan := becomes(t, d, model[byNameOnly](t, schema.Named("items")), "items", schema.Policy{})
	require.Equal(t, []string{"change-key(name)"}, hazardWords(plan))
	run(t, d, "INSERT INTO items (name) VALUES ('c')")
	require.ErrorContains(t, carry(t, d, planned(t, d, items[itemAuto](t), "items", schema.Policy{})), "number these rows")
	run(t, d, "UPDATE items SET id = 77 WHERE id IS NULL")
	becomes(t, d, items[itemAuto](t), "items", schema.Policy{Allow: []schema.Allowance{{Hazard: schema.AnyHazard, Column: "id", Reason: "x"}}})

	d = fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)", "INSERT INTO items (name) VALUES ('a'), ('b')")
	plan = becomes(t, d, model[byNameOnly](t, schema.Named("items")), "items", anything())
	require.Equal(t, []string{"change-key(name)", "drop-column(id)"}, hazardWords(plan))
	plan = becomes(t, d, items[itemAuto](t), "items", schema.Policy{})
	require.Equal(t, 2, one[int](t, d.Reader(), "SELECT count(DISTINCT id) FROM items"), "a new numbered key")
	require.Contains(t, hazardWords(plan), "change-key(id)")

	d = fresh(t)
	run(t, d, "CREATE TABLE items (id INT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (id)) WITHOUT ROWID", "INSERT INTO items VALUES (3, 'a')")
	becomes(t, d, items[itemAuto](t), "items", schema.Policy{})
	run(t, d, "INSERT INTO items (name) VALUES ('b')")
	require.Equal(t, 4, one[int](t, d.Reader(), "SELECT max(id) FROM items"))
}

// A table that refers to itself changes its own and its columns' names while it is built anew.
func TestAlterRenamesWhatRefersToItself(t *testing.T) {
	for _, key := range []string{"", "REFERENCES Items (Number)"} {
		d := fresh(t)
		run(t, d, `CREATE TABLE Items ("Id" INTEGER PRIMARY KEY, NAME TEXT, Parent INT `+key+`, "Number" INT NOT NULL UNIQUE CHECK ("Number" > 0), twice AS (Number * 2))`,
			"CREATE INDEX ix ON Items (Number) WHERE Parent IS NOT NULL", "CREATE VIEW v AS SELECT number AS number FROM items",
			"INSERT INTO items (id, name, parent, number) VALUES (1, 'a', NULL, 10), (2, 'b', 10, 20)")
		m := model[fewItems](t, schema.Named("things"), schema.Was("Items"))
		plan := becomes(t, d, m, "Items", schema.Policy{})
		require.Subset(t, hazardWords(plan), []string{"rename-table", "rename-column(num)", "rename-column(self)", "set-not-null(name)"})
		require.Equal(t, `[2,"b",10,20,40]`, one[string](t, d.Reader(), "SELECT json_array(id, name, self, num, twice) FROM things WHERE id = 2"))
		require.Equal(t, 30, one[int](t, d.Reader(), "SELECT sum(number) FROM v"))
		plan = planned(t, d, m, "things", schema.Policy{})
		require.Empty(t, plan.Blocking())
	}
}

// A view that was broken before keeps nobody from a rebuild.
func TestRebuildBesideABrokenView(t *testing.T) {
	d := fresh(t)
	run(t, d, plainItems, "CREATE VIEW broken AS SELECT * FROM nosuch", "CREATE VIEW half AS SELECT name, nosuch FROM items", "INSERT INTO items VALUES (1, 'a')")
	becomes(t, d, items[itemMaybe](t), "items", schema.Policy{})
}

func TestTakenIndexName(t *testing.T) {
	d := fresh(t)
	run(t, d, plainItems, "CREATE INDEX items__name_ix ON items (name DESC)")
	becomes(t, d, items[item](t, schema.WithIndex("name")), "items", schema.Policy{})
	require.Equal(t, 2, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"))
	becomes(t, d, items[item](t, schema.WithIndex("name")), "items", anything())
	require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema WHERE type = 'index'"))
}

func TestExtraIndexGoesWithItsColumn(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, old INT, older AS (old + 1))", "CREATE INDEX a ON items (old, name)",
		"CREATE INDEX b ON items (name) WHERE old > 1", "CREATE INDEX c ON items (lower(name))")
	plan := becomes(t, d, items[item](t), "items", schema.Policy{Allow: []schema.Allowance{{Hazard: schema.HazardDropColumn, Reason: "x"}}})
	require.Equal(t, []string{"drop-column(older)", "drop-column(old)"}, hazardWords(plan))
	require.Equal(t, "c", one[string](t, d.Reader(), "SELECT group_concat(name) FROM sqlite_schema WHERE type = 'index'"))
}
