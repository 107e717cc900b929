package nodes_test

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/nodes"
)

// bare is what a program would write by hand for the table of people.
type bare interface {
	create(ctx context.Context, p *person) error
	get(ctx context.Context, id uuid.UUID) (*person, error)
	list(ctx context.Context) ([]person, error)
	update(ctx context.Context, p *person) error
	rename(ctx context.Context, id uuid.UUID, name string) (*person, error)
	remove(ctx context.Context, id uuid.UUID) error
	upsert(ctx context.Context, p *person) error
	count(ctx context.Context, age int) (int64, error)
	createMany(ctx context.Context, people []person) error
}

// What is written by hand, with ? for PostgreSQL's numbers.
const (
	bareColumns = "id, email, name, age, created_at, updated_at"
	bareCreate  = "INSERT INTO people (" + bareColumns + ") VALUES (?, ?, ?, ?, ?, ?)"
	bareGet     = "SELECT " + bareColumns + " FROM people WHERE id = ?"
	bareList    = "SELECT " + bareColumns + " FROM people ORDER BY id LIMIT 100"
	bareUpdate  = "UPDATE people SET email = ?, name = ?, age = ?, updated_at = ? WHERE id = ?"
	bareRename  = "UPDATE people SET name = ?, updated_at = ? WHERE id = ? RETURNING " + bareColumns
	bareRemove  = "DELETE FROM people WHERE id = ?"
	bareUpsert  = bareCreate + " ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, " +
		"age = excluded.age, updated_at = excluded.updated_at RETURNING " + bareColumns
	bareCount = "SELECT count(*) FROM people WHERE age = ?"
)

var errNoRow = errors.New("no such row")

// bareSQL is database/sql with go-sqlite3: statements are not prepared, as most people write it.
type bareSQL struct{ reader, writer *sql.DB }

// stamp is how the library keeps times on SQLite.
const stamp = "2006-01-02 15:04:05.000000"

func (b bareSQL) create(ctx context.Context, p *person) error {
	p.CreatedAt = time.Now().UTC()
	now := p.CreatedAt.Format(stamp)
	_, err := b.writer.ExecContext(ctx, bareCreate, p.ID.String(), p.Email, p.Name, p.Age, now, now)
	return err
}

func (b bareSQL) get(ctx context.Context, id uuid.UUID) (*person, error) {
	var p person
	return &p, scanSQL(b.reader.QueryRowContext(ctx, bareGet, id.String()), &p)
}

