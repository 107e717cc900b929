package coordinator_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Wide has twelve columns and two indexes.
type Wide struct {
	ID        int64     `db:"id"         schema:"pk"`
	Email     string    `db:"email"      schema:"unique,size=320"`
	Name      string    `db:"name"`
	City      string    `db:"city"       schema:"index"`
	Note      *string   `db:"note"`
	Age       *int      `db:"age"`
	Score     float64   `db:"score"`
	Active    bool      `db:"active"`
	Data      []byte    `db:"data"`
	Born      time.Time `db:"born"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
	UpdatedAt time.Time `db:"updated_at" schema:"updated"`
}

const benchTables = 1000

func registerWide(b testing.TB, c *coordinator.Coordinator, n int) {
	for i := range n {
		_, err := coordinator.Register[Wide, int64](c, schema.Named(fmt.Sprintf("wide_%05d", i)))
		require.NoError(b, err)
	}
}

// wideDDL are the statements that make the same tables.
func wideDDL(b testing.TB, d dialect.Dialect, n int) []string {
	var out []string
	for i := range n {
		model, err := schema.TableOf[Wide](schema.Named(fmt.Sprintf("wide_%05d", i)))
		require.NoError(b, err)
		for _, s := range d.Create(model).Statements {
			out = append(out, s.SQL)
		}
	}
	return out
}

// sendRaw runs statements in one transaction: on PostgreSQL as one text, on SQLite, whose driver copies what is left of a
// text for every statement, one by one.
func sendRaw(b testing.TB, d dialect.Dialect, statements []string) {
	tx, err := d.Begin(context.Background())
	require.NoError(b, err)
	if d.Name() == "postgres" {
		statements = []string{strings.Join(statements, ";\n")}
	}
	for _, sql := range statements {
		_, err := tx.Exec(context.Background(), sql)
		require.NoError(b, err)
	}
	require.NoError(b, tx.Commit(context.Background()))
}

// BenchmarkCold makes a thousand tables in a fresh database, by the library and by the same DDL sent raw, in turn.
func BenchmarkCold(b *testing.B) {
	for name, fresh := range map[string]func(testing.TB) database{"sqlite": sqliteDatabase, "postgres": postgresDatabase} {
		b.Run(name, func(b *testing.B) {
			var raw, own []time.Duration
			for b.Loop() {
				b.StopTimer()
				d := fresh(b).open(b)
				statements := wideDDL(b, d, benchTables)
				began := time.Now()
				sendRaw(b, d, statements)
				raw = append(raw, time.Since(began))

				d = fresh(b).open(b)
				c := start(b, d, nil)
				registerWide(b, c, benchTables)
				b.StartTimer()
				began = time.Now()
				require.NoError(b, c.EnsureAll(context.Background()))
				own = append(own, time.Since(began))
				b.StopTimer()
				shut(b, c)
				require.Equal(b, benchTables, count(b, d, "SELECT count(*) FROM "+dialect.RevisionsTable+" WHERE state = 'applied'"))
				b.StartTimer()
			}
			slices.Sort(raw)
			slices.Sort(own)
			r, o := raw[len(raw)/2], own[len(own)/2]
			b.ReportMetric(float64(r.Microseconds())/1000, "raw-ms")
			b.ReportMetric(float64(o.Microseconds())/1000, "own-ms")
			b.ReportMetric(float64(o)/float64(r), "×raw")
		})
	}
}
