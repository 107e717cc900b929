package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

type order struct {
	ID    int64  `db:"id" schema:"pk,auto"`
	State string `db:"state" schema:"size=10"`
	Note  string `db:"note" schema:"notnull,backfill=''"`
}

type orderRenamed struct {
	ID     int64  `db:"id" schema:"pk,auto"`
	Status string `db:"status" schema:"size=10,was=state"`
	Note   string `db:"note" schema:"notnull,backfill=''"`
}

// shop is a table with all that may hang on one.
var shop = []string{
	`CREATE TABLE "orders" ("id" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, state TEXT COLLATE NOCASE NOT NULL DEFAULT 'new' CHECK (length(state) <= 10),
		note TEXT, extra BLOB DEFAULT x'00', parent INT REFERENCES orders (id) ON DELETE CASCADE, doubled INT AS (id * 2) VIRTUAL, UNIQUE (extra, id) ON CONFLICT REPLACE)`,
	"CREATE TABLE lines (id INTEGER PRIMARY KEY, order_id INT NOT NULL REFERENCES orders (id) ON DELETE CASCADE, amount INT NOT NULL)",
	"CREATE INDEX lines_order ON lines (order_id)",
	"CREATE TABLE log (what TEXT)",
	"CREATE INDEX orders_open ON orders (state) WHERE state = 'open' -- partial",
	"CREATE UNIQUE INDEX orders_lower ON orders (lower(state), id DESC)",
	"CREATE TRIGGER orders_logged AFTER UPDATE OF state ON orders WHEN new.state <> old.state BEGIN INSERT INTO log VALUES (old.state || '>' || new.state); END",
	"CREATE TRIGGER orders_gone AFTER DELETE ON orders BEGIN INSERT INTO log VALUES ('gone'); END",
	"CREATE TRIGGER lines_touch AFTER INSERT ON lines BEGIN UPDATE orders SET state = 'touched' WHERE id = new.order_id; END",
	"CREATE VIEW open_orders AS SELECT o.id, o.state, count(l.id) AS n FROM orders o LEFT JOIN lines l ON l.order_id = o.id WHERE o.state = 'open' GROUP BY o.id",
}

// others is the catalogue but for one table's own text and indexes.
func others(t testing.TB, d *DB) string {
	return one[string](t, d.Writer(), "SELECT group_concat(type || name || coalesce(sql, ''), char(10)) FROM (SELECT * FROM sqlite_schema WHERE name <> 'orders' AND name NOT LIKE 'sqlite%' ORDER BY type, name)")
}

func TestRebuildKeepsEverything(t *testing.T) {
	d := fresh(t)
	run(t, d, shop...)
	run(t, d, "INSERT INTO orders (id, state, parent) VALUES (1, 'open', NULL), (2, 'Open', 1), (50, 'new', 2)", "DELETE FROM orders WHERE id = 50",
		"INSERT INTO lines (order_id, amount) VALUES (1, 10), (1, 11), (2, 12)", "UPDATE orders SET state = 'open' WHERE id = 1", "DELETE FROM log")
	before := others(t, d)
	plan := becomes(t, d, model[order](t), "orders", schema.Policy{})
	require.True(t, rewrites(plan))
	require.Equal(t, []string{"set-not-null(note)"}, hazardWords(plan))
	require.Equal(t, before, others(t, d))
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM log"), "no trigger ran")
	require.Equal(t, 3, one[int](t, d.Reader(), "SELECT count(*) FROM lines"), "children stay")
	require.Equal(t, 50, one[int](t, d.Reader(), "SELECT seq FROM sqlite_sequence WHERE name = 'orders'"))
	require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_sequence"))
	require.Equal(t, 2, one[int](t, d.Reader(), "SELECT n FROM open_orders WHERE id = 1"))
	require.Equal(t, `[1,"open","",4]`, one[string](t, d.Reader(), "SELECT json_array(id, state, note, doubled + 2) FROM orders WHERE id = 1"))

	// It still works as it did.
	run(t, d, "INSERT INTO orders (state, note) VALUES ('x', 'y')")
	require.Equal(t, 51, one[int](t, d.Reader(), "SELECT max(id) FROM orders"))
	run(t, d, "UPDATE orders SET state = 'done' WHERE id = 2", "DELETE FROM orders WHERE id = 1")
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM lines"), "ON DELETE CASCADE, also of the table to itself")
	require.Positive(t, one[int](t, d.Reader(), "SELECT count(*) FROM log"))

	// A rename goes into triggers and views.
	plan = becomes(t, d, model[orderRenamed](t, schema.Named("orders")), "orders", schema.Policy{})
	require.Equal(t, []string{"rename-column(status)"}, hazardWords(plan))
	run(t, d, "INSERT INTO orders (id, status, note) VALUES (7, 'open', '')", "INSERT INTO lines (order_id, amount) VALUES (7, 1)")
	require.Equal(t, "touched", one[string](t, d.Reader(), "SELECT status FROM orders WHERE id = 7"))
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM open_orders"))
}

