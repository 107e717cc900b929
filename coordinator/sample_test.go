package coordinator_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// sample reads one of the music store's scripts.
func sample(t testing.TB, name string) string {
	text, err := os.ReadFile(filepath.Join("testdata", "chinook."+name+".sql"))
	require.NoError(t, err)
	return string(text)
}

// script runs statements as somebody else would.
func script(t testing.TB, d dialect.Dialect, text string) {
	for statement := range strings.SplitSeq(strings.TrimSpace(text), ";\n") {
		exec(t, d, statement)
	}
}

// A database that somebody else made, in their own style, matches its models in every respect; and when it is taken
// over, it is not touched.
func TestSampleSchemaMatches(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		script(t, d, sample(t, db.name))
		script(t, d, sample(t, "rows"))
		before := footprint(t, d)
		verifying := start(t, d, &coordinator.Config{Mode: coordinator.ModeVerify})
		tracks := store(t, verifying)
		plans, err := verifying.Plan(t.Context())
		require.NoError(t, err)
		require.Len(t, plans, 11)
		mismatches := 0
		for _, plan := range plans {
			mismatches += len(plan.Blocking()) + len(plan.Statements) + len(plan.Faults)
		}
		require.Zero(t, mismatches, "%v", plans)
		require.NoError(t, verifying.EnsureAll(t.Context()))
		require.NoError(t, verifying.Ready(t.Context()))
		t.Logf("%s: 11 tables, %d false mismatches", db.name, mismatches)

		track, err := tracks.Get(t.Context(), 3)
		require.NoError(t, err)
		require.Equal(t, "Amet", track.Name)
		require.Equal(t, "1.99", track.UnitPrice)
		if db.name == "mysql" {
			require.EqualValues(t, 231, track.Seconds) // to divide whole numbers gives a fraction, and a column rounds it
		} else {
			require.EqualValues(t, 230, track.Seconds)
		}
		require.Nil(t, track.GenreID)
		require.Equal(t, before, footprint(t, d))

		taking := start(t, d, nil)
		store(t, taking)
		catalog := foreign(t, d)
		require.NoError(t, taking.EnsureAll(t.Context()))
		require.Equal(t, catalog, foreign(t, d), "every table is as it was")
		require.Equal(t, 11, count(t, d, "SELECT count(*) FROM schemactor_revisions WHERE state = 'adopted' AND statements = '[]'"))
		require.Equal(t, 11, count(t, d, "SELECT count(*) FROM schemactor_revisions"))
		require.Equal(t, 3, rows(t, d, "track"))
	})
}

// foreign is the catalogue without what the library keeps for itself.
func foreign(t testing.TB, d dialect.Dialect) []string {
	return slices.DeleteFunc(catalogOf(t, d), func(line string) bool { return strings.Contains(line, "schemactor_") })
}

// sampleFault is a mistake in the music store's script: a piece of it and what stands there instead, for each database.
type sampleFault struct {
	name             string
	table            string
	kind             schema.ChangeKind
	object           string // part of what the difference says
	sqlite, postgres [2]string
}

// change is what stands in a database's script, and what is to stand there.
func (f *sampleFault) change(database string) [2]string {
	switch database {
	case "sqlite":
		return f.sqlite
	case "mysql":
		if own, ok := mysqlFaults()[f.name]; ok {
			return own
		}
	}
	return f.postgres
}

// mysqlFaults are the faults that are written in another way for MariaDB than for PostgreSQL, by their names. A foreign key
// there makes its own index where there is none, so that it goes along.
func mysqlFaults() map[string][2]string {
	return map[string][2]string{
		"not null added": {"`name` varchar(120)", "`name` varchar(120) NOT NULL"},
		"unique dropped": {"  CONSTRAINT genre_is_known_once UNIQUE (name),\n", ""},
		"index dropped": {
			",\n  KEY IFK_InvoiceCustomerId (customer_id),\n" +
				"  CONSTRAINT of_customer FOREIGN KEY (customer_id) REFERENCES customer (customer_id) ON DELETE RESTRICT", "",
		},
		"default dropped": {" DEFAULT 'Nowhere'", ""},
		"table missing":   {"`artist`", "`artists`"},
		"numbering lost":  {"playlist_id int AUTO_INCREMENT PRIMARY KEY", "playlist_id int PRIMARY KEY"},
	}
}

// both is a fault that is written in the same way on both.
func both(name, table string, kind schema.ChangeKind, object, old, new string) sampleFault {
	return sampleFault{name, table, kind, object, [2]string{old, new}, [2]string{old, new}}
}

