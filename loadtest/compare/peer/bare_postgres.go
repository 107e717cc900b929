package peer

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// barePostgres is a pgx pool, as people write it.
type barePostgres struct{ pool *pgxpool.Pool }

// openPool opens a pool of pgx of the size that everybody has.
func openPool(ctx context.Context, site Site) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(site.URL)
	if err != nil {
		return nil, err
	}
	config.MaxConns = Conns
	return pgxpool.NewWithConfig(ctx, config)
}

func openBarePostgres(ctx context.Context, site Site) (People, error) {
	pool, err := openPool(ctx, site)
	return barePostgres{pool}, err
}

const insertPostgres = "INSERT INTO people (" + columns + ") VALUES ($1, $2, $3, $4, $5, $6, $7)"

func (b barePostgres) Create(ctx context.Context, p *Person) error {
	p.stamp()
	_, err := b.pool.Exec(ctx, insertPostgres, p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt)
	return err
}

func (b barePostgres) Get(ctx context.Context, id string) (string, error) {
	var p Person
	err := b.pool.QueryRow(ctx, "SELECT "+columns+" FROM people WHERE id = $1", id).Scan(p.fields()...)
	return p.Email, err
}

func (b barePostgres) List(ctx context.Context, limit int) (int, error) {
	rows, err := b.pool.Query(ctx, "SELECT "+columns+" FROM people ORDER BY id LIMIT $1", limit)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var out []Person
	for rows.Next() {
		var p Person
		if err := rows.Scan(p.fields()...); err != nil {
			return 0, err
		}
		out = append(out, p)
	}
	return len(out), rows.Err()
}

func (b barePostgres) Update(ctx context.Context, p *Person) error {
	p.UpdatedAt = time.Now().UTC()
	return oneTag(b.pool.Exec(ctx, "UPDATE people SET email = $1, name = $2, age = $3, score = $4, updated_at = $5 WHERE id = $6",
		p.Email, p.Name, p.Age, p.Score, p.UpdatedAt, p.ID))
}

func (b barePostgres) Delete(ctx context.Context, id string) error {
	return oneTag(b.pool.Exec(ctx, "DELETE FROM people WHERE id = $1", id))
}

func oneTag(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.RowsAffected() != 1 {
		err = fmt.Errorf("%d rows instead of one", tag.RowsAffected())
	}
	return err
}

// BulkCreate is COPY, which is how pgx stores many rows.
func (b barePostgres) BulkCreate(ctx context.Context, rows []Person) error {
	_, err := b.pool.CopyFrom(ctx, pgx.Identifier{"people"},
		[]string{"id", "email", "name", "age", "score", "created_at", "updated_at"},
		pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
			p := &rows[i]
			p.stamp()
			return []any{p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt}, nil
		}))
	return err
}

func (b barePostgres) Close() error {
	b.pool.Close()
	return nil
}