// Rebuild, new name and new column name at once.
func TestRebuildAndRename(t *testing.T) {
	d := fresh(t)
	run(t, d, shop...)
	run(t, d, "INSERT INTO orders (id, state) VALUES (1, 'open'), (9, 'open')", "INSERT INTO lines (order_id, amount) VALUES (1, 10)")
	m := model[orderRenamed](t, schema.Named("my \"purchases\""), schema.Was("orders"), schema.WithCheck("status <> ''"))
	plan := becomes(t, d, m, "orders", schema.Policy{})
	require.ElementsMatch(t, []string{"rename-table", "rename-column(status)", "set-not-null(note)", "add-check(status)"}, hazardWords(plan))
	require.Equal(t, 9, one[int](t, d.Reader(), `SELECT seq FROM sqlite_sequence WHERE name = 'my "purchases"'`))
	run(t, d, "INSERT INTO lines (order_id, amount) VALUES (9, 1)")
	require.Equal(t, "touched", one[string](t, d.Reader(), `SELECT status FROM "my ""purchases""" WHERE id = 9`))
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM open_orders WHERE id = 9"))
	run(t, d, `DELETE FROM "my ""purchases"""`)
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM lines"))
}

func TestRebuildKeepsTheKindOfTable(t *testing.T) {
	for name, create := range map[string]string{
		"without rowid":        "CREATE TABLE items (id BIGINT, name TEXT COLLATE RTRIM NOT NULL, x ANYTHING, PRIMARY KEY (id)) WITHOUT ROWID",
		"strict without rowid": "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, x ANY) STRICT, WITHOUT ROWID",
		"loose":                "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(7) NOT NULL COLLATE NOCASE, x UNIQUE ON CONFLICT IGNORE)",
		"hostile": "CREATE TABLE items (id INT PRIMARY KEY, -- a comment, with ( and 'quotes\n [name] TEXT /* NOT NULL, */ NOT NULL,\n" +
			" x INT DEFAULT (length(')')) CONSTRAINT \"odd one\" CHECK (x <> ',('), \"select\" TEXT, `a``b` TEXT, \"ключ, 🐘\" INT REFERENCES items (id) DEFERRABLE)",
	} {
		t.Run(name, func(t *testing.T) {
			d := fresh(t)
			run(t, d, create, "INSERT INTO items (id, name, x) VALUES (1, 'a', 1), (5, 'b', 2), (3, 'c', 3)")
			before, err := readDefinition(one[string](t, d.Reader(), "SELECT sql FROM sqlite_schema"))
			require.NoError(t, err)
			rowid := before.rowid()
			if rowid == "" {
				rowid = "0"
			}
			sum := "SELECT group_concat(line) FROM (SELECT json_array(" + rowid + ", id, name, x) AS line FROM items ORDER BY id)"
			want := one[string](t, d.Reader(), sum)
			becomes(t, d, items[itemMaybe](t), "items", schema.Policy{})
			require.Equal(t, want, one[string](t, d.Reader(), sum), "rows and their numbers")
			after, err := readDefinition(one[string](t, d.Reader(), "SELECT sql FROM sqlite_schema"))
			require.NoError(t, err)
			before.column("name").refuseNull(false)
			require.Equal(t, before.write("t"), after.write("t"))
		})
	}
}

func TestRebuildKeepsAnEmptyTablesNumbers(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL)")
	becomes(t, d, items[itemMaybe](t), "items", schema.Policy{})
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_sequence"))
	run(t, d, "INSERT INTO items (id) VALUES (41)", "DELETE FROM items")
	becomes(t, d, items[item](t), "items", schema.Policy{})
	run(t, d, "INSERT INTO items (name) VALUES ('x')")
	require.Equal(t, 42, one[int](t, d.Reader(), "SELECT id FROM items"))
}

// Conflict clauses of the table's own must not swallow rows.
func TestRebuildLosesNoRow(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, x INT NOT NULL ON CONFLICT IGNORE, UNIQUE (x) ON CONFLICT REPLACE)",
		"INSERT INTO items VALUES (1, 'a', 1), (2, 'b', 2)")
	becomes(t, d, items[item](t), "items", schema.Policy{})
	require.Equal(t, 2, one[int](t, d.Reader(), "SELECT count(*) FROM items"))
	plan := planned(t, d, items[itemMaybe](t), "items", schema.Policy{})
	for i, s := range plan.Statements {
		if strings.HasPrefix(s.SQL, "INSERT OR ABORT") {
			plan.Statements[i].SQL += " LIMIT 1"
		}
	}
	require.ErrorContains(t, carry(t, d, plan), "another number of rows")
	require.Equal(t, 2, one[int](t, d.Reader(), "SELECT count(*) FROM items"))
	whole(t, d)
}

