package coordinator_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
)

// handWritten reads the shape of all tables as a program would that has no ledger: name, type, null and default of each
// column, indexes and constraints, in one query, as lines of text for each table.
var handWritten = map[string]string{
	"postgres": `
SELECT c.relname::text, 'column', concat_ws(' ', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
UNION ALL
SELECT c.relname::text, 'index', pg_get_indexdef(x.indexrelid)
FROM pg_class c JOIN pg_index x ON x.indrelid = c.oid WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
UNION ALL
SELECT c.relname::text, 'constraint', k.conname || ' ' || pg_get_constraintdef(k.oid)
FROM pg_class c JOIN pg_constraint k ON k.conrelid = c.oid WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r'
ORDER BY 1, 2, 3`,
	"sqlite": `
SELECT s.tbl_name, s.type, s.sql || '' FROM sqlite_schema s WHERE s.sql <> ''
UNION ALL
SELECT s.name, 'column', concat_ws(' ', x.cid, x.name, x.type, x."notnull", x.dflt_value, x.pk) FROM sqlite_schema s, pragma_table_xinfo(s.name) x
WHERE s.type = 'table'
ORDER BY 1, 2, 3`,
}

// readShapes runs the hand-written query and gives the text of each table.
func readShapes(b testing.TB, d dialect.Dialect) map[string]string {
	result, err := d.Reader().Query(context.Background(), handWritten[d.Name()])
	require.NoError(b, err)
	defer result.Close()
	texts := map[string]*strings.Builder{}
	for result.Next() {
		var table, kind, line string
		require.NoError(b, result.Scan(&table, &kind, &line))
		if texts[table] == nil {
			texts[table] = &strings.Builder{}
		}
		texts[table].WriteString(kind + " " + line + "\n")
	}
	require.NoError(b, result.Err())
	out := make(map[string]string, len(texts))
	for table, text := range texts {
		out[table] = text.String()
	}
	return out
}

// BenchmarkBoot restarts a program of a thousand tables, and beside it reads their shapes by a hand-written query.
func BenchmarkBoot(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) database{"sqlite": sqliteDatabase, "postgres": postgresDatabase} {
		b.Run(name, func(b *testing.B) {
			db := fresh(b)
			d := db.open(b)
			c := start(b, d, nil)
			registerWide(b, c, benchTables)
			require.NoError(b, c.EnsureAll(context.Background()))
			shut(b, c)
			want := readShapes(b, d)
			require.Greater(b, len(want), benchTables)

			var hand, own []time.Duration
			for b.Loop() {
				b.StopTimer()
				began := time.Now()
				require.Equal(b, len(want), len(readShapes(b, d)))
				hand = append(hand, time.Since(began))

				c := start(b, d, &coordinator.Config{News: coordinator.NewsOff})
				registerWide(b, c, benchTables)
				b.StartTimer()
				began = time.Now()
				require.NoError(b, c.EnsureAll(context.Background()))
				own = append(own, time.Since(began))
				b.StopTimer()
				shut(b, c)
				b.StartTimer()
			}
			require.Equal(b, benchTables, count(b, d, "SELECT count(*) FROM "+dialect.RevisionsTable))
			slices.Sort(hand)
			slices.Sort(own)
			h, o := hand[len(hand)/2], own[len(own)/2]
			b.ReportMetric(float64(h.Microseconds())/1000, "hand-ms")
			b.ReportMetric(float64(o.Microseconds())/1000, "own-ms")
			b.ReportMetric(float64(o)/float64(h), "×hand")
		})
	}
}
