package dialect_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

// ticket has every lifecycle role and most kinds.
type ticket struct {
	ID      int64      `db:"id"         schema:"pk,auto"`
	Title   string     `db:"title"      schema:"size=40,default='untitled'"`
	Owner   *uuid.UUID `db:"owner"`
	Price   *string    `db:"price"      schema:"type=decimal,precision=12,scale=2"`
	Day     time.Time  `db:"day"        schema:"type=date,default=now"`
	Twice   int64      `db:"twice"      schema:"generated=pages * 2"`
	Pages   int32      `db:"pages"`
	Doc     []string   `db:"doc"`
	Version int        `db:"version"    schema:"version"`
	Created time.Time  `db:"created_at" schema:"created"`
	Updated time.Time  `db:"updated_at" schema:"updated"`
	Deleted *time.Time `db:"deleted_at" schema:"deleted"`
}

// chair has a key of two columns and nothing that the library looks after.
type chair struct {
	Room   string  `db:"ro\"om"  schema:"pk"`
	Number int16   `db:"number"  schema:"pk"`
	Guest  *string `db:"guest"`
}

// link is nothing but a key.
type link struct {
	A int64 `db:"a" schema:"pk"`
	B int64 `db:"b" schema:"pk"`
}

// counter is nothing but an auto key.
type counter struct {
	ID int64 `db:"id" schema:"pk,auto"`
}

func tableOf[T any](t testing.TB) *schema.Table {
	t.Helper()
	table, err := schema.TableOf[T]()
	require.NoError(t, err)
	return table
}

var now = time.Date(2024, 5, 6, 7, 8, 9, 10999, time.FixedZone("east", 7200))

func TestStatementsAreGolden(t *testing.T) {
	for name, g := range map[string]dialect.Grammar{"sqlite": sqlite.Grammar{}, "postgres": postgres.Grammar{}} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			for _, table := range []*schema.Table{tableOf[ticket](t), tableOf[chair](t), tableOf[link](t), tableOf[counter](t)} {
				s := dialect.NewStatements(g, table)
				for _, st := range []struct {
					name string
					dialect.Statement
				}{
					{"insert", s.Insert},
					{"insert auto", s.InsertAuto},
					{"get", s.Get},
					{"exists", s.Exists},
					{"update", s.Update},
					{"delete", s.Delete},
				} {
					fmt.Fprintf(&out, "-- %s: %s, bind %v, return %v\n%s;\n", table, st.name, st.Bind, st.Return, st.SQL)
				}
			}
			writeQueries(t, &out, g)
			golden(t, "testdata/"+name+".sql", out.String())
		})
	}
}

// writeQueries writes statements whose text follows from what is asked for.
func writeQueries(t *testing.T, out *strings.Builder, g dialect.Grammar) {
	s := dialect.NewStatements(g, tableOf[ticket](t))
	print := func(name, sql string, args []any, err error) {
		require.NoError(t, err, name)
		fmt.Fprintf(out, "-- %s: %#v\n%s;\n", name, args, sql)
	}
	wide := make([]dialect.Cond, 20)
	for i := range wide {
		wide[i] = eq("id", i)
	}
	for _, c := range []struct {
		name string
		cond dialect.Cond
	}{
		{"everything", dialect.Cond{}},
		{"equal", eq("title", "x")},
		{"unequal", comparison(dialect.OpNe, "day", "2024-02-29")},
		{"null", logic(dialect.OpOr, eq("owner", nil), comparison(dialect.OpNe, "owner", nil), comparison(dialect.OpNull, "doc"))},
		{"order", logic(dialect.OpAnd, comparison(dialect.OpLt, "price", "9.5"), comparison(dialect.OpGe, "created_at", now))},
		{"between", comparison(dialect.OpBetween, "price", 1, 2)},
		{"sets", logic(dialect.OpAnd, comparison(dialect.OpIn, "pages", 1, 2), comparison(dialect.OpNotIn, "pages", 3))},
		{"empty sets", logic(dialect.OpOr, comparison(dialect.OpIn, "pages"), comparison(dialect.OpNotIn, "pages"))},
		{"patterns", logic(dialect.OpAnd, comparison(dialect.OpLike, "title", `a\%_%`), comparison(dialect.OpContains, "title", `*[%`))},
		{"not", logic(dialect.OpNot, logic(dialect.OpOr, eq("id", 1), logic(dialect.OpAnd, eq("id", 2), eq("id", 3))))},
		{"wide", logic(dialect.OpOr, wide...)},
	} {
		sql, args, err := s.Count("count", c.cond)
		print("count, "+c.name, sql, args, err)
	}
	by := []dialect.Order{{Column: "price", Descending: true}, {Column: "owner"}, {Column: "id", Descending: true}}
	sql, args, err := s.Select("list", eq("id", 1), by, 10, 20)
	print("select", sql, args, err)
	sql, args, err = s.Select("list", dialect.Cond{}, nil, 0, 20)
	print("select, offset alone", sql, args, err)
	sql, args, err = s.Patch("patch", map[string]any{"title": "x", "owner": nil, "doc": []string{"a"}}, now)
	print("patch", sql, args, err)
	sql, args, err = s.DeleteWhere("delete", eq("id", 1), now)
	print("delete where", sql, args, err)
	sql, args, err = dialect.NewStatements(g, tableOf[chair](t)).DeleteWhere("delete", comparison(dialect.OpGt, "number", 1), now)
	print("delete where, chairs", sql, args, err)
}

