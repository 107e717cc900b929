package match

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// sqliteBase has a folder of its own for each file.
type sqliteBase struct{ folder string }

func (b sqliteBase) lay(_ context.Context, p *plot) error {
	folder := filepath.Join(b.folder, newName())
	p.Path = filepath.Join(folder, "compare.db")
	p.remove = func(context.Context) error { return os.RemoveAll(folder) }
	return os.Mkdir(folder, 0o700)
}

func (sqliteBase) source(site peer.Site) (driver, source string, err error) {
	return "sqlite3", "file:" + site.Path + "?_busy_timeout=5000&_journal_mode=WAL&_synchronous=OFF", nil
}

func (sqliteBase) people(n int) []string {
	const at = "'2026-01-02 03:04:05.000000'"
	statements := []string{"DELETE FROM people"}
	if n > 0 {
		statements = append(statements, fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)"+
			" INSERT INTO "+peopleColumns+" SELECT k, k || '@example.org', 'Ada', i %% 80, 0.0, "+at+", "+at+
			" FROM (SELECT i, printf('seed-%%012d', i) AS k FROM n)", n))
	}
	return append(statements, "PRAGMA wal_checkpoint(TRUNCATE)")
}

func (sqliteBase) tables(n int) map[string]int {
	return map[string]int{
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'orders_*'":                                  n,
		"SELECT count(*) FROM sqlite_schema m, pragma_table_info(m.name) WHERE m.type = 'table' AND m.name GLOB 'orders_*'": n * peer.OrderColumns,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name GLOB 'orders_*'":          n * peer.OrderIndexes,
	}
}

func (sqliteBase) there(table string) string {
	return fmt.Sprintf("SELECT count(*) FROM sqlite_schema WHERE name = '%s'", table)
}

// watch counts nothing: there is no server.
func (sqliteBase) watch(context.Context, *judge) (watched, error) {
	return func(context.Context) (*int64, error) { return nil, nil }, nil
}

func (sqliteBase) leave(context.Context) error { return nil }
