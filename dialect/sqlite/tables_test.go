package sqlite

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

type parent struct {
	ID   int64  `db:"id" schema:"pk,auto"`
	Name string `db:"name" schema:"unique,size=40"`
}

type rich struct {
	Tenant  int64     `db:"tenant" schema:"pk"`
	ID      [16]byte  `db:"id" schema:"pk"`
	Parent  *int64    `db:"parent" schema:"references=parents.id,ondelete=cascade,onupdate=set null"`
	State   string    `db:"state" schema:"enum=new|open|done,default='new'"`
	Active  bool      `db:"active" schema:"unique=pair"`
	Day     time.Time `db:"day" schema:"type=date,unique=pair,default=now"`
	Made    time.Time `db:"made" schema:"default=now,index"`
	Price   string    `db:"price" schema:"type=decimal,precision=12,scale=2,default=1.5"`
	Ratio   float64   `db:"ratio" schema:"check=ratio >= 0 AND ratio < 10"`
	Raw     []byte    `db:"raw" schema:"size=16"`
	Odd     *string   `db:"sel\"ect" schema:"index=odd"`
	Doubled int64     `db:"doubled" schema:"generated=tenant * 2"`
}

func TestGoldenPlan(t *testing.T) {
	m := model[rich](t, schema.Named("rich ones"), schema.WithCheck("tenant > 0"))
	var b strings.Builder
	for _, s := range (Grammar{}).Create(m).Statements {
		require.False(t, s.Deferred)
		fmt.Fprintf(&b, "%s;\n", s.SQL)
	}
	golden := filepath.Join("testdata", "rich.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
	d := fresh(t)
	for _, s := range (Grammar{}).Create(m).Statements {
		run(t, d, s.SQL)
	}
	require.Empty(t, changes(t, d, m))
}

// changes is what stands between a model and its table.
func changes(t *testing.T, d *DB, m *schema.Table) []schema.Change {
	t.Helper()
	born, err := d.Born(t.Context(), nil, m)
	require.NoError(t, err)
	lives, err := d.Inspect(t.Context(), d.Reader(), m.Ref())
	require.NoError(t, err)
	require.NotNil(t, lives[0])
	return d.Alter(dialect.Transition{Model: m, Born: born, Live: lives[0]}).Changes
}

type numbered struct {
	ID   int64   `db:"id" schema:"pk,auto"`
	Name string  `db:"name" schema:"unique"`
	Note *string `db:"note" schema:"index"`
}

type keyed struct {
	ID     int64   `db:"id" schema:"pk"`
	Amount float64 `db:"amount" schema:"default=0,check=amount >= 0"`
	Parent *int64  `db:"parent" schema:"references=parents.id"`
}

func TestAdoption(t *testing.T) {
	num, key := model[numbered](t, schema.Named("things")), model[keyed](t, schema.Named("things"))
	for name, c := range map[string]struct {
		model *schema.Table
		make  []string
		want  []string
	}{
		"other words": {num, []string{
			"create table things (id integer primary key autoincrement, name CHARACTER(9) not null unique, note clob)", "create index i on things([note])",
		}, nil},
		"not numbered": {num, []string{
			"CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT)", "CREATE INDEX i ON things (note)",
		}, []string{string(schema.ColumnIdentity)}},
		"without rowid": {num, []string{
			"CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT) WITHOUT ROWID", "CREATE INDEX i ON things (note)",
		}, []string{string(schema.ColumnIdentity)}},
		"other index": {num, []string{
			"CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, note TEXT)", "CREATE INDEX i ON things (note DESC)",
		}, []string{string(schema.MissingIndex), string(schema.ExtraIndex)}},
		"partial index": {num, []string{
			"CREATE TABLE things (id INTEGER PRIMARY KEY, name TEXT NOT NULL, note TEXT)", "CREATE INDEX i ON things (note)",
			"CREATE UNIQUE INDEX u ON things (name) WHERE name > ''",
		}, []string{string(schema.MissingUnique), string(schema.ExtraUnique)}},
		"wide key": {key, []string{
			"CREATE TABLE things (id BIGINT PRIMARY KEY, amount DOUBLE NOT NULL DEFAULT 0 CHECK(amount>=0), parent BIGINT REFERENCES parents)",
		}, nil},
		"wide key without rowid": {key, []string{
			"CREATE TABLE things (id BIGINT, amount REAL NOT NULL DEFAULT (0), parent INT, PRIMARY KEY (id), CHECK ((amount >= 0)), FOREIGN KEY (parent) REFERENCES parents (id)) WITHOUT ROWID",
		}, nil},
		"other default, type and check": {key, []string{
			"CREATE TABLE things (id INTEGER PRIMARY KEY, amount NUMERIC NOT NULL DEFAULT 1 CHECK (amount > 0), parent INTEGER REFERENCES parents (id) ON DELETE CASCADE)",
		}, []string{
			string(schema.ColumnType), string(schema.ColumnDefault), string(schema.MissingForeignKey), string(schema.ExtraForeignKey),
			string(schema.MissingCheck), string(schema.ExtraCheck),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			d := fresh(t)
			run(t, d, "CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT)")
			run(t, d, c.make...)
			var got []string
			for _, change := range changes(t, d, c.model) {
				got = append(got, string(change.Kind))
			}
			require.ElementsMatch(t, c.want, got)
		})
	}
}

func TestNoTables(t *testing.T) {
	d := fresh(t)
	run(t, d, "CREATE TABLE t (a)", "CREATE VIEW things AS SELECT a FROM t", "CREATE VIRTUAL TABLE v USING rtree (id, a, b)", "CREATE INDEX ix ON t (a)")
	for _, name := range []string{"things", "THINGS", "v"} {
		_, err := d.Inspect(t.Context(), d.Reader(), schema.Ref{Name: "t"}, schema.Ref{Name: name})
		require.ErrorIs(t, err, schema.ErrSchemaMismatch, name)
		require.ErrorContains(t, err, strings.ToLower(name))
	}
	lives, err := d.Inspect(t.Context(), d.Writer(), schema.Ref{Name: "ix"}, schema.Ref{Name: "nosuch"}, schema.Ref{Name: "T"})
	require.NoError(t, err)
	require.Nil(t, lives[0])
	require.Nil(t, lives[1])
	require.Equal(t, schema.Ref{Name: "T"}, lives[2].Ref)
}

func TestBornLeavesNothing(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		for range 20 {
			_, err := d.Born(t.Context(), nil, model[rich](t))
			require.NoError(t, err)
		}
		require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema"))
		for _, p := range d.opened {
			require.LessOrEqual(t, len(p.idle), 1)
			require.Empty(t, p.places)
		}
		_, err := d.Born(t.Context(), nil, model[parent](t, schema.WithCheck("nosuch > 1")))
		require.ErrorIs(t, err, schema.ErrMissing, "a check that no server takes")
	})
}

