package peer

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// bareSQLite is database/sql over go-sqlite3, as people write it.
type bareSQLite struct{ pools }

func openBare(ctx context.Context, site Site) (People, error) {
	switch site.Database {
	case Postgres:
		return openBarePostgres(ctx, site)
	case MySQL:
		return openBareMySQL(ctx, site)
	}
	p, err := openPools(site)
	return bareSQLite{p}, err
}

const insertSQLite = "INSERT INTO people (" + columns + ") VALUES (?, ?, ?, ?, ?, ?, ?)"

func (b bareSQLite) Create(ctx context.Context, p *Person) error {
	p.stamp()
	_, err := b.writer.ExecContext(ctx, insertSQLite, p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt)
	return err
}

func (b bareSQLite) Get(ctx context.Context, id string) (string, error) {
	var p Person
	err := b.reader.QueryRowContext(ctx, "SELECT "+columns+" FROM people WHERE id = ?", id).Scan(p.fields()...)
	return p.Email, err
}

func (p *Person) fields() []any {
	return []any{&p.ID, &p.Email, &p.Name, &p.Age, &p.Score, &p.CreatedAt, &p.UpdatedAt}
}

func (b bareSQLite) List(ctx context.Context, limit int) (int, error) {
	rows, err := b.reader.QueryContext(ctx, "SELECT "+columns+" FROM people ORDER BY id LIMIT ?", limit)
	if err != nil {
		return 0, err
	}
	defer func() { _ = rows.Close() }() // Err has told before
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

func (b bareSQLite) Update(ctx context.Context, p *Person) error {
	p.UpdatedAt = time.Now().UTC()
	return one(b.writer.ExecContext(ctx, "UPDATE people SET email = ?, name = ?, age = ?, score = ?, updated_at = ? WHERE id = ?",
		p.Email, p.Name, p.Age, p.Score, p.UpdatedAt, p.ID))
}

func (b bareSQLite) Delete(ctx context.Context, id string) error {
	return one(b.writer.ExecContext(ctx, "DELETE FROM people WHERE id = ?", id))
}

// one makes an error of a statement that has not touched one row.
func one(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = fmt.Errorf("%d rows instead of one", n)
	}
	return err
}

func (b bareSQLite) BulkCreate(ctx context.Context, rows []Person) error {
	tx, err := b.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	insert, err := tx.PrepareContext(ctx, insertSQLite)
	if err != nil {
		return err
	}
	for i := range rows {
		p := &rows[i]
		p.stamp()
		if _, err := insert.ExecContext(ctx, p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt); err != nil {
			return err
		}
	}
	return tx.Commit()
}
