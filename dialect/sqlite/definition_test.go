package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/schema"
)

// hostile are CREATE TABLE texts for a table t that SQLite takes and that are easily misread.
var hostile = []string{
	"CREATE TABLE t (a)",
	"CREATE TABLE t (a, b, PRIMARY KEY (b DESC, a COLLATE NOCASE) ON CONFLICT FAIL)",
	"CREATE TABLE t (a INTEGER PRIMARY KEY DESC ON CONFLICT ABORT)",
	"CREATE TABLE t (a INTEGER PRIMARY KEY ASC AUTOINCREMENT NOT NULL, b)",
	"CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a AUTOINCREMENT) UNIQUE (b) CHECK (b > 0) CHECK (a > 0))",
	"CREATE TABLE t (a UNSIGNED BIG INT, b DECIMAL(10, -2) NOT NULL ON CONFLICT IGNORE DEFAULT -1.5e-3 CHECK (b <> 'x, y)'), c VARCHAR (20))",
	"CREATE TABLE t (a DEFAULT .5e-3, b DEFAULT x'AB' NOT NULL, c DEFAULT'x'NOT NULL, d DEFAULT +1 UNIQUE)",
	"CREATE TABLE t (a DEFAULT CURRENT_TIMESTAMP, b DEFAULT (1 + (2)) NULL, c DEFAULT NULL, d DEFAULT word COLLATE NOCASE, e DEFAULT \"quoted\")",
	"CREATE TABLE t (a REFERENCES p ON DELETE SET NULL ON UPDATE SET DEFAULT MATCH FULL NOT DEFERRABLE INITIALLY IMMEDIATE NOT NULL UNIQUE)",
	"CREATE TABLE t (a INT REFERENCES p (x) NOT NULL DEFERRABLE INITIALLY DEFERRED, b CONSTRAINT \"c 1\" REFERENCES \"p 2\"(\"x y\") ON DELETE NO ACTION CONSTRAINT c2 CHECK (b > 1))",
	"CREATE TABLE t (a, b, CONSTRAINT f FOREIGN KEY (a, b) REFERENCES p (x, y) ON UPDATE RESTRICT DEFERRABLE, CONSTRAINT u UNIQUE (b, a COLLATE RTRIM) ON CONFLICT REPLACE)",
	"CREATE TABLE t (p, a INT GENERATED ALWAYS AS (1) STORED NOT NULL, b AS (a || ')') VIRTUAL UNIQUE, c GENERATED ALWAYS AS (b))",
	"CREATE TABLE t (a INT CONSTRAINT x CONSTRAINT y NOT NULL CONSTRAINT z)",
	"CREATE TABLE t ( -- a comment, (\n `a` INT -- NOT NULL,\n NOT /* ' */ NULL, [b c] TEXT /* ) */ DEFAULT '--', \"d\"\"e\" 'my type' COLLATE \"nocase\", '(' INT)",
	"CREATE TABLE t (\"select\" INT PRIMARY KEY, \"check\" TEXT, [from] , `primary` \"key\" , ключ ТИП NOT NULL, \"emoji 🐘\" TEXT CHECK (\"emoji 🐘\" <> '🐘'))",
	"CREATE TABLE t (a TEXT PRIMARY KEY, b INT) WITHOUT ROWID",
	"CREATE TABLE t (a TEXT PRIMARY KEY, b ANY) WITHOUT ROWID, STRICT",
	"CREATE TABLE t (a INTEGER CHECK (a IN (SELECT_, 1)), SELECT_ INT, key TEXT, replace INT, generated INT, always INT, \"constraint\" INT)",
}

// described is all that SQLite itself says of table t.
func described(t testing.TB, d *DB) []string {
	var out []string
	for _, q := range []string{
		`SELECT printf('%s|%s|%d|%s|%d|%d', name, type, "notnull", dflt_value, pk, hidden) FROM pragma_table_xinfo('t')`,
		`SELECT printf('%d|%s|%d|%d', l."unique", l.origin, l.partial, x.seqno) || '|' || coalesce(x.name, '') || x.coll || x."desc"
			FROM pragma_index_list('t') l, pragma_index_xinfo(l.name) x ORDER BY l.name, x.seqno`,
		`SELECT printf('%d|%d|%s|%s|%s|%s|%s', id, seq, "table", "from", "to", on_update, on_delete) FROM pragma_foreign_key_list('t')`,
		`SELECT printf('%d|%d', wr, strict) FROM pragma_table_list('t')`,
	} {
		rows, err := d.Writer().Query(t.Context(), q)
		require.NoError(t, err)
		for rows.Next() {
			var line string
			require.NoError(t, rows.Scan(&line))
			out = append(out, line)
		}
		require.NoError(t, rows.Close())
	}
	text := one[string](t, d.Writer(), "SELECT sql FROM sqlite_schema WHERE name = 't'")
	read := readTable(text)
	slices.Sort(read.checks)
	return append(out, fmt.Sprint(read.checks, read.generated))
}

