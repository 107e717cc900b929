package mysql

import (
	"context"
	"database/sql"
	"sync"

	"github.com/schemactor/schemactor/dialect"
)

// waryFor is for how many batches a table is remembered whose unique keys have refused a row.
const waryFor = 64

// wary remembers the tables whose unique keys have refused rows lately: there a statement of many rows leaves such rows out from
// the start, in place of failing for them and being divided. It is safe for concurrent use.
type wary struct {
	mu     sync.Mutex
	tables map[string]*wariness
}

type wariness struct {
	batches int  // how many are left
	lenient bool // rows can be left out
}

// of reports whether a batch is to leave out what a unique key refuses.
func (y *wary) of(many dialect.Many) bool {
	if many == nil {
		return false
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	found := y.tables[many.Table()]
	if found == nil {
		return false
	}
	if found.batches--; found.batches <= 0 {
		delete(y.tables, many.Table())
	}
	return found.lenient
}

// learn takes note of a row that was refused, and reports whether rows can be left out; see leavesOut. A table is looked at once
// for the time that it is remembered.
func (y *wary) learn(ctx context.Context, conn *sql.Conn, many dialect.Many) (lenient bool) {
	table := many.Table()
	y.mu.Lock()
	found := y.tables[table]
	y.mu.Unlock()
	if found != nil {
		return found.lenient
	}
	name, _ := unquoted(table, 0)
	if err := conn.QueryRowContext(ctx, leavesOut, name, name).Scan(&lenient); err != nil {
		return false
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.tables == nil {
		y.tables = make(map[string]*wariness)
	}
	y.tables[table] = &wariness{waryFor, lenient}
	return lenient
}

// leavesOut asks whether rows of a table can be left out: not where a trigger would see them first, for what it did then would
// stay. Triggers are shown to those who may make some; and a row is left out by an update that changes nothing, which takes the
// right to update. A right that comes by a role is not seen.
const leavesOut = `SELECT NOT EXISTS (SELECT 1 FROM information_schema.triggers WHERE event_object_schema = database() AND event_object_table = ?)
	AND 2 = (SELECT count(DISTINCT privilege_type) FROM (
		SELECT grantee, privilege_type FROM information_schema.user_privileges
		UNION ALL SELECT grantee, privilege_type FROM information_schema.schema_privileges WHERE database() LIKE table_schema
		UNION ALL SELECT grantee, privilege_type FROM information_schema.table_privileges WHERE table_schema = database() AND table_name = ?
	) AS rights WHERE privilege_type IN ('TRIGGER', 'UPDATE') AND grantee = concat('''', replace(current_user(), '@', '''@'''), ''''))`