func sampleFaults() []sampleFault {
	return []sampleFault{
		{
			"column missing", "customer", schema.MissingColumn, "fax",
			[2]string{"  fax VARCHAR(24) CHECK (length(fax) <= 24),\n", ""},
			[2]string{"  fax varchar(24),\n", ""},
		},
		{
			"column of another type", "track", schema.ColumnType, "bytes",
			[2]string{"bytes INT,", "bytes REAL,"},
			[2]string{"bytes int,", "bytes text,"},
		},
		{
			"column too narrow", "customer", "", "company",
			[2]string{"length(company) <= 80", "length(company) <= 60"},
			[2]string{"company varchar(80)", "company varchar(60)"},
		},
		{
			"not null dropped", "album", schema.ColumnNullability, "title",
			[2]string{"title NVARCHAR(160) NOT NULL", "title NVARCHAR(160)"},
			[2]string{"title varchar(160) NOT NULL", "title varchar(160)"},
		},
		{
			"not null added", "artist", schema.ColumnNullability, "name",
			[2]string{"[name] NVARCHAR(120)", "[name] NVARCHAR(120) NOT NULL"},
			[2]string{"name character varying(120)", "name character varying(120) NOT NULL"},
		},
		both("unique dropped", "genre", schema.MissingUnique, "name", " CONSTRAINT genre_is_known_once UNIQUE", ""),
		both("unique over fewer columns", "album", schema.MissingUnique, "title", "UNIQUE (artist_id, title)", "UNIQUE (artist_id)"),
		both("index dropped", "invoice", schema.MissingIndex, "customer_id",
			"CREATE INDEX \"IFK_InvoiceCustomerId\" ON invoice (customer_id);\n", ""),
		both("foreign key dropped", "track", schema.MissingForeignKey, "(album_id) to",
			" REFERENCES album (album_id) ON DELETE CASCADE ON UPDATE NO ACTION", ""),
		both("foreign key with another action", "playlist_track", schema.MissingForeignKey, "(playlist_id) to",
			"REFERENCES playlist (playlist_id) ON DELETE CASCADE", "REFERENCES playlist (playlist_id)"),
		both("foreign key to another table", "customer", schema.MissingForeignKey, "(support_rep_id) to",
			"REFERENCES employee (employee_id)", "REFERENCES artist (artist_id)"),
		both("check dropped", "invoice_line", schema.MissingCheck, "quantity", ",\n  CHECK (quantity > 0)", ""),
		both("default changed", "invoice_line", schema.ColumnDefault, "quantity", "DEFAULT 1 NOT NULL", "DEFAULT 2 NOT NULL"),
		{
			"default dropped", "customer", schema.ColumnDefault, "country",
			[2]string{" DEFAULT 'Nowhere'", ""},
			[2]string{" DEFAULT 'Nowhere'::varchar", ""},
		},
		both("another key", "playlist_track", schema.PrimaryKey, "playlist_id", "PRIMARY KEY (playlist_id, track_id)", "PRIMARY KEY (playlist_id)"),
		both("extra column that wants a value", "employee", schema.ExtraColumn, "badge", "\n  reports_to", "\n  badge INTEGER NOT NULL,\n  reports_to"),
		{
			"table missing", "artist", schema.MissingTable, "artist",
			[2]string{"CREATE TABLE [artist]", "CREATE TABLE [artists]"},
			[2]string{"REFERENCES artist,", "REFERENCES artists,"},
		},
		both("generated in another way", "track", schema.ColumnGenerated, "seconds", " / 1000)", " / 100)"),
		both("column renamed", "invoice", schema.MissingColumn, "billing_city", "billing_city", "billing_town"),
		{
			"numbering lost", "playlist", schema.ColumnIdentity, "playlist_id",
			[2]string{"playlist_id INTEGER PRIMARY KEY", "playlist_id BIGINT PRIMARY KEY"},
			[2]string{"playlist_id serial PRIMARY KEY", "playlist_id integer PRIMARY KEY"},
		},
	}
}

// Every mistake is found, in the table where it is and nowhere else, and named.
func TestSampleSchemaWithFaults(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		faults := sampleFaults()
		require.Len(t, faults, 20)
		var report strings.Builder
		found := 0
		for _, fault := range faults {
			d := freshLike(t, db).open(t)
			change := fault.change(db.name)
			faulty := strings.ReplaceAll(sample(t, db.name), change[0], change[1])
			require.NotEqual(t, sample(t, db.name), faulty, fault.name)
			if fault.name == "table missing" && db.name == "postgres" {
				faulty = strings.Replace(faulty, "CREATE TABLE artist (", "CREATE TABLE artists (", 1)
			}
			script(t, d, faulty)
			before := footprint(t, d)
			c := start(t, d, &coordinator.Config{Mode: coordinator.ModeVerify})
			store(t, c)
			err := c.EnsureAll(t.Context())
			report.WriteString("\n" + fault.name + " → ")
			if err == nil {
				continue
			}
			report.WriteString(strings.ReplaceAll(err.Error(), "\n", " | "))
			require.Equal(t, before, footprint(t, d))
			if fault.isIn(err) {
				found++
			}
			if fault.kind != schema.MissingTable { // whose absence others feel, too
				require.NotContains(t, err.Error(), "\n", "no other table is accused")
			}
		}
		t.Logf("%s: found %d of %d%s", db.name, found, len(faults), report.String())
		require.Equal(t, len(faults), found)
	})
}

// isIn reports whether an error names the fault's table, kind and object.
func (f *sampleFault) isIn(err error) bool {
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		all = joined.Unwrap()
	}
	for _, one := range all {
		var ensure *schema.EnsureError
		if !errors.As(one, &ensure) || !errors.Is(one, schema.ErrSchemaMismatch) || ensure.Table.Name != f.table {
			continue
		}
		for _, change := range ensure.Changes {
			text := change.String()
			if change.Blocking() && (f.kind == "" || change.Kind == f.kind) && strings.Contains(text, f.object) &&
				strings.Contains(one.Error(), text) {
				return true
			}
		}
	}
	return false
}
