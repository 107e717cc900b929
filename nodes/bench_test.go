package nodes_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	_ "github.com/mattn/go-sqlite3"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
)

// bare is what a program would write by hand for the table of people.
type bare interface {
	create(ctx context.Context, p *person) error
	get(ctx context.Context, id uuid.UUID) (*person, error)
	list(ctx context.Context) ([]person, error)
}

const bareColumns = "id, email, name, age, created_at, updated_at"

type bareSQL struct{ reader, writer *sql.DB }

func (b bareSQL) create(ctx context.Context, p *person) error {
	p.CreatedAt = time.Now().UTC()
	_, err := b.writer.ExecContext(ctx, "INSERT INTO people ("+bareColumns+") VALUES (?, ?, ?, ?, ?, ?)",
		p.ID.String(), p.Email, p.Name, p.Age, p.CreatedAt.Format("2006-01-02 15:04:05.000000"),
		p.CreatedAt.Format("2006-01-02 15:04:05.000000"))
	return err
}

func (b bareSQL) get(ctx context.Context, id uuid.UUID) (*person, error) {
	var p person
	return &p, b.scan(b.reader.QueryRowContext(ctx, "SELECT "+bareColumns+" FROM people WHERE id = ?", id.String()), &p)
}

func (b bareSQL) list(ctx context.Context) ([]person, error) {
	rows, err := b.reader.QueryContext(ctx, "SELECT "+bareColumns+" FROM people ORDER BY id LIMIT 100")
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []person
	for rows.Next() {
		var p person
		if err := b.scan(rows, &p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (b bareSQL) scan(row interface{ Scan(...any) error }, p *person) error {
	var created, updated string
	err := row.Scan(&p.ID, &p.Email, &p.Name, &p.Age, &created, &updated)
	if err == nil {
		p.CreatedAt, err = time.Parse("2006-01-02 15:04:05.000000", created)
	}
	if err == nil {
		p.UpdatedAt, err = time.Parse("2006-01-02 15:04:05.000000", updated)
	}
	return err
}

type barePgx struct{ pool *pgxpool.Pool }

func (b barePgx) create(ctx context.Context, p *person) error {
	p.CreatedAt = time.Now().UTC()
	_, err := b.pool.Exec(ctx, "INSERT INTO people ("+bareColumns+") VALUES ($1, $2, $3, $4, $5, $6)",
		[16]byte(p.ID), p.Email, p.Name, p.Age, p.CreatedAt, p.CreatedAt)
	return err
}

func (b barePgx) get(ctx context.Context, id uuid.UUID) (*person, error) {
	var p person
	row := b.pool.QueryRow(ctx, "SELECT "+bareColumns+" FROM people WHERE id = $1", [16]byte(id))
	return &p, row.Scan((*[16]byte)(&p.ID), &p.Email, &p.Name, &p.Age, &p.CreatedAt, &p.UpdatedAt)
}

func (b barePgx) list(ctx context.Context) ([]person, error) {
	rows, err := b.pool.Query(ctx, "SELECT "+bareColumns+" FROM people ORDER BY id LIMIT 100")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []person
	for rows.Next() {
		var p person
		err := rows.Scan((*[16]byte)(&p.ID), &p.Email, &p.Name, &p.Age, &p.CreatedAt, &p.UpdatedAt)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

// benchmark runs fn through a node and by hand, on each database, over 1,000 people.
func benchmark(b *testing.B, fn func(b *testing.B, by bare, people []person)) {
	run := func(b *testing.B, d dialect.Dialect, hand bare) {
		node := open[person, uuid.UUID](b, d)
		people := make([]person, 1000)
		for i := range people {
			people[i] = newPerson("somebody", ptr(i%80))
			require.NoError(b, node.Create(b.Context(), &people[i]))
		}
		for name, by := range map[string]bare{"node": asBare{node}, "bare": hand} {
			b.Run(name, func(b *testing.B) {
				b.ReportAllocs()
				fn(b, by, people)
			})
		}
	}
	onEach(b, run)
}

// onEach runs fn on each database, with what writes to it by hand.
func onEach(b *testing.B, fn func(b *testing.B, d dialect.Dialect, hand bare)) {
	b.Run("sqlite", func(b *testing.B) {
		path := filepath.Join(b.TempDir(), "bench.db")
		d, err := sqlite.Open(b.Context(), path, nil)
		require.NoError(b, err)
		hand := bareSQL{}
		for _, db := range []**sql.DB{&hand.reader, &hand.writer} {
			*db, err = sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=NORMAL")
			require.NoError(b, err)
		}
		hand.writer.SetMaxOpenConns(1)
		b.Cleanup(func() {
			require.NoError(b, hand.reader.Close())
			require.NoError(b, hand.writer.Close())
			require.NoError(b, d.Close())
		})
		fn(b, d, hand)
	})
	b.Run("postgres", func(b *testing.B) {
		url := postgrestest.Open(b)
		d, err := postgres.Open(b.Context(), url, nil)
		require.NoError(b, err)
		pool, err := pgxpool.New(b.Context(), url)
		require.NoError(b, err)
		b.Cleanup(func() {
			pool.Close()
			require.NoError(b, d.Close())
		})
		fn(b, d, barePgx{pool})
	})
}

// asBare gives a node the form of what it is compared with.
type asBare struct {
	node *nodes.Node[person, uuid.UUID]
}

func (a asBare) create(ctx context.Context, p *person) error { return a.node.Create(ctx, p) }
func (a asBare) get(ctx context.Context, id uuid.UUID) (*person, error) {
	return a.node.Get(ctx, id)
}

func (a asBare) list(ctx context.Context) ([]person, error) {
	return a.node.List(ctx, nodes.Query{Limit: 100})
}

func BenchmarkCreate(b *testing.B) {
	benchmark(b, func(b *testing.B, by bare, _ []person) {
		for b.Loop() {
			p := newPerson("somebody", nil)
			if err := by.create(b.Context(), &p); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkGet(b *testing.B) {
	benchmark(b, func(b *testing.B, by bare, people []person) {
		for i := 0; b.Loop(); i++ {
			if _, err := by.get(b.Context(), people[i%len(people)].ID); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkList(b *testing.B) {
	benchmark(b, func(b *testing.B, by bare, _ []person) {
		for b.Loop() {
			if rows, err := by.list(b.Context()); err != nil || len(rows) != 100 {
				b.Fatal(len(rows), err)
			}
		}
	})
}
