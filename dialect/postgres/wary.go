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
	mu        sync.Mutex
	left      map[string]int  // by table: for so many batches
	triggered map[string]bool // by table that was looked at: a trigger sees rows before they are stored
}

// of reports whether a batch is to leave out what a unique index refuses.
func (y *wary) of(many dialect.Many) bool {
	if many.SQL(true) == "" { // it is another Many of the table that can
		return false
	}
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
	if triggered, err := beforeInsert(ctx, conn, many.Table()); err != nil || triggered {
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

// apart reports whether rows are to be stored by a statement each: where they are told apart by the order of their numbers
// alone, and a trigger may keep one of them out. A table is looked at once.
func (y *wary) apart(ctx context.Context, conn *pgx.Conn, many dialect.Many) bool {
	if many.SQL(true) != "" || !many.Back(false) {
		return false
	}
	table := many.Table()
	y.mu.Lock()
	triggered, looked := y.triggered[table]
	y.mu.Unlock()
	if looked {
		return triggered
	}
	triggered, err := beforeInsert(ctx, conn, table)
	if err != nil {
		return true
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.triggered == nil {
		y.triggered = make(map[string]bool)
	}
	y.triggered[table] = triggered
	return triggered
}

// forget has a table looked at again.
func (y *wary) forget(many dialect.Many) {
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.triggered, many.Table())
}

// beforeInsert reports whether a table has a trigger that sees each row before it is stored.
func beforeInsert(ctx context.Context, conn *pgx.Conn, table string) (triggered bool, err error) {
	const before = `SELECT EXISTS (SELECT FROM pg_catalog.pg_trigger
		WHERE tgrelid = $1::text::regclass AND NOT tgisinternal AND tgtype & 7 = 7)`
	err = conn.QueryRow(ctx, before, table).Scan(&triggered)
	return triggered, err
}
