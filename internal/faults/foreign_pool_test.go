package faults_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/schema"
)

// foreignConnections is how many connections each pool has, all of them open and with prepared statements.
const foreignConnections = 8

// foreignTracer counts, in a PostgreSQL pool, statements that the server refused because a column has another type than when
// they were prepared.
type foreignTracer struct{ stale atomic.Int64 }

// TraceQueryStart implements pgx.QueryTracer.
func (*foreignTracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *foreignTracer) TraceQueryEnd(_ context.Context, _ *pgx.Conn, data pgx.TraceQueryEndData) {
	var refused *pgconn.PgError
	if errors.As(data.Err, &refused) && refused.Code == "0A000" {
		t.stale.Add(1)
	}
}

// foreignOpen starts a program; on PostgreSQL every connection of its pool has all statements prepared.
func foreignOpen(t *testing.T, address string, configure ...func(*coordinator.Config)) *foreignProgram {
	cfg := &coordinator.Config{BackoffMax: foreignBackoff}
	if strings.HasPrefix(address, "mysql") {
		cfg.PollInterval = foreignBackoff // it has no other news, and statements that go on to work notice nothing
	}
	for _, f := range configure {
		f(cfg)
	}
	p := &foreignProgram{}
	if strings.HasPrefix(address, "postgres") {
		p.stale = &foreignTracer{}
		p.pool = foreignPool(t, address, p.stale)
		d, err := postgres.New(p.pool, nil)
		require.NoError(t, err)
		p.dialect = d
	} else {
		p.dialect = open(t, address)
	}
	p.coordinator = start(t, p.dialect, cfg)
	p.node = register[foreignRow, int64](t, p.coordinator, schema.Named(foreignTable))
	if p.pool != nil {
		require.NoError(t, p.coordinator.EnsureAll(t.Context()))
		p.warm(t)
	}
	return p
}

func foreignPool(t *testing.T, address string, tracer *foreignTracer) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(address)
	require.NoError(t, err)
	config.MaxConns, config.ConnConfig.Tracer = foreignConnections, tracer
	require.Equal(t, pgx.QueryExecModeCacheStatement, config.ConnConfig.DefaultQueryExecMode)
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// eachConnection runs fn once for each connection of the pool, while all the others are taken.
func eachConnection(t *testing.T, pool *pgxpool.Pool, fn func()) {
	var taken []*pgxpool.Conn
	for range foreignConnections {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		taken = append(taken, conn)
	}
	for i, conn := range taken {
		conn.Release()
		fn()
		again, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		taken[i] = again
	}
	for _, conn := range taken {
		conn.Release()
	}
}

// warm has every connection prepare every statement of the callers, and counts them on the server.
func (p *foreignProgram) warm(t *testing.T) {
	l := &foreignLoad{}
	id := int64(-1_000_000)
	eachConnection(t, p.pool, func() {
		id -= 3
		require.ErrorIs(t, l.aloneCall(t.Context(), p, id-id%3), errForeignRemoved)
		require.NoError(t, p.coordinator.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			if err := foreignInside(ctx, p.node.In(tx), id); err != nil {
				return err
			}
			return p.node.In(tx).Delete(ctx, id)
		}))
		var prepared int64
		_, err := dialect.QueryRow(t.Context(), p.dialect.Reader(),
			"SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%\""+foreignTable+"\"%'", nil, &prepared)
		require.NoError(t, err)
		require.GreaterOrEqual(t, prepared, int64(7))
	})
}
