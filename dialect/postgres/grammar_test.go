package postgres_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestPlanOfMissingTableIsGolden(t *testing.T) {
	var text strings.Builder
	for _, model := range []*schema.Table{
		tableOf[owner](t, schema.Named("owners")),
		everythingModel(t, schema.WithComment(`what "PostgreSQL" can't \ do`)),
		tableOf[small](t, schema.Named(strings.Repeat("ö", 40)), schema.InNamespace(`bil"ling $$ 'x'`)),
	} {
		for _, s := range (postgres.Grammar{}).Create(model).Statements {
			text.WriteString(s.SQL + ";")
			if s.Deferred {
				text.WriteString(" -- deferred")
			}
			text.WriteString("\n")
		}
		text.WriteString("\n")
	}
	const golden = "testdata/plan.sql"
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(text.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), text.String())
}

func TestQuote(t *testing.T) {
	g := postgres.Grammar{}
	require.Equal(t, `"a""b"`, g.Quote(`a"b`))
	require.Equal(t, `"s"."t"`, g.QuoteTable(schema.Ref{Namespace: "s", Name: "t"}))
	require.Equal(t, `"t"`, g.QuoteTable(schema.Ref{Name: "t"}))
	long := strings.Repeat("x", 64)
	require.Len(t, g.Quote(long), 63+2)
	require.NotEqual(t, g.Quote(long), g.Quote(long+"x"))
	require.Equal(t, `"`+g.FitName(long)+`"`, g.Quote(g.FitName(long)), "fitting twice is fitting once")
}

func TestDatesAreEncodedWithoutZone(t *testing.T) {
	g := postgres.Grammar{}
	encode := g.Encoder(&schema.Column{Name: "day", Kind: schema.KindDate})
	require.Equal(t, "2024-02-29", encode(time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC)))
	require.Equal(t, "0001-12-31 BC", encode(time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC)))
	require.Nil(t, g.Encoder(&schema.Column{Kind: schema.KindTime}))
}

// TestSpacesAreNotCutOff stores texts that are too long by spaces alone.
func TestSpacesAreNotCutOff(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := tableOf[small](t, schema.Named("t"))
	create(t, d, model)
	c := &model.Columns()[1]
	encode := d.Encoder(c)
	for text, kind := range map[string]error{
		strings.Repeat("é", 39) + " ": nil, strings.Repeat("é", 40) + " ": schema.ErrCheck, strings.Repeat(" ", 41): schema.ErrCheck,
	} {
		var stored string
		_, err := dialect.QueryRow(t.Context(), d.Writer(),
			"INSERT INTO t (name) VALUES ("+d.ValueExpr(c, "$1")+") RETURNING name", []any{encode(text)}, &stored)
		if kind != nil {
			require.ErrorIs(t, d.Classify(err), kind)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, text, stored)
	}
	require.Nil(t, d.Encoder(&schema.Column{Kind: schema.KindString}))
}

// TestPatternMatchesWhatItSays asks the server.
func TestPatternMatchesWhatItSays(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	parts := []dialect.PatternPart{{Literal: `50%_\`}, {Wild: dialect.Single}, {Literal: "z"}, {Wild: dialect.Any}}
	for text, want := range map[string]bool{
		`50%_\az`: true, `50%_\äz and more`: true, `50%_\z`: false, `50%_\aZ`: false, `50xx\az`: false, `50%_az`: false,
	} {
		var got bool
		sql := "SELECT " + d.MatchExpr("v", "$1") + " FROM (SELECT $2::text) AS t(v)"
		_, err := dialect.QueryRow(t.Context(), d.Reader(), sql, []any{d.Pattern(parts), text}, &got)
		require.NoError(t, err)
		require.Equal(t, want, got, text)
	}
}

type priced struct {
	ID    int64  `db:"id"    schema:"pk,auto"`
	Name  string `db:"name"  schema:"unique"`
	Price string `db:"price" schema:"index,type=decimal,precision=12,scale=2"`
}

// TestOrderUsesTheIndex sees to it that naming the collation costs nothing on a table of our own.
func TestOrderUsesTheIndex(t *testing.T) {
	d := open(t, postgrestest.Open(t))
	model := tableOf[priced](t, schema.Named("t"))
	create(t, d, model)
	exec(t, d, "INSERT INTO t (name, price) SELECT n, n FROM generate_series(1, 2000) AS n", "ANALYZE t")
	name, _ := d.OrderExpr(&model.Columns()[1])
	match := d.MatchExpr(d.Quote("name"), "$1")
	price, _ := d.OrderExpr(&model.Columns()[2])
	for sql, index := range map[string]string{
		"SELECT id FROM t ORDER BY " + name + " LIMIT 3":                                   "t__name_uq",
		"SELECT id FROM t WHERE " + name + " > 'x' ORDER BY " + name + " LIMIT 3":          "t__name_uq",
		"SELECT id FROM t WHERE " + strings.ReplaceAll(match, "$1", "'19%'"):               "t__name_uq",
		"SELECT price::text FROM t ORDER BY " + price + " LIMIT 3":                         "t__price_ix",
		"SELECT price::text FROM t WHERE " + price + " > 7 ORDER BY " + price + " LIMIT 3": "t__price_ix",
	} {
		rows, err := d.Reader().Query(t.Context(), "EXPLAIN "+sql)
		require.NoError(t, err)
		var plan, line string
		for rows.Next() {
			require.NoError(t, rows.Scan(&line))
			plan += line + "\n"
		}
		require.NoError(t, rows.Close())
		require.Contains(t, plan, index, sql)
	}
}
