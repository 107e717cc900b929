package postgres_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// TestEveryQueryMode writes and reads every kind in each way that pgx can speak to the server, in a session whose time
// zone is behind UTC and whose settings for texts are unusual.
func TestEveryQueryMode(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		t.Run(mode.String(), func(t *testing.T) {
			p := pool(t, postgrestest.Open(t), func(c *pgxpool.Config) {
				c.ConnConfig.DefaultQueryExecMode = mode
				c.ConnConfig.RuntimeParams["timezone"] = "<-0330>03:30"
				c.ConnConfig.RuntimeParams["intervalstyle"] = "sql_standard"
			})
			d, err := postgres.New(p, nil)
			require.NoError(t, err)
			exerciseMode(t, d)
		})
	}
}

func exerciseMode(t *testing.T, d *postgres.DB) {
	model := everythingModel(t)
	create(t, d, tableOf[owner](t, schema.Named("owners")), model)
	create(t, d, dialect.LedgerModels()...)
	require.Equal(t, shape(born(t, d, model)), shape(inspect(t, d, model.Ref())))
	survey, err := d.Survey(t.Context(), []schema.Ref{model.Ref()})
	require.NoError(t, err)
	require.NotEmpty(t, survey.Sightings[0].CatalogHash)

	word := "wörd\\'"
	row := everything{
		Tenant: "t", ID: uuid.MustParse("00112233-4455-6677-8899-aabbccddeeff"), Flag: true, Small: -5, Middle: 1 << 30, Large: 1 << 60,
		Narrow: 0.25, Wide: 1e-300, Text: `a'b\c"d`, Word: &word, State: `b\ack`, Bytes: []byte{0, 255, '\\'},
		At:  time.Date(2024, 2, 29, 23, 59, 59, 123456000, time.UTC),
		Day: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Price: "-1234567890.10", JSON: json.RawMessage(`{"k": "it's"}`), Version: 1,
	}
	access, err := schema.AccessorOf[everything](model)
	require.NoError(t, err)
	s := dialect.NewStatements(d, model)
	encoded := func(columns []int) []any {
		values, err := access.Append(nil, &row, columns)
		require.NoError(t, err)
		for i, column := range columns {
			if encode := d.Encoder(&model.Columns()[column]); encode != nil && values[i] != nil {
				values[i] = encode(values[i])
			}
		}
		return values
	}
	read := func(into *everything, st dialect.Statement, args []any) {
		scanner := access.Scanner(st.Return)
		found, err := dialect.QueryRow(t.Context(), d.Writer(), st.SQL, args, scanner.Dest(into)...)
		require.NoError(t, err, st.SQL)
		require.True(t, found)
		require.NoError(t, scanner.Done())
	}
	read(&row, s.Insert, encoded(s.Insert.Bind))
	require.EqualValues(t, 1<<61, row.Twice)
	require.Equal(t, `A'B\C"D`, row.Loud)

	var got everything
	read(&got, s.Get, encoded(model.Key()))
	require.Equal(t, row, got)

	for i := range model.Columns() {
		c := &model.Columns()[i]
		if _, ordered := d.OrderExpr(c); !ordered || c.Nullable || c.Kind == schema.KindFloat32 {
			continue
		}
		var n int
		expr, _ := d.OrderExpr(c)
		sql := "SELECT count(*)::int FROM everything WHERE " + expr + " >= " + d.OrderValueExpr(c, "$1") +
			" AND " + expr + " <= " + d.OrderValueExpr(c, "$1")
		_, err := dialect.QueryRow(t.Context(), d.Reader(), sql, encoded([]int{i}), &n)
		require.NoError(t, err, c.Name)
		require.Equal(t, 1, n, c.Name)
	}
}
