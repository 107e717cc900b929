package nodes_test

import (
	"context"
	"database/sql"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
)

// onMySQL gives a MariaDB, and what is written for it by hand, with a pool of the same size.
func onMySQL(b testing.TB, own mysql.Config) (dialect.Dialect, bare) {
	address := mysqltest.Open(b)
	d, err := mysql.Open(b.Context(), address, &own)
	require.NoError(b, err)
	u, err := url.Parse(address)
	require.NoError(b, err)
	config := driver.NewConfig()
	config.Net, config.Addr, config.User, config.DBName = "tcp", u.Host, u.User.Username(), strings.Trim(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	config.ParseTime, config.ClientFoundRows = true, true
	connector, err := driver.NewConnector(config)
	require.NoError(b, err)
	pool := sql.OpenDB(connector)
	most := max(8, 4*runtime.GOMAXPROCS(0))
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	b.Cleanup(func() {
		require.NoError(b, pool.Close())
		require.NoError(b, d.Close())
	})
	return d, &bareMySQL{pool: pool}
}

// bareMySQL is database/sql with go-sql-driver/mysql and statements that are prepared once.
type bareMySQL struct {
	pool     *sql.DB
	prepared sync.Map // by text
}

const (
	mysqlUpsert = bareCreate + " ON DUPLICATE KEY UPDATE email = VALUES(email), name = VALUES(name), age = VALUES(age), " +
		"updated_at = VALUES(updated_at) RETURNING " + bareColumns
	mysqlRename = "UPDATE people SET name = ?, updated_at = ? WHERE id = ?"
)

func (b *bareMySQL) statement(ctx context.Context, text string) *sql.Stmt {
	if st, ok := b.prepared.Load(text); ok {
		return st.(*sql.Stmt)
	}
	st, err := b.pool.PrepareContext(ctx, text)
	if err != nil {
		panic(err)
	}
	b.prepared.Store(text, st)
	return st
}

func (b *bareMySQL) create(ctx context.Context, p *person) error {
	p.CreatedAt = time.Now().UTC()
	_, err := b.statement(ctx, bareCreate).ExecContext(ctx, p.ID[:], p.Email, p.Name, p.Age, p.CreatedAt, p.CreatedAt)
	return err
}

func (b *bareMySQL) get(ctx context.Context, id uuid.UUID) (*person, error) {
	var p person
	return &p, scanMySQL(b.statement(ctx, bareGet).QueryRowContext(ctx, id[:]), &p)
}

func (b *bareMySQL) list(ctx context.Context) ([]person, error) {
	rows, err := b.statement(ctx, bareList).QueryContext(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var out []person
	for rows.Next() {
		var p person
		if err := scanMySQL(rows, &p); err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, rows.Err()
}

func (b *bareMySQL) update(ctx context.Context, p *person) error {
	p.UpdatedAt = time.Now().UTC()
	return bareSQL{}.touch(b.statement(ctx, bareUpdate).ExecContext(ctx, p.Email, p.Name, p.Age, p.UpdatedAt, p.ID[:]))
}

// rename is a transaction: an update gives no row back.
func (b *bareMySQL) rename(ctx context.Context, id uuid.UUID, name string) (*person, error) {
	tx, err := b.pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }()
	if _, err := tx.StmtContext(ctx, b.statement(ctx, mysqlRename)).ExecContext(ctx, name, time.Now().UTC(), id[:]); err != nil {
		return nil, err
	}
	var p person
	if err := scanMySQL(tx.StmtContext(ctx, b.statement(ctx, bareGet)).QueryRowContext(ctx, id[:]), &p); err != nil {
		return nil, err
	}
	return &p, tx.Commit()
}

func (b *bareMySQL) remove(ctx context.Context, id uuid.UUID) error {
	return bareSQL{}.touch(b.statement(ctx, bareRemove).ExecContext(ctx, id[:]))
}

func (b *bareMySQL) upsert(ctx context.Context, p *person) error {
	now := time.Now().UTC()
	return scanMySQL(b.statement(ctx, mysqlUpsert).QueryRowContext(ctx, p.ID[:], p.Email, p.Name, p.Age, now, now), p)
}

func (b *bareMySQL) count(ctx context.Context, age int) (n int64, err error) {
	err = b.statement(ctx, bareCount).QueryRowContext(ctx, age).Scan(&n)
	return n, err
}

// createMany is an insert of many rows at a time.
func (b *bareMySQL) createMany(ctx context.Context, people []person) error {
	const most = 500
	tx, err := b.pool.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for part := range slices.Chunk(people, most) {
		args := make([]any, 0, 6*len(part))
		for i := range part {
			p := &part[i]
			p.CreatedAt = time.Now().UTC()
			args = append(args, p.ID[:], p.Email, p.Name, p.Age, p.CreatedAt, p.CreatedAt)
		}
		text := bareCreate + strings.Repeat(", (?, ?, ?, ?, ?, ?)", len(part)-1)
		if _, err := tx.StmtContext(ctx, b.statement(ctx, text)).ExecContext(ctx, args...); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func scanMySQL(row interface{ Scan(...any) error }, p *person) error {
	return row.Scan(&p.ID, &p.Email, &p.Name, &p.Age, &p.CreatedAt, &p.UpdatedAt)
}