func TestSurveyOfManyTables(t *testing.T) {
	databases(t, func(t *testing.T, d *DB) {
		const n = 1000
		refs := make([]schema.Ref, n)
		for i := range refs {
			refs[i] = schema.Ref{Name: fmt.Sprintf("t'%d", i)}
		}
		survey, err := d.Survey(t.Context(), refs)
		require.NoError(t, err)
		require.False(t, survey.HasLedger)
		require.Len(t, survey.Sightings, n)
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		for i := 0; i < n; i += 100 {
			_, err := tx.Exec(t.Context(), "CREATE TABLE "+d.QuoteTable(refs[i])+" (a)")
			require.NoError(t, err)
		}
		require.NoError(t, tx.Commit(t.Context()))
		survey, err = d.Survey(t.Context(), refs)
		require.NoError(t, err)
		lives, err := d.Inspect(t.Context(), d.Reader(), refs...)
		require.NoError(t, err)
		for i, s := range survey.Sightings {
			require.Equal(t, i%100 == 0, s.CatalogHash != "", i)
			require.Equal(t, i%100 == 0, lives[i] != nil, i)
			if lives[i] != nil {
				require.Equal(t, s.CatalogHash, lives[i].Hash)
			}
			require.Nil(t, s.Entry)
		}
	})
}

func TestSurveyDoesNotNeedTheWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	run(t, open(t, path, nil), "CREATE TABLE t (a)")
	for name, parameters := range map[string]string{"read-only": "?mode=ro&_query_only=1", "plain": ""} {
		pools := [2]*sql.DB{}
		for i, parameters := range []string{"", parameters} {
			pool, err := sql.Open("sqlite3", "file:"+path+parameters)
			require.NoError(t, err)
			defer pool.Close()
			pools[i] = pool
		}
		d, err := New(pools[0], pools[1], nil)
		require.NoError(t, err)
		pools[0].SetMaxOpenConns(1)
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		survey, err := d.Survey(within(t), []schema.Ref{{Name: "t"}})
		require.NoError(t, err, name)
		require.NotEmpty(t, survey.Sightings[0].CatalogHash)
		_, err = d.Inspect(within(t), d.Writer(), schema.Ref{Name: "t"})
		require.NoError(t, err)
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

func TestReadsSeeOneMoment(t *testing.T) {
	d := fresh(t)
	ref, stop, done := schema.Ref{Name: "t"}, make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			for _, s := range []string{"CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)", "CREATE INDEX i ON t (b)", "DROP TABLE t"} {
				if _, err := d.Writer().Exec(t.Context(), s); err != nil {
					done <- err
					return
				}
			}
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
		}
	}()
	for range 200 {
		for _, q := range []dialect.Querier{d.Reader(), d.Writer()} {
			lives, err := d.Inspect(t.Context(), q, ref)
			require.NoError(t, err)
			if lives[0] != nil {
				require.Len(t, lives[0].Columns, 2, "half a table was read")
				require.NotEmpty(t, lives[0].Hash)
			}
		}
	}
	close(stop)
	require.NoError(t, <-done)
}
