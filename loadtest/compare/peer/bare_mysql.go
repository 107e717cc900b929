package peer

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// bareMySQL is database/sql over go-sql-driver/mysql, with statements that are prepared once.
type bareMySQL struct {
	pools
	create, get, list, update, remove, many *sql.Stmt
}

// bulkMySQL is how many rows it stores in one statement.
const bulkMySQL = 1000

func openBareMySQL(ctx context.Context, site Site) (People, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	b := &bareMySQL{pools: p}
	if err := b.prepare(ctx); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return b, nil
}

// insertMySQL is the insert of a number of rows.
func insertMySQL(rows int) string {
	return insertSQLite + strings.Repeat(", (?, ?, ?, ?, ?, ?, ?)", rows-1)
}

func (b *bareMySQL) prepare(ctx context.Context) error {
	for statement, text := range map[**sql.Stmt]string{
		&b.create: insertMySQL(1),
		&b.get:    "SELECT " + columns + " FROM people WHERE id = ?",
		&b.list:   "SELECT " + columns + " FROM people ORDER BY id LIMIT ?",
		&b.update: "UPDATE people SET email = ?, name = ?, age = ?, score = ?, updated_at = ? WHERE id = ?",
		&b.remove: "DELETE FROM people WHERE id = ?",
		&b.many:   insertMySQL(bulkMySQL),
	} {
		var err error
		if *statement, err = b.writer.PrepareContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// values are those of the columns, in their order.
func (p *Person) values() []any {
	return []any{p.ID, p.Email, p.Name, p.Age, p.Score, p.CreatedAt, p.UpdatedAt}
}

func (b *bareMySQL) Create(ctx context.Context, p *Person) error {
	p.stamp()
	_, err := b.create.ExecContext(ctx, p.values()...)
	return err
}

func (b *bareMySQL) Get(ctx context.Context, id string) (string, error) {
	var p Person
	err := b.get.QueryRowContext(ctx, id).Scan(p.fields()...)
	return p.Email, err
}

func (b *bareMySQL) List(ctx context.Context, limit int) (int, error) {
	rows, err := b.list.QueryContext(ctx, limit)
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

func (b *bareMySQL) Update(ctx context.Context, p *Person) error {
	p.UpdatedAt = time.Now().UTC()
	return one(b.update.ExecContext(ctx, p.Email, p.Name, p.Age, p.Score, p.UpdatedAt, p.ID))
}

func (b *bareMySQL) Delete(ctx context.Context, id string) error {
	return one(b.remove.ExecContext(ctx, id))
}

// BulkCreate stores many rows by each statement, which is how people do it there.
func (b *bareMySQL) BulkCreate(ctx context.Context, rows []Person) error {
	tx, err := b.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for len(rows) > 0 {
		part := rows[:min(bulkMySQL, len(rows))]
		rows = rows[len(part):]
		args := make([]any, 0, 7*len(part))
		for i := range part {
			part[i].stamp()
			args = append(args, part[i].values()...)
		}
		if len(part) == bulkMySQL {
			_, err = tx.StmtContext(ctx, b.many).ExecContext(ctx, args...)
		} else {
			_, err = tx.ExecContext(ctx, insertMySQL(len(part)), args...)
		}
		if err != nil {
			return err
		}
	}
	return tx.Commit()
}
