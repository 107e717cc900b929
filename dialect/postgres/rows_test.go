package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
)

// TestRowsGiveTheirConnectionBackOnce ends rows in each way, in a pool of one: what is not given back would be missed by
// the next, and what is given back twice would panic.
func TestRowsGiveTheirConnectionBackOnce(t *testing.T) {
	p := pool(t, postgrestest.Open(t), func(c *pgxpool.Config) { c.MaxConns = 1 })
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	const three = "SELECT n::int FROM generate_series(1, 3) AS n"
	for _, test := range []struct {
		name, sql string
		end       func(rows dialect.Rows, cancel func())
		fails     bool
	}{
		{"read to the end", three, func(rows dialect.Rows, _ func()) {
			for rows.Next() {
				require.NoError(t, rows.Scan(new(int)))
			}
			require.Zero(t, p.Stat().AcquiredConns())
		}, false},
		{"closed before", three, func(dialect.Rows, func()) {}, false},
		{"closed between", three, func(rows dialect.Rows, _ func()) { require.True(t, rows.Next()) }, false},
		{"scanned into the wrong", three, func(rows dialect.Rows, _ func()) {
			require.True(t, rows.Next())
			require.Error(t, rows.Scan(new(bool)))
			require.Zero(t, p.Stat().AcquiredConns())
			require.False(t, rows.Next())
		}, true},
		{"failed", "SELECT 1 / (n - 2) FROM generate_series(1, 3) AS n", func(rows dialect.Rows, _ func()) {
			for rows.Next() {
			}
		}, true},
		{"failed at once", "SELECT nothing", func(rows dialect.Rows, _ func()) { require.False(t, rows.Next()) }, true},
		{"cancelled", "SELECT n, pg_sleep(n / 1000) FROM generate_series(1, 100000) AS n", func(rows dialect.Rows, cancel func()) {
			require.True(t, rows.Next())
			cancel()
			for rows.Next() {
			}
			require.ErrorIs(t, rows.Err(), context.Canceled)
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			rows, err := d.Reader().Query(ctx, test.sql)
			if err == nil {
				require.EqualValues(t, 1, p.Stat().AcquiredConns(), "it is held meanwhile")
				test.end(rows, cancel)
				for range 2 {
					err = rows.Close()
				}
				require.False(t, rows.Next())
				require.Equal(t, err, rows.Err())
			}
			require.Equal(t, test.fails, err != nil, "%v", err)
			// The pool lets go of a broken connection on a goroutine of its own.
			require.Eventually(t, func() bool { return p.Stat().AcquiredConns() == 0 }, patienceTime, tick)
			exec(t, d, "SELECT 1")
		})
	}
}