func golden(t *testing.T, file, have string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(have), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), have)
}

func TestStatementTextDoesNotDependOnValues(t *testing.T) {
	s := dialect.NewStatements(sqlite.Grammar{}, tableOf[ticket](t))
	patch := func(set map[string]any) string {
		sql, _, err := s.Patch("patch", set, now)
		require.NoError(t, err)
		return sql
	}
	want := patch(map[string]any{"title": "x", "pages": 1, "day": "2024-01-01"})
	for range 20 {
		require.Equal(t, want, patch(map[string]any{"day": now, "pages": 9, "title": "y"}))
	}
	text := func(cond dialect.Cond) string {
		sql, _, err := s.Select("list", cond, nil, 1, 1)
		require.NoError(t, err)
		return sql
	}
	hostile := "'; DROP TABLE tickets; --"
	require.Equal(t, text(eq("title", "x")), text(eq("title", hostile)))
	require.Equal(t, text(comparison(dialect.OpContains, "title", "x")), text(comparison(dialect.OpContains, "title", hostile)))
}

// limited is a grammar of a database that binds few values.
type limited struct{ sqlite.Grammar }

func (limited) Capability() dialect.Capability { return dialect.Capability{MaxParameters: 3} }

func TestStatementsKeepToTheMostParameters(t *testing.T) {
	s := dialect.NewStatements(limited{}, tableOf[chair](t))
	in := func(values ...any) dialect.Cond { return comparison(dialect.OpIn, "number", values...) }
	_, _, err := s.Select("list", in(1, 2, 3), nil, 0, 0)
	require.NoError(t, err)
	_, _, err = s.Select("list", in(1, 2), nil, 1, 0)
	require.NoError(t, err)
	for name, attempt := range map[string]func() error{
		"set":    func() error { _, _, err := s.Count("list", in(1, 2, 3, 4)); return err },
		"limit":  func() error { _, _, err := s.Select("list", in(1, 2, 3), nil, 1, 0); return err },
		"offset": func() error { _, _, err := s.Select("list", in(1, 2), nil, 1, 1); return err },
	} {
		require.ErrorIs(t, attempt(), schema.ErrInvalid, name)
		require.ErrorContains(t, attempt(), "more than 3 values", name)
	}
}

func TestLedgerModelsTellTheColumnsThatAreRead(t *testing.T) {
	models := dialect.LedgerModels()
	require.Len(t, models, 2)
	require.Equal(t, dialect.LedgerTable, models[0].Ref().Name)
	require.Equal(t, dialect.RevisionsTable, models[1].Ref().Name)
	var names []string
	for _, c := range models[0].Columns() {
		names = append(names, c.Name)
	}
	require.Equal(t, dialect.LedgerColumns, strings.Join(names, ", "))
}

func FuzzConditionNeverReachesTheText(f *testing.F) {
	f.Add("title", "eq", "x'; --")
	f.Add("nosuch", "gte", "1")
	f.Add("id", "in", "1")
	f.Fuzz(func(t *testing.T, column, op, value string) {
		s := dialect.NewStatements(postgres.Grammar{}, tableOf[ticket](t))
		sql, args, err := s.Count("count", comparison(dialect.Op(op), column, value))
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			return
		}
		if op == "" {
			t.Fatal("a column without an operator")
		}
		_, known := tableOf[ticket](t).Column(column)
		require.True(t, known)
		require.Len(t, args, 1)
		require.Equal(t, 1, strings.Count(sql, "$"), sql)
		require.NotContains(t, sql, "--")
	})
}
