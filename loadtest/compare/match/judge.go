package match

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// judge looks into a contestant's database through a connection of its own, and prepares it between runs.
type judge struct {
	database peer.Database
	db       *sql.DB
}

func newJudge(site peer.Site) (*judge, error) {
	driver, source := "pgx", site.URL
	switch site.Database {
	case peer.MySQL:
		var err error
		if source, err = peer.MySQLSource(site.URL); err != nil {
			return nil, err
		}
		driver = "mysql"
	case peer.SQLite:
		driver, source = "sqlite3", "file:"+site.Path+"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=OFF"
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return &judge{database: site.Database, db: db}, nil
}

func (j *judge) close() error { return j.db.Close() }

func (j *judge) run(ctx context.Context, statements ...string) error {
	for _, text := range statements {
		if _, err := j.db.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return nil
}

func (j *judge) number(ctx context.Context, text string) (float64, error) {
	var n sql.NullFloat64
	err := j.db.QueryRowContext(ctx, text).Scan(&n)
	return n.Float64, err
}

// people empties the table and stores n rows, and has the database settle.
func (j *judge) people(ctx context.Context, n int) error {
	const columns = "people (id, email, name, age, score, created_at, updated_at)"
	if j.database == peer.Postgres {
		return j.run(ctx, "TRUNCATE people", fmt.Sprintf("INSERT INTO "+columns+
			" SELECT k, k || '@example.org', 'Ada', i %% 80, 0, now(), now() FROM (SELECT i, 'seed-' || lpad(i::text, 12, '0') AS k"+
			" FROM generate_series(0, %d) AS i) AS r", n-1), "VACUUM ANALYZE people")
	}
	if j.database == peer.MySQL {
		statements := []string{"TRUNCATE people"}
		if n > 0 {
			statements = append(statements, fmt.Sprintf("INSERT INTO "+columns+
				" SELECT k, concat(k, '@example.org'), 'Ada', seq %% 80, 0, now(6), now(6) FROM"+
				" (SELECT seq, concat('seed-', lpad(seq, 12, '0')) AS k FROM seq_0_to_%d) AS r", n-1))
		}
		return j.run(ctx, append(statements, "ANALYZE TABLE people")...)
	}
	const at = "'2026-01-02 03:04:05.000000'"
	statements := []string{"DELETE FROM people"}
	if n > 0 {
		statements = append(statements, fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < %d)"+
			" INSERT INTO "+columns+" SELECT k, k || '@example.org', 'Ada', i %% 80, 0.0, "+at+", "+at+
			" FROM (SELECT i, printf('seed-%%012d', i) AS k FROM n)", n))
	}
	return j.run(ctx, append(statements, "PRAGMA wal_checkpoint(TRUNCATE)")...)
}

// seedKey is the key of a row that people has stored.
func seedKey(i int) string { return fmt.Sprintf("seed-%012d", i) }

// ErrMismatch is a database that does not hold what was acknowledged.
var ErrMismatch = errors.New("the database does not hold what was acknowledged")

// expect compares a number that the database gives with what was acknowledged. Where calls have failed, up to slack more
// may be there: a failed call's row may have been stored.
func (j *judge) expect(ctx context.Context, want float64, slack int64, text string) error {
	got, err := j.number(ctx, text)
	if err == nil && (got < want || got > want+float64(slack)) {
		err = fmt.Errorf("%w: %s gives %v, not %v", ErrMismatch, text, got, want)
	}
	return err
}

// tables checks that n tables of orders are there, in full.
func (j *judge) tables(ctx context.Context, n int) error {
	counts := map[string]int{
		"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name GLOB 'orders_*'":                                  n,
		"SELECT count(*) FROM sqlite_schema m, pragma_table_info(m.name) WHERE m.type = 'table' AND m.name GLOB 'orders_*'": n * peer.OrderColumns,
		"SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name GLOB 'orders_*'":          n * peer.OrderIndexes,
	}
	if j.database == peer.Postgres {
		const table = "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'orders\\_%'"
		counts = map[string]int{
			"SELECT count(*) " + table: n,
			"SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid " + table + ")":  n * peer.OrderColumns,
			"SELECT count(*) FROM pg_index WHERE NOT indisunique AND indrelid IN (SELECT oid " + table + ")": n * peer.OrderIndexes,
		}
	}
	for text, want := range counts {
		if err := j.expect(ctx, float64(want), 0, text); err != nil {
			return err
		}
	}
	return nil
}

// orders counts the rows of those tables that are there.
func (j *judge) orders(ctx context.Context, tables []string) (float64, error) {
	there := "SELECT count(*) FROM sqlite_schema WHERE name = '%s'"
	if j.database == peer.Postgres {
		there = "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = '%s'"
	}
	var sum float64
	for _, name := range tables {
		found, err := j.number(ctx, fmt.Sprintf(there, name))
		if err != nil {
			return 0, err
		}
		if found == 0 {
			continue
		}
		n, err := j.number(ctx, "SELECT count(*) FROM "+name)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

// watch counts, on PostgreSQL, every CREATE TABLE of one of the herd's tables that the server is sent, also one that finds
// the table there. A sequence does not go back with a transaction.
func (j *judge) watch(ctx context.Context) error {
	if j.database != peer.Postgres {
		return nil
	}
	return j.run(ctx, "CREATE SCHEMA watch", "CREATE SEQUENCE watch.ddl", `CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
		BEGIN IF current_query() ~* 'create table[^;(]*orders_' THEN PERFORM nextval('watch.ddl'); END IF; END $$`,
		"CREATE EVENT TRIGGER note ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION watch.note()")
}

// watched gives what watch has counted; nil is unknown.
func (j *judge) watched(ctx context.Context) (*int64, error) {
	if j.database != peer.Postgres {
		return nil, nil
	}
	n, err := j.number(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM watch.ddl")
	count := int64(n)
	return &count, err
}
