package postgres

import (
	"context"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/dialect"
)

// waryFor is for how many batches a table is remembered whose unique indexes have refused a row.
const waryFor = 64

// wary remembers the tables whose unique indexes have refused rows lately: there a batch leaves such rows out from the
// start, in place of failing for them first. It is safe for concurrent use.
type wary struct {
	mu   sync.Mutex
	left map[string]int // by table: for so many batches
}

// of reports whether a batch is to leave out what a unique index refuses.
func (y *wary) of(many dialect.Many) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	table := many.Table()
	if y.left[table] == 0 {
		return false
	}
	if y.left[table]--; y.left[table] == 0 {
		delete(y.left, table)
	}
	return true
}

// learn takes note of a row that was refused. It reports whether rows can be left out: not where a trigger would see them
// first, for what it did then would stay.
func (y *wary) learn(ctx context.Context, conn *pgx.Conn, many dialect.Many) bool {
	if many.SQL(true) == "" {
		return false
	}
	// Row-level, before, on insert.
	const before = `SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger
		WHERE tgrelid = $1::text::regclass AND NOT tgisinternal AND tgtype & 7 = 7)`
	var triggered bool
	if err := conn.QueryRow(ctx, before, many.Table()).Scan(&triggered); err != nil || triggered {
		return false
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.left == nil {
		y.left = make(map[string]int)
	}
	y.left[many.Table()] = waryFor
	return true
}
