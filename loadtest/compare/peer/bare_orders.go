package peer

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// bareOrders makes each table with IF NOT EXISTS, at start or before each use.
type bareOrders struct {
	database Database
	tables   []string
	exec     func(ctx context.Context, text string, args ...any) error
	close    func() error
}

func openBareOrders(ctx context.Context, site Site, tables []string) (Orders, error) {
	b := bareOrders{database: site.Database, tables: tables}
	if site.Database == Postgres {
		pool, err := openPool(ctx, site)
		if err != nil {
			return nil, err
		}
		b.exec, b.close = poolExec(pool), func() error { pool.Close(); return nil }
		return b, nil
	}
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	b.exec, b.close = p.exec, p.Close
	return b, nil
}

func poolExec(pool *pgxpool.Pool) func(ctx context.Context, text string, args ...any) error {
	return func(ctx context.Context, text string, args ...any) error {
		_, err := pool.Exec(ctx, text, args...)
		return err
	}
}

func (b bareOrders) Ensure(ctx context.Context) error {
	for _, name := range b.tables {
		if err := b.ensure(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (b bareOrders) ensure(ctx context.Context, name string) error {
	return b.exec(ctx, strings.Join(orderTable(b.database, ifNotExists, name), "; "))
}

func (b bareOrders) Add(ctx context.Context, table string, o *Order) error {
	if err := b.ensure(ctx, table); err != nil {
		return err
	}
	return b.exec(ctx, insertOrder(b.database, table), o.values()...)
}

func (b bareOrders) Close() error { return b.close() }
