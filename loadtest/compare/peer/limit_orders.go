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
// by one script in one transaction. On first use of a table each process makes it once, under a lock.
type limitOrders struct {
	tables []string
	shapes func(ctx context.Context) (map[string]string, error)
	want   func(table string) string                            // the shape as the catalogue gives it
	script func(ctx context.Context, statements []string) error // in one transaction
	insert func(ctx context.Context, text string, args ...any) error
	close  func() error
	table  func(name string) []string
	once   map[string]*sync.Once
	failed sync.Map // by table, the error of the one attempt
}

func openLimitOrders(ctx context.Context, site Site, tables []string) (Orders, error) {
	open := openLimitOrdersSQLite
	if site.Database == Postgres {
		open = openLimitOrdersPostgres
	}
	l, err := open(ctx, site)
	if err != nil {
		return nil, err
	}
	l.tables, l.once = tables, make(map[string]*sync.Once, len(tables))
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
	l.table = func(name string) []string { return orderTable(Postgres, ifNotExists, name) }
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
	l := &limitOrders{close: p.Close}
	l.shapes = func(ctx context.Context) (map[string]string, error) {
		rows, err := p.reader.QueryContext(ctx, "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL")
		if err != nil {
			return nil, err
		}
		defer func() { _ = rows.Close() }() // Err has told before
		out := map[string]string{}
		for rows.Next() {
			var name, text string
			if err := rows.Scan(&name, &text); err != nil {
				return nil, err
			}
			out[name] = text
		}
		return out, rows.Err()
	}
	// SQLite keeps a table's own words.
	l.want = func(name string) string { return orderTable(SQLite, "", name)[0] }
	l.script = func(ctx context.Context, statements []string) error { return inTx(ctx, p.writer, statements) }
	l.insert = func(ctx context.Context, text string, args ...any) error {
		_, err := p.writer.ExecContext(ctx, text, args...)
		return err
	}
	l.table = func(name string) []string { return orderTable(SQLite, ifNotExists, name) }
	return l, nil
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

func (l *limitOrders) Ensure(ctx context.Context) error {
	shapes, err := l.shapes(ctx)
	if err != nil {
		return err
	}
	var missing []string
	for _, name := range l.tables {
		switch shape, there := shapes[name]; {
		case !there:
			missing = append(missing, l.table(name)...)
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
		if err := l.script(context.WithoutCancel(ctx), l.table(table)); err != nil {
			l.failed.Store(table, err)
		}
	})
	if err, failed := l.failed.Load(table); failed {
		return err.(error)
	}
	return l.insert(ctx, insertOrder(table), o.values()...)
}

func (l *limitOrders) Close() error { return l.close() }