func TestRebuildNoticesTriggers(t *testing.T) {
	d := fresh(t)
	run(t, d, plainItems)
	plan := planned(t, d, items[itemMaybe](t), "items", schema.Policy{})
	run(t, d, "CREATE TRIGGER tr AFTER INSERT ON items BEGIN SELECT 1; END")
	require.ErrorContains(t, carry(t, d, plan), "triggers have changed")
	becomes(t, d, items[itemMaybe](t), "items", schema.Policy{})
	require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'"))
}

// Whatever happens halfway, the old table is whole and the connection as it was.
func TestRebuildFailsHalfway(t *testing.T) {
	d := fresh(t)
	run(t, d, shop...)
	run(t, d, "INSERT INTO orders (id, state) VALUES (1, 'open')", "INSERT INTO lines (order_id, amount) VALUES (1, 10)")
	const all = "SELECT group_concat(coalesce(sql, name)) FROM sqlite_schema"
	before := one[string](t, d.Writer(), all)
	plan := planned(t, d, model[order](t), "orders", schema.Policy{})
	statements := plan.Statements
	for i := range statements {
		plan.Statements = append(append([]schema.Statement{}, statements[:i]...), schema.Statement{SQL: "SELECT 1", Refuse: "stop"})
		require.ErrorContains(t, carry(t, d, plan), "stop", i)
		plan.Statements[i] = schema.Statement{SQL: "no SQL"}
		require.Error(t, carry(t, d, plan), i)
		require.Equal(t, before, one[string](t, d.Writer(), all))
		require.Equal(t, 1, one[int](t, d.Writer(), "SELECT count(*) FROM lines"))
		whole(t, d)
	}
	ctx, cancel := context.WithCancel(t.Context())
	require.Error(t, d.Locked(ctx, nil, func(ctx context.Context, tx dialect.Tx) error {
		cancel()
		_, err := tx.Exec(ctx, statements[0].SQL)
		return err
	}))
	whole(t, d)
}

func TestRebuildOfManyRows(t *testing.T) {
	const n = 100_000
	d := fresh(t)
	run(t, d, shop...)
	run(t, d, "DROP TRIGGER lines_touch",
		"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 100000) INSERT INTO orders (id, state, note) SELECT i, CASE i % 3 WHEN 0 THEN 'open' ELSE 's' || i % 7 END, nullif('n' || i % 5, 'n0') FROM c",
		"UPDATE orders SET parent = id / 2 WHERE id > 1",
		"INSERT INTO lines (order_id, amount) SELECT id, id % 97 FROM orders UNION ALL SELECT id, 1 FROM orders WHERE id % 2", "DELETE FROM log")
	sums := func() []string {
		return []string{
			one[string](t, d.Reader(), "SELECT json_array(count(*), sum(id * 31 + length(state) * 7 + parent), sum(unicode(state) * (id % 1009)), sum(doubled), sum(length(coalesce(note, ''))), sum(length(extra))) FROM orders"),
			one[string](t, d.Reader(), "SELECT json_array(count(*), sum(id * order_id % 1000003), sum(amount)) FROM lines"),
			one[string](t, d.Reader(), "SELECT json_array(count(*), sum(n)) FROM open_orders"),
			others(t, d),
		}
	}
	before := sums()
	began := time.Now()
	plan := planned(t, d, model[order](t), "orders", schema.Policy{})
	require.NoError(t, carry(t, d, plan))
	t.Logf("%d rows with %d lines of their own: %v", n, n+n/2, time.Since(began))
	require.Equal(t, before, sums())
	require.True(t, plan.Long(schema.Policy{MaxRows: 10}))
	whole(t, d)
}

func TestLockedPutsSettingsBack(t *testing.T) {
	for _, c := range []struct{ parameters, keys, legacy string }{{"", "0", "0"}, {"?_foreign_keys=1", "1", "0"}} {
		pool, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "a.db")+c.parameters)
		require.NoError(t, err)
		defer pool.Close()
		pool.SetMaxOpenConns(1)
		d, err := New(pool, nil, nil)
		require.NoError(t, err)
		if c.keys == "0" {
			run(t, d, "PRAGMA legacy_alter_table = ON")
			c.legacy = "1"
		}
		failure := errors.New("no")
		for _, want := range []error{nil, failure} {
			require.ErrorIs(t, d.Locked(t.Context(), nil, func(_ context.Context, tx dialect.Tx) error {
				require.Equal(t, "0", one[string](t, tx, "PRAGMA foreign_keys"))
				require.Equal(t, "0", one[string](t, tx, "PRAGMA legacy_alter_table"))
				_, err := tx.Exec(t.Context(), "PRAGMA legacy_alter_table = ON")
				require.NoError(t, err)
				return want
			}), want)
			require.Equal(t, c.keys, one[string](t, d.Writer(), "PRAGMA foreign_keys"))
			require.Equal(t, c.legacy, one[string](t, d.Writer(), "PRAGMA legacy_alter_table"))
		}
	}
}
