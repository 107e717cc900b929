package peer

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgxpool"
)

// limitOrders reads the catalogue in one query, compares what is there column by column, and makes all that is missing
// by one script, in one transaction where the database has such for tables. On first use of a table each process makes it
// once, under a lock.
type limitOrders struct {
	database Database
	tables   []string
	shapes   func(ctx context.Context) (map[string]string, error)
	want     func(table string) string                            // the shape as the catalogue gives it
	script   func(ctx context.Context, statements []string) error // in one transaction, where the database has such for tables
	insert   func(ctx context.Context, text string, args ...any) error
	close    func() error
	once     map[string]*sync.Once
	failed   sync.Map // by table, the error of the one attempt
}

func openLimitOrders(ctx context.Context, site Site, tables []string) (Orders, error) {
	open := openLimitOrdersSQLite
	switch site.Database {
	case Postgres:
		open = openLimitOrdersPostgres
	case MySQL:
		open = openLimitOrdersMySQL
	}
	l, err := open(ctx, site)
	if err != nil {
		return nil, err
	}
	l.database, l.tables, l.once = site.Database, tables, make(map[string]*sync.Once, len(tables))
	for _, name := range tables {
		l.once[name] = &sync.Once{}
	}
	return l, nil
}

// shapesPostgres gives each table of the namespace with its columns and indexes in one line.
const shapesPostgres = `SELECT c.relname, c.relkind::text, (SELECT string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod) ||
		CASE WHEN a.attnotnull THEN ' not null' ELSE '' END, ', ' ORDER BY a.attnum)
		FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
	FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i')`

func openLimitOrdersPostgres(ctx context.Context, site Site) (*limitOrders, error) {
	pool, err := openPool(ctx, site)
	if err != nil {
		return nil, err
	}
	l := &limitOrders{insert: poolExec(pool), close: func() error { pool.Close(); return nil }}
	l.shapes = func(ctx context.Context) (map[string]string, error) { return readShapes(ctx, pool) }
	l.want = func(string) string {
		return "id text not null, customer_id text not null, number bigint not null, status text not null, " +
			"currency text not null, total double precision not null, tax double precision not null, items bigint not null, " +
			"note text, placed_at timestamp with time zone not null, created_at timestamp with time zone not null, " +
			"updated_at timestamp with time zone not null"
	}
	l.script = func(ctx context.Context, statements []string) error {
		// What is sent together without BEGIN is one transaction, in one round trip.
		_, err := pool.Exec(ctx, "SELECT pg_advisory_xact_lock(4711); "+strings.Join(statements, "; "))
		return err
	}
	return l, nil
}

func readShapes(ctx context.Context, pool *pgxpool.Pool) (map[string]string, error) {
	rows, err := pool.Query(ctx, shapesPostgres)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var name, kind, shape string
		if err := rows.Scan(&name, &kind, &shape); err != nil {
			return nil, err
		}
		if kind == "i" {
			shape = "index"
		}
		out[name] = shape
	}
	return out, rows.Err()
}

func openLimitOrdersSQLite(_ context.Context, site Site) (*limitOrders, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	l := &limitOrders{insert: p.exec, close: p.Close}
	l.shapes = func(ctx context.Context) (map[string]string, error) {
		return namedShapes(ctx, p.reader, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
	}
	// SQLite keeps a table's own words.
	l.want = func(name string) string { return orderTable(SQLite, "", name)[0] }
	l.script = func(ctx context.Context, statements []string) error { return inTx(ctx, p.writer, statements) }
	return l, nil
}

// namedShapes reads names with their shapes.
func namedShapes(ctx context.Context, db *sql.DB, query string) (map[string]string, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told before
	out := map[string]string{}
	for rows.Next() {
		var name, shape string
		if err := rows.Scan(&name, &shape); err != nil {
			return nil, err
		}
		out[name] = shape
	}
	return out, rows.Err()
}

// inTx runs statements one by one: the driver copies all that is left of a script for each statement of it.
func inTx(ctx context.Context, db *sql.DB, statements []string) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	for _, text := range statements {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// shapesMySQL gives each table with its columns in one line, and each index.
const shapesMySQL = `SELECT table_name, group_concat(column_name, ' ', column_type, IF(is_nullable = 'NO', ' not null', '')
		ORDER BY ordinal_position SEPARATOR ', ') FROM information_schema.columns WHERE table_schema = database() GROUP BY table_name
	UNION ALL SELECT index_name, 'index' FROM information_schema.statistics WHERE table_schema = database() AND index_name <> 'PRIMARY'`

func openLimitOrdersMySQL(_ context.Context, site Site) (*limitOrders, error) {
	p, err := openPools(site)
	if err != nil {
		return nil, err
	}
	l := &limitOrders{insert: p.exec, close: p.Close}
	l.shapes = func(ctx context.Context) (map[string]string, error) { return namedShapes(ctx, p.reader, shapesMySQL) }
	l.want = func(string) string {
		return "id varchar(254) not null, customer_id varchar(254) not null, number bigint(20) not null, status varchar(254) not null, " +
			"currency longtext not null, total double not null, tax double not null, items bigint(20) not null, note longtext, " +
			"placed_at datetime(6) not null, created_at datetime(6) not null, updated_at datetime(6) not null"
	}
	// Each statement is whole by itself, and the server's own lock of the table's name is the lock.
	l.script = func(ctx context.Context, statements []string) error {
		for _, text := range statements {
			if err := p.exec(ctx, text); err != nil {
				return err
			}
		}
		return nil
	}
	return l, nil
}

func (l *limitOrders) Ensure(ctx context.Context) error {
	shapes, err := l.shapes(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range l.tables {
		switch shape, there := shapes[name]; {
		case !there:
			missing = append(missing, orderTable(l.database, ifNotExists, name)...)
		case shape != l.want(name) || shapes[name+"_customer"] == "" || shapes[name+"_status"] == "":
			return fmt.Errorf("table %s has another shape", name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return l.script(ctx, missing)
}

func (l *limitOrders) Add(ctx context.Context, table string, o *Order) error {
	l.once[table].Do(func() {
		if err := l.script(context.WithoutCancel(ctx), orderTable(l.database, ifNotExists, table)); err != nil {
			l.failed.Store(table, err)
		}
	})
	if err, failed := l.failed.Load(table); failed {
		return err.(error)
	}
	return l.insert(ctx, insertOrder(l.database, table), o.values()...)
}

func (l *limitOrders) Close() error { return l.close() }
