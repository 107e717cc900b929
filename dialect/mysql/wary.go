package mysql

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"github.com/schemactor/schemactor/dialect"
)

const (
	// waryFor is for how many batches a table is remembered whose unique keys have refused a row.
	waryFor = 64
	// lookAgain is how old it may be that rows of a table can be left out: somebody may make a trigger.
	lookAgain = 100 * time.Millisecond
)

// wary remembers the tables whose unique keys have refused rows lately: there a statement of many rows leaves such rows out from
// the start, in place of failing for them and being divided. It is safe for concurrent use.
type wary struct {
	mu     sync.Mutex
	tables map[string]wariness
}

type wariness struct {
	batches int       // how many are left
	lenient bool      // rows can be left out
	looked  time.Time // since when that is known
}

// of reports whether a batch is to leave out what a unique key refuses.
func (y *wary) of(ctx context.Context, conn *sql.Conn, many dialect.Many) bool {
	if many == nil {
		return false
	}
	table := many.Table()
	found, ok := y.remembered(table)
	if !ok {
		return false
	}
	if found.lenient && time.Since(found.looked) > lookAgain {
		found = looked(ctx, conn, table, found.batches)
	}
	found.batches--
	y.remember(table, found)
	return found.lenient
}

// learn takes note of a row that was refused, and reports whether rows can be left out.
func (y *wary) learn(ctx context.Context, conn *sql.Conn, many dialect.Many) (lenient bool) {
	table := many.Table()
	found, ok := y.remembered(table)
	if !ok {
		found = looked(ctx, conn, table, waryFor)
		y.remember(table, found)
	}
	return found.lenient
}

func (y *wary) remembered(table string) (found wariness, ok bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	found, ok = y.tables[table]
	return found, ok
}

func (y *wary) remember(table string, found wariness) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.tables == nil {
		y.tables = make(map[string]wariness)
	}
	if y.tables[table] = found; found.batches <= 0 {
		delete(y.tables, table)
	}
}

// looked asks whether rows of a table can be left out. Where that cannot be asked, they cannot.
func looked(ctx context.Context, conn *sql.Conn, table string, batches int) wariness {
	name, _ := unquoted(table, 0)
	found := wariness{batches: batches, looked: time.Now()}
	if conn.QueryRowContext(ctx, leavesOut, name, name, name).Scan(&found.lenient) != nil {
		found.lenient = false
	}
	return found
}

// leavesOut asks whether rows of a table can be left out: not where a trigger would see them first, for what it did then would
// stay; and not of a table that keeps its history, where an update that changes nothing is history as well. Triggers are shown to
// those who may make some; and a row is left out by such an update, which takes the right to update. A right that comes by a role
// is not seen.
const leavesOut = `SELECT NOT EXISTS (SELECT 1 FROM information_schema.triggers WHERE event_object_schema = database() AND event_object_table = ?)
	AND (SELECT table_type FROM information_schema.tables WHERE table_schema = database() AND table_name = ?) = 'BASE TABLE'
	AND 2 = (SELECT count(DISTINCT privilege_type) FROM (
		SELECT grantee, privilege_type FROM information_schema.user_privileges
		UNION ALL SELECT grantee, privilege_type FROM information_schema.schema_privileges WHERE database() LIKE table_schema
		UNION ALL SELECT grantee, privilege_type FROM information_schema.table_privileges WHERE table_schema = database() AND table_name = ?
	) AS rights WHERE privilege_type IN ('TRIGGER', 'UPDATE') AND grantee = concat('''', replace(current_user(), '@', '''@'''), ''''))`