func TestDefinitionIsWrittenAsItWasRead(t *testing.T) {
	for _, text := range hostile {
		d := open(t, ":memory:", nil)
		run(t, d, text)
		want := described(t, d)
		kept := one[string](t, d.Writer(), "SELECT sql FROM sqlite_schema WHERE name = 't'")
		definition, err := readDefinition(kept)
		require.NoError(t, err, kept)
		require.Equal(t, "t", definition.name)
		again := definition.write("t")
		run(t, d, "DROP TABLE t", again)
		require.Equal(t, want, described(t, d), "%s\n%s", kept, again)
		twice, err := readDefinition(again)
		require.NoError(t, err)
		require.Equal(t, definition, twice)
	}
}

func TestDefinitionNotRead(t *testing.T) {
	for _, text := range []string{
		"", "CREATE", "CREATE TABLE", "CREATE TABLE t", "CREATE TABLE t (", "CREATE TABLE t ()", "CREATE TABLE t (a", "CREATE TABLE t (a b NOT)",
		"CREATE TABLE t (a CHECK)", "CREATE TABLE t (a b(", "CREATE TABLE t (a(0", "CREATE TABLE t (a CHECK (1)", "CREATE TABLE t (a, CONSTRAINT x)", "CREATE VIRTUAL TABLE t USING fts5 (a)",
		"CREATE TABLE t (a REFERENCES p ON DELETE nothing)", "CREATE VIEW t AS SELECT (1)",
	} {
		definition, err := readDefinition(text)
		if text == "CREATE TABLE t (a, CONSTRAINT x)" { // SQLite takes this one
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, errUnread, text)
		require.Nil(t, definition)
	}
}

// Random tables: whatever SQLite takes is read, and written as the same table.
func TestDefinitionProperty(t *testing.T) {
	names := []string{"a", "B", "\"c d\"", "`e``f`", "[g,h]", "\"check\"", "ö", "\"select\"", "i"}
	d := open(t, ":memory:", nil)
	rapid.Check(t, func(t *rapid.T) {
		pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
		gap := func() string { return pick("gap", " ", "\n", " /* (, */ ", " -- ),\n", "\t ") }
		n := rapid.IntRange(1, 6).Draw(t, "columns")
		var lines []string
		for i := range n {
			name := names[i]
			parts := []string{name, pick("type", "", "INT", "TEXT", "VARCHAR(3)", "DOUBLE PRECISION", "BLOB")}
			for range rapid.IntRange(0, 4).Draw(t, "clauses") {
				parts = append(parts, pick("clause", "NOT NULL", "UNIQUE", "NULL", "DEFAULT 1", "DEFAULT (1)", "DEFAULT -2.5e-1", "DEFAULT 'a''b'",
					"COLLATE NOCASE", "CHECK ("+name+" <> ')')", "CONSTRAINT \"x y\" CHECK ("+name+" > 1)", "REFERENCES p (x) ON DELETE SET NULL",
					"REFERENCES \"p q\" DEFERRABLE INITIALLY DEFERRED", "NOT NULL ON CONFLICT REPLACE", "DEFAULT NULL", "DEFAULT x'00'"))
			}
			lines = append(lines, strings.Join(parts, gap()))
		}
		first := names[rapid.IntRange(0, n-1).Draw(t, "of")]
		for range rapid.IntRange(0, 3).Draw(t, "constraints") {
			lines = append(lines, pick("constraint", "UNIQUE ("+first+" COLLATE NOCASE DESC)", "CONSTRAINT k CHECK ("+first+" IN (1, ','))",
				"FOREIGN KEY ("+first+") REFERENCES p (x) ON UPDATE CASCADE", "CHECK (1) ON CONFLICT FAIL", "PRIMARY KEY ("+first+")"))
		}
		text := "CREATE TABLE t (" + gap() + strings.Join(lines, gap()+","+gap()) + gap() + ")" + pick("options", "", " WITHOUT ROWID", " STRICT")
		if _, err := d.Writer().Exec(t.Context(), text); err != nil {
			t.Skip("not a table: ", err)
		}
		defer func() { _, _ = d.Writer().Exec(t.Context(), "DROP TABLE t") }()
		want := propertiesOf(t, d)
		lives, err := d.Inspect(t.Context(), d.Writer(), schema.Ref{Name: "t"})
		require.NoError(t, err)
		definition, err := readDefinition(lives[0].Source[0])
		require.NoError(t, err, text)
		_, err = d.Writer().Exec(t.Context(), "DROP TABLE t")
		require.NoError(t, err)
		_, err = d.Writer().Exec(t.Context(), definition.write("t"))
		require.NoError(t, err, "%s\n%s", text, definition.write("t"))
		require.Equal(t, want, propertiesOf(t, d), "%s\n%s", text, definition.write("t"))
	})
}

// propertiesOf is what Inspect says of table t, spelling aside.
func propertiesOf(t *rapid.T, d *DB) schema.Live {
	lives, err := d.Inspect(t.Context(), d.Writer(), schema.Ref{Name: "t"})
	require.NoError(t, err)
	live := *lives[0]
	live.Hash, live.Source = "", nil
	return live
}

func FuzzReadDefinition(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		definition, err := readDefinition(text)
		if err != nil {
			return
		}
		require.NotEmpty(t, definition.columns)
		_ = definition.write("t")
	})
}