func (b bareSQL) list(ctx context.Context) ([]person, error) {
	rows, err := b.reader.QueryContext(ctx, bareList)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []person
	for rows.Next() {
		var p person
		if err := scanSQL(rows, &p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (b bareSQL) update(ctx context.Context, p *person) error {
	p.UpdatedAt = time.Now().UTC()
	return b.touch(b.writer.ExecContext(ctx, bareUpdate, p.Email, p.Name, p.Age, p.UpdatedAt.Format(stamp), p.ID.String()))
}

func (b bareSQL) rename(ctx context.Context, id uuid.UUID, name string) (*person, error) {
	var p person
	return &p, scanSQL(b.writer.QueryRowContext(ctx, bareRename, name, time.Now().UTC().Format(stamp), id.String()), &p)
}

func (b bareSQL) remove(ctx context.Context, id uuid.UUID) error {
	return b.touch(b.writer.ExecContext(ctx, bareRemove, id.String()))
}

func (b bareSQL) upsert(ctx context.Context, p *person) error {
	now := time.Now().UTC().Format(stamp)
	return scanSQL(b.writer.QueryRowContext(ctx, bareUpsert, p.ID.String(), p.Email, p.Name, p.Age, now, now), p)
}

func (b bareSQL) count(ctx context.Context, age int) (n int64, err error) {
	err = b.reader.QueryRowContext(ctx, bareCount, age).Scan(&n)
	return n, err
}

func (bareSQL) touch(result sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := result.RowsAffected()
	if err == nil && n != 1 {
		err = errNoRow
	}
	return err
}

func scanSQL(row interface{ Scan(...any) error }, p *person) error {
	var created, updated string
	err := row.Scan(&p.ID, &p.Email, &p.Name, &p.Age, &created, &updated)
	if err == nil {
		p.CreatedAt, err = time.Parse(stamp, created)
	}
	if err == nil {
		p.UpdatedAt, err = time.Parse(stamp, updated)
	}
	return err
}

// barePgx is pgx with a pool.
type barePgx struct{ pool *pgxpool.Pool }

// The same with pgx's placeholders.
const (
	pgxCreate = "INSERT INTO people (" + bareColumns + ") VALUES ($1, $2, $3, $4, $5, $6)"
	pgxGet    = "SELECT " + bareColumns + " FROM people WHERE id = $1"
	pgxUpdate = "UPDATE people SET email = $1, name = $2, age = $3, updated_at = $4 WHERE id = $5"
	pgxRename = "UPDATE people SET name = $1, updated_at = $2 WHERE id = $3 RETURNING " + bareColumns
	pgxRemove = "DELETE FROM people WHERE id = $1"
	pgxUpsert = pgxCreate + " ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name, " +
		"age = excluded.age, updated_at = excluded.updated_at RETURNING " + bareColumns
	pgxCount = "SELECT count(*) FROM people WHERE age = $1"
)

func (b barePgx) create(ctx context.Context, p *person) error {
	p.CreatedAt = time.Now().UTC()
	_, err := b.pool.Exec(ctx, pgxCreate, [16]byte(p.ID), p.Email, p.Name, p.Age, p.CreatedAt, p.CreatedAt)
	return err
}

func (b barePgx) get(ctx context.Context, id uuid.UUID) (*person, error) {
	var p person
	return &p, scanPgx(b.pool.QueryRow(ctx, pgxGet, [16]byte(id)), &p)
}

func (b barePgx) list(ctx context.Context) ([]person, error) {
	rows, err := b.pool.Query(ctx, bareList)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []person
	for rows.Next() {
		var p person
		if err := scanPgx(rows, &p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (b barePgx) update(ctx context.Context, p *person) error {
	p.UpdatedAt = time.Now().UTC()
	tag, err := b.pool.Exec(ctx, pgxUpdate, p.Email, p.Name, p.Age, p.UpdatedAt, [16]byte(p.ID))
	if err == nil && tag.RowsAffected() != 1 {
		err = errNoRow
	}
	return err
}

func (b barePgx) rename(ctx context.Context, id uuid.UUID, name string) (*person, error) {
	var p person
	return &p, scanPgx(b.pool.QueryRow(ctx, pgxRename, name, time.Now().UTC(), [16]byte(id)), &p)
}

func (b barePgx) remove(ctx context.Context, id uuid.UUID) error {
	tag, err := b.pool.Exec(ctx, pgxRemove, [16]byte(id))
	if err == nil && tag.RowsAffected() != 1 {
		err = errNoRow
	}
	return err
}

func (b barePgx) upsert(ctx context.Context, p *person) error {
	now := time.Now().UTC()
	return scanPgx(b.pool.QueryRow(ctx, pgxUpsert, [16]byte(p.ID), p.Email, p.Name, p.Age, now, now), p)
}

func (b barePgx) count(ctx context.Context, age int) (n int64, err error) {
	err = b.pool.QueryRow(ctx, pgxCount, age).Scan(&n)
	return n, err
}

func scanPgx(row interface{ Scan(...any) error }, p *person) error {
	return row.Scan((*[16]byte)(&p.ID), &p.Email, &p.Name, &p.Age, &p.CreatedAt, &p.UpdatedAt)
}

// asBare gives a node the form of what it is compared with.
type asBare struct {
	node *nodes.Node[person, uuid.UUID]
}

func (a asBare) create(ctx context.Context, p *person) error { return a.node.Create(ctx, p) }

func (a asBare) get(ctx context.Context, id uuid.UUID) (*person, error) { return a.node.Get(ctx, id) }

func (a asBare) update(ctx context.Context, p *person) error { return a.node.Update(ctx, p) }

func (a asBare) remove(ctx context.Context, id uuid.UUID) error { return a.node.Delete(ctx, id) }

func (a asBare) list(ctx context.Context) ([]person, error) {
	return a.node.List(ctx, nodes.Query{Limit: 100})
}

func (a asBare) rename(ctx context.Context, id uuid.UUID, name string) (*person, error) {
	return a.node.Patch(ctx, id, nodes.Set{"name": name})
}

func (a asBare) upsert(ctx context.Context, p *person) error {
	_, err := a.node.Upsert(ctx, p)
	return err
}

func (a asBare) count(ctx context.Context, age int) (int64, error) {
	return a.node.Count(ctx, nodes.Query{Where: nodes.Eq("age", age)})
}

func (a asBare) createMany(ctx context.Context, people []person) error {
	_, err := a.node.BulkCreate(ctx, people)
	return err
}
