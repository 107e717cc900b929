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
	mu     sync.Mutex
	left   map[string]int      // by table: for so many batches
	looked map[string]triggers // by table that was looked at
}

// triggers are those of an insert.
type triggers struct {
	before    bool // sees each row before it is stored
	statement bool // runs once for each statement
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
	if found, err := triggersOf(ctx, conn, many.Table()); err != nil || found.before {
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

// apart reports whether rows are to be stored by a statement each: where a trigger runs for each statement, and where rows are
// told apart by the order of their numbers alone and a trigger may keep one of them out. A table is looked at once.
func (y *wary) apart(ctx context.Context, conn *pgx.Conn, many dialect.Many) bool {
	table := many.Table()
	y.mu.Lock()
	found, looked := y.looked[table]
	y.mu.Unlock()
	if !looked {
		var err error
		if found, err = triggersOf(ctx, conn, table); err != nil {
			return true
		}
		y.mu.Lock()
		if y.looked == nil {
			y.looked = make(map[string]triggers)
		}
		y.looked[table] = found
		y.mu.Unlock()
	}
	return found.statement || found.before && many.SQL(true) == "" && many.Back(false)
}

// forget has a table looked at again.
func (y *wary) forget(many dialect.Many) {
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.looked, many.Table())
}

// triggersOf looks for the triggers of an insert into a table.
func triggersOf(ctx context.Context, conn *pgx.Conn, table string) (found triggers, err error) {
	// Of tgtype the bits are: for each row, before, insert.
	const look = `SELECT coalesce(bool_or(tgtype & 7 = 7), false), coalesce(bool_or(tgtype & 5 = 4), false)
		FROM pg_catalog.pg_trigger WHERE tgrelid = $1::text::regclass AND NOT tgisinternal`
	err = conn.QueryRow(ctx, look, table).Scan(&found.before, &found.statement)
	return found, err
}
