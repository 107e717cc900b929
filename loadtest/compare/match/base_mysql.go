package match

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// mysqlBase makes each database anew, which takes MariaDB a moment.
type mysqlBase struct{ admin string } // URL of a database on the server

// lay makes a database whose texts are the same for all, also for those who leave them to the database.
func (b mysqlBase) lay(ctx context.Context, p *plot) (err error) {
	name := newName()
	if p.URL, err = beside(b.admin, name); err != nil {
		return err
	}
	p.remove = func(ctx context.Context) error { return b.order(ctx, "DROP DATABASE "+name) }
	return b.order(ctx, "CREATE DATABASE "+name+" CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin")
}

func (b mysqlBase) order(ctx context.Context, text string) (err error) {
	source, err := peer.MySQLSource(b.admin)
	if err != nil {
		return err
	}
	db, err := sql.Open("mysql", source)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	_, err = db.ExecContext(ctx, text)
	return err
}

func (mysqlBase) source(site peer.Site) (driver, source string, err error) {
	source, err = peer.MySQLSource(site.URL)
	return "mysql", source, err
}

func (mysqlBase) people(n int) []string {
	statements := []string{"TRUNCATE people"}
	if n > 0 {
		statements = append(statements, fmt.Sprintf("INSERT INTO "+peopleColumns+
			" SELECT k, concat(k, '@example.org'), 'Ada', seq %% 80, 0, now(6), now(6) FROM"+
			" (SELECT seq, concat('seed-', lpad(seq, 12, '0')) AS k FROM seq_0_to_%d) AS r", n-1))
	}
	return append(statements, "ANALYZE TABLE people")
}

func (mysqlBase) tables(n int) map[string]int {
	const table = " WHERE table_schema = database() AND table_name LIKE 'orders\\_%'"
	return map[string]int{
		"SELECT count(*) FROM information_schema.tables" + table:                                                       n,
		"SELECT count(*) FROM information_schema.columns" + table:                                                      n * peer.OrderColumns,
		"SELECT count(DISTINCT table_name, index_name) FROM information_schema.statistics" + table + " AND non_unique": n * peer.OrderIndexes,
	}
}

func (mysqlBase) there(table string) string {
	return fmt.Sprintf("SELECT count(*) FROM information_schema.tables WHERE table_schema = database() AND table_name = '%s'", table)
}

// watch has the server log all statements into a table meanwhile. Connections that are made from now on say there which
// database they are for.
func (mysqlBase) watch(ctx context.Context, j *judge) (watched, error) {
	var output string
	var on bool
	if err := j.db.QueryRowContext(ctx, "SELECT @@global.log_output, @@global.general_log").Scan(&output, &on); err != nil {
		return nil, err
	}
	const set = "SET GLOBAL log_output = '%s', GLOBAL general_log = %t"
	err := j.run(ctx, fmt.Sprintf(set, "TABLE", true))
	return func(ctx context.Context) (*int64, error) {
		n, err := j.count(ctx, `SELECT count(*) FROM mysql.general_log WHERE command_type IN ('Query', 'Execute')
			AND argument RLIKE '^[[:space:]]*create table[^;(]*orders_' AND thread_id IN (SELECT thread_id FROM mysql.general_log
			WHERE command_type = 'Connect' AND argument LIKE concat('% on ', database(), ' using %'))`)
		return n, errors.Join(err, j.run(context.WithoutCancel(ctx), fmt.Sprintf(set, output, on)))
	}, err
}

func (mysqlBase) leave(context.Context) error { return nil }
