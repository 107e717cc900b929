package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// runner is what pgx's pools, connections and transactions have in common.
type runner interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

type querier struct{ runner runner }

// Exec implements dialect.Querier.
func (q querier) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	tag, err := q.runner.Exec(ctx, sql, args...)
	return tag.RowsAffected(), err
}

// Query implements dialect.Querier.
func (q querier) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	result, err := q.runner.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return &rows{Rows: result}, nil
}

// rows adapts pgx's rows, whose Close tells no error.
type rows struct {
	pgx.Rows
	dest []any
}

// Scan implements dialect.Rows. Destinations that pgx can fill without a detour are filled so.
func (r *rows) Scan(dest ...any) error {
	r.dest = append(r.dest[:0], dest...)
	for i, d := range r.dest {
		if n, ok := d.(schema.NativeDest); ok {
			if native := n.Native(); native != nil {
				r.dest[i] = native
			}
		}
	}
	return r.Rows.Scan(r.dest...)
}

// Close implements dialect.Rows. pgx learns of a failed statement at the latest here.
func (r *rows) Close() error {
	r.Rows.Close()
	return r.Err()
}

type transaction struct {
	querier
	tx pgx.Tx
}

// Commit implements dialect.Tx.
func (t transaction) Commit(ctx context.Context) error { return t.tx.Commit(ctx) }

// Rollback implements dialect.Tx.
func (t transaction) Rollback(ctx context.Context) error {
	if err := t.tx.Rollback(ctx); !errors.Is(err, pgx.ErrTxClosed) {
		return err
	}
	return nil
}
