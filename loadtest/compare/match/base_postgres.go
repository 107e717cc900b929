package match

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// postgresBase uses databases again that are empty again: to make one takes a third of a second.
type postgresBase struct {
	admin string // URL of a database on the server
	free  []string
}

// lay takes a database that is free, or a new one.
func (b *postgresBase) lay(ctx context.Context, p *plot) error {
	name := newName()
	made := true
	if last := len(b.free) - 1; last >= 0 {
		name, b.free, made = b.free[last], b.free[:last], false
	}
	var err error
	if p.URL, err = beside(b.admin, name); err != nil {
		return err
	}
	p.remove = func(ctx context.Context) error {
		if p.spent {
			return b.drop(ctx, name)
		}
		b.free = append(b.free, name)
		return execute(ctx, p.URL, "DROP EVENT TRIGGER IF EXISTS note", "DROP SCHEMA IF EXISTS watch CASCADE",
			"DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
	}
	if made {
		return execute(ctx, b.admin, "CREATE DATABASE "+name+" TEMPLATE template0")
	}
	return nil
}

func (*postgresBase) source(site peer.Site) (driver, source string, err error) {
	return "pgx", site.URL, nil
}

func (*postgresBase) people(n int) []string {
	return []string{"TRUNCATE people", fmt.Sprintf("INSERT INTO "+peopleColumns+
		" SELECT k, k || '@example.org', 'Ada', i %% 80, 0, now(), now() FROM (SELECT i, 'seed-' || lpad(i::text, 12, '0') AS k"+
		" FROM generate_series(0, %d) AS i) AS r", n-1), "VACUUM ANALYZE people"}
}

func (*postgresBase) tables(n int) map[string]int {
	const table = "FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname LIKE 'orders\\_%'"
	return map[string]int{
		"SELECT count(*) " + table: n,
		"SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND attrelid IN (SELECT oid " + table + ")":  n * peer.OrderColumns,
		"SELECT count(*) FROM pg_index WHERE NOT indisunique AND indrelid IN (SELECT oid " + table + ")": n * peer.OrderIndexes,
	}
}

func (*postgresBase) there(table string) string {
	return fmt.Sprintf("SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = '%s'", table)
}

// watch counts by a sequence, which does not go back with a transaction.
func (*postgresBase) watch(ctx context.Context, j *judge) (watched, error) {
	err := j.run(ctx, "CREATE SCHEMA watch", "CREATE SEQUENCE watch.ddl", `CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
		BEGIN IF current_query() ~* 'create table[^;(]*orders_' THEN PERFORM nextval('watch.ddl'); END IF; END $$`,
		"CREATE EVENT TRIGGER note ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION watch.note()")
	return func(ctx context.Context) (*int64, error) {
		return j.count(ctx, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM watch.ddl")
	}, err
}

// leave drops the databases that are free.
func (b *postgresBase) leave(ctx context.Context) error {
	var failed error
	for _, name := range b.free {
		failed = errors.Join(failed, b.drop(ctx, name))
	}
	b.free = nil
	return failed
}

func (b *postgresBase) drop(ctx context.Context, name string) error {
	return execute(ctx, b.admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
}

func execute(ctx context.Context, target string, statements ...string) (err error) {
	conn, err := pgx.Connect(ctx, target)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	for _, text := range statements {
		if _, err := conn.Exec(ctx, text); err != nil {
			return err
		}
	}
	return nil
}
