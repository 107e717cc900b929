package postgres_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

const (
	poolSize  = 4
	staleRead = "SELECT n FROM t WHERE id = $1"
)

// prepared gives a pool each of whose connections has prepared staleRead, over a table of one row.
func prepared(t *testing.T, mode pgx.QueryExecMode) (d *postgres.DB, p *pgxpool.Pool) {
	t.Helper()
	p = pool(t, postgrestest.Open(t), func(c *pgxpool.Config) {
		c.MaxConns, c.ConnConfig.DefaultQueryExecMode = poolSize, mode
	})
	d, err := postgres.New(p, nil)
	require.NoError(t, err)
	exec(t, d, "CREATE TABLE t (id int, n int)", "INSERT INTO t VALUES (1, 5)")
	eachConnection(t, d, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
	return d, p
}

// eachConnection runs fn in a transaction on every connection of the pool, all of them open at once.
func eachConnection(t *testing.T, d *postgres.DB, fn func(tx dialect.Tx)) {
	t.Helper()
	var open []dialect.Tx
	for range poolSize {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		open = append(open, tx)
		fn(tx)
	}
	for _, tx := range open {
		require.NoError(t, tx.Rollback(t.Context()))
	}
}

func readStale(t *testing.T, q dialect.Querier) error {
	_, err := dialect.QueryRow(t.Context(), q, staleRead, []any{1}, new(any))
	return err
}

func retype(t *testing.T, d *postgres.DB, to string) {
	exec(t, d, "ALTER TABLE t ALTER COLUMN n TYPE "+to)
}

// TestOneStaleStatementHealsThePool meets one statement that the server no longer takes, outside of any transaction or
// within one, and no second one on any connection.
func TestOneStaleStatementHealsThePool(t *testing.T) {
	for name, fail := range map[string]func(d *postgres.DB) error{
		"pool": func(d *postgres.DB) error { return readStale(t, d.Reader()) },
		"exec": func(d *postgres.DB) error {
			_, err := d.Writer().Exec(t.Context(), staleRead, 1)
			return err
		},
		"transaction": func(d *postgres.DB) error {
			tx, err := d.Begin(t.Context())
			require.NoError(t, err)
			defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
			err = readStale(t, tx)
			require.Error(t, readStale(t, tx), "the transaction has failed")
			return err
		},
		"locked": func(d *postgres.DB) error {
			return d.Locked(t.Context(), refs("t"), func(_ context.Context, tx dialect.Tx) error { return readStale(t, tx) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			d, p := prepared(t, pgx.QueryExecModeCacheStatement)
			require.Zero(t, postgres.Epoch(d))
			retype(t, d, "text")
			require.ErrorIs(t, d.Classify(fail(d)), schema.ErrMissing)
			eachConnection(t, d, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
			require.NoError(t, d.Locked(t.Context(), refs("t"), func(_ context.Context, tx dialect.Tx) error { return readStale(t, tx) }))
			require.EqualValues(t, poolSize, p.Stat().NewConnsCount(), "no connection was given up")
			require.EqualValues(t, 1, postgres.Epoch(d))
		})
	}
}

// TestStaleConnectionsHealOnce has every connection meet the same stale statement before any could know of it, twice.
func TestStaleConnectionsHealOnce(t *testing.T) {
	d, _ := prepared(t, pgx.QueryExecModeCacheStatement)
	for event, to := range []string{"text", "varchar(9)"} {
		var open []dialect.Tx
		for range poolSize - 1 {
			tx, err := d.Begin(t.Context())
			require.NoError(t, err)
			open = append(open, tx)
		}
		retype(t, d, to)
		var group sync.WaitGroup
		for _, tx := range open {
			group.Go(func() {
				if err := readStale(t, tx); err == nil {
					t.Error("the statement was not stale")
				}
			})
		}
		group.Wait()
		for _, tx := range open {
			require.NoError(t, tx.Rollback(t.Context()))
		}
		require.EqualValues(t, event+1, postgres.Epoch(d))
		eachConnection(t, d, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
	}
}

// TestTwoDatabasesShareAPool each see to their own.
func TestTwoDatabasesShareAPool(t *testing.T) {
	d, p := prepared(t, pgx.QueryExecModeCacheStatement)
	other, err := postgres.New(p, nil)
	require.NoError(t, err)
	retype(t, d, "text")
	require.Error(t, readStale(t, d.Reader()))
	eachConnection(t, d, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
	require.Zero(t, postgres.Epoch(other))
	retype(t, d, "varchar(9)")
	require.Error(t, readStale(t, other.Reader()))
	eachConnection(t, other, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
}

// TestOtherModesHaveNothingStale changes a column's type to and fro where nothing is prepared by name.
func TestOtherModesHaveNothingStale(t *testing.T) {
	for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec, pgx.QueryExecModeExec} {
		t.Run(mode.String(), func(t *testing.T) {
			d, _ := prepared(t, mode)
			for _, to := range []string{"text", "bigint USING n::bigint", "numeric", "jsonb USING to_jsonb(n)", "text", "bytea USING n::bytea"} {
				retype(t, d, to)
				eachConnection(t, d, func(tx dialect.Tx) { require.NoError(t, readStale(t, tx)) })
			}
			require.Zero(t, postgres.Epoch(d))
		})
	}
}
