package postgres

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

var _ dialect.Applier = (*DB)(nil)

const (
	// beginPatient waits as long as the caller does, for locks that keep nobody waiting. What bounds requests must not
	// bound it either: a look at every row may take longer than any request, and would fail each time anew. It also has to
	// wait for longer than deadlock_timeout, because autovacuum gives way only then.
	beginPatient = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0"

	// beginCourteous waits long enough for autovacuum to give way, and not for another session that builds an index: that
	// one may have seen the transaction that holds our lock, and waits for its end.
	beginCourteous = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = 0"

	// undoTimeout bounds the taking away of what a failed statement has left behind.
	undoTimeout = 10 * time.Second
)

// Step implements dialect.Applier. Of statements of ModeTransaction and ModeAlone only those whose lock keeps nobody
// waiting wait for it as long as ctx lasts, and run without the server's statement_timeout; all others give up after 300 ms.
// It waits for a connection of the pool as Locked does.
//
// What a failed statement leaves behind is taken away, within 10 seconds and also where ctx has ended: after a
// statement of ModeConcurrent always; after others only where another try would fail as well, for these are gone on with.
func (d *DB) Step(ctx context.Context, step []schema.Statement, progress func(rows int64)) error {
	if len(step) == 0 {
		return nil
	}
	other, done, err := d.beside(ctx)
	if err != nil {
		return err
	}
	defer done()
	return other.step(ctx, step, progress)
}

func (d *DB) step(ctx context.Context, step []schema.Statement, progress func(rows int64)) error {
	switch st := step[0]; st.Mode {
	case schema.ModeConcurrent:
		return d.concurrently(ctx, st)
	case schema.ModeBatches:
		return d.settle(ctx, st, d.inBatches(ctx, st, progress))
	default:
		failed, err := d.together(ctx, step)
		return d.settle(ctx, failed, err)
	}
}

// Beside implements dialect.Applier.
func (d *DB) Beside(ctx context.Context, fn func(ctx context.Context, q dialect.Querier) error) error {
	other, done, err := d.beside(ctx)
	if err != nil {
		return err
	}
	defer done()
	conn, err := other.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := fn(ctx, querier{conn}); err != nil {
		return named("apply", err)
	}
	return nil
}

// settle takes away what a statement has left behind, unless it will be tried again, and gives its error.
func (d *DB) settle(ctx context.Context, st schema.Statement, err error) error {
	if err == nil || st.Undo == "" || schema.Transient(err) {
		return err
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	for tries := 1; ; tries++ {
		undone := d.within(after, beginLocked, func(ctx context.Context, tx transaction) error {
			if _, err := tx.Exec(ctx, st.Undo); err != nil {
				return named("apply", err)
			}
			return committed(tx.Commit(ctx))
		})
		if !errors.Is(undone, schema.ErrLockTimeout) || !pause(after, tries) {
			return err
		}
	}
}

// together runs statements in one transaction. It gives the one that failed, too.
func (d *DB) together(ctx context.Context, step []schema.Statement) (failed schema.Statement, err error) {
	begin := beginPatient
	for _, st := range step {
		if !courteous(st.Lock) {
			begin = beginLocked
		}
	}
	err = d.within(ctx, begin, func(ctx context.Context, tx transaction) error {
		for _, st := range step {
			failed = st
			if st.Refuse != "" {
				if err := refuse(ctx, tx, st); err != nil {
					return err
				}
			} else if _, err := tx.Exec(ctx, st.SQL); err != nil {
				return unfit(st, named("apply", err))
			}
		}
		return committed(tx.Commit(ctx))
	})
	return failed, err
}

// courteous reports whether neither holding a lock nor waiting for it keeps anybody from reading or writing.
func courteous(lock string) bool {
	return lock == "" || lock == "access share" || lock == shareUpdateExclusive
}

// refuse runs a query that must give no row. One that fails on a value has found a row that is in the way, too.
func refuse(ctx context.Context, tx transaction, st schema.Statement) error {
	rows, err := tx.Query(ctx, st.SQL, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		return named("apply", err)
	}
	found := rows.Next()
	if err = rows.Close(); err == nil && !found {
		return nil
	}
	e := &schema.Error{Op: "apply", Kind: schema.ErrUnfitRows, Detail: st.Refuse}
	if err != nil {
		if seen := named("apply", err); !dataException(seen) {
			return seen
		}
		e.Cause = err
	}
	return e
}

// dataException reports whether a value was the reason.
func dataException(e *schema.Error) bool { return strings.HasPrefix(e.Code, "22") }

// unfit says of which column a value was the reason for a failure. The server would say which value, and not where.
func unfit(st schema.Statement, e *schema.Error) error {
	if !dataException(e) {
		return e
	}
	out := *e
	out.Kind, out.Detail = schema.ErrUnfitRows, "a value cannot be converted"
	if m := filledColumn.FindStringSubmatch(st.SQL); m != nil {
		out.Constraint = strings.ReplaceAll(m[1], `""`, `"`)
	}
	for _, h := range st.Hazards {
		if h.Kind == schema.HazardRetypeColumn && len(h.Columns) > 0 {
			out.Constraint = h.Columns[0]
		}
	}
	if out.Constraint != "" {
		out.Detail = "a value for column " + naming([]string{out.Constraint}) + " cannot be computed"
	}
	return &out
}

// concurrently runs a statement outside any transaction, and takes away what it left behind if it failed. One that waits
// for other sessions is not begun while one of them is at work on the table: of two that wait for each other, where one
// waits for a transaction that only its client can end, the server knows nothing.
func (d *DB) concurrently(ctx context.Context, st schema.Statement) error {
	if err := d.unoccupied(ctx, st); err != nil {
		return err
	}
	err := d.outside(ctx, st)
	if err == nil || st.Undo == "" {
		return err
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
	defer cancel()
	_ = d.sweep(after, st)
	return err
}

// unoccupied waits for the lock under which an index is built or dropped concurrently, and lets it go.
func (d *DB) unoccupied(ctx context.Context, st schema.Statement) error {
	err := d.within(ctx, beginCourteous, func(ctx context.Context, tx transaction) error {
		table, err := concerned(ctx, tx, st.SQL)
		if err != nil || table == "" {
			return err
		}
		_, err = tx.Exec(ctx, "LOCK TABLE "+table+" IN SHARE UPDATE EXCLUSIVE MODE")
		return err
	})
	if err == nil {
		return nil
	}
	e := *named("apply", err)
	if errors.Is(&e, schema.ErrLockTimeout) {
		e.Cause = errors.Join(dialect.ErrBusy, e.Cause)
	}
	return &e
}

var dropsIndex = regexp.MustCompile(`^DROP INDEX CONCURRENTLY (?:IF EXISTS )?((?:"(?:[^"]|"")+"\.)?"(?:[^"]|"")+")$`)

// concerned gives the table, quoted, whose index a statement makes or drops; it is empty where there is none.
func concerned(ctx context.Context, tx transaction, sql string) (table string, err error) {
	if ix, ok := builtIndex(sql); ok {
		return ix.table, nil
	}
	m := dropsIndex.FindStringSubmatch(sql)
	if m == nil {
		return "", nil
	}
	_, err = dialect.QueryRow(ctx, tx, "SELECT indrelid::regclass::text FROM pg_catalog.pg_index WHERE indexrelid = to_regclass($1)",
		[]any{pgx.QueryExecModeExec, m[1]}, &table)
	return table, err
}

// outside runs a statement outside any transaction. An index that it is to make is looked at before, for one that an
// earlier try left behind would be in the way, and afterwards, for the server does not always say that one is unusable.
func (d *DB) outside(ctx context.Context, st schema.Statement) error {
	ix, builds := builtIndex(st.SQL)
	return d.unlimited(ctx, func(conn *pgxpool.Conn) error {
		if !builds {
			_, err := conn.Exec(ctx, st.SQL)
			return err
		}
		state, err := ix.state(ctx, conn)
		if err == nil && state == indexInvalid && st.Undo != "" {
			_, err = conn.Exec(ctx, st.Undo)
		}
		if err != nil {
			return err
		}
		if _, err = conn.Exec(ctx, st.SQL); err != nil {
			return err
		}
		if state, err = ix.state(ctx, conn); err == nil && state != indexValid {
			err = &schema.Error{Op: "apply", Kind: schema.ErrRaced, Constraint: ix.name, Detail: "the index was not finished"}
		}
		return err
	})
}

// sweep takes away an unfinished index, or whatever else the statement's Undo does. A server process that has lost its client
// or been told to stop may still be at it: it holds the table's lock until it has ended, and what it leaves is seen then.
func (d *DB) sweep(ctx context.Context, st schema.Statement) error {
	ix, builds := builtIndex(st.SQL)
	if builds {
		err := d.within(ctx, beginPatient, func(ctx context.Context, tx transaction) error {
			_, err := tx.Exec(ctx, "LOCK TABLE "+ix.table+" IN SHARE UPDATE EXCLUSIVE MODE")
			return err
		})
		if err != nil {
			return err
		}
	}
	return d.unlimited(ctx, func(conn *pgxpool.Conn) error {
		if builds {
			// A whole one of the name is somebody else's, or was finished after all.
			if state, err := ix.state(ctx, conn); err != nil || state != indexInvalid {
				return err
			}
		}
		_, err := conn.Exec(ctx, st.Undo)
		return err
	})
}

// index is one that a statement makes.
type index struct {
	name  string
	table string // quoted, as in the statement
	space string // the table's namespace; empty is the current one
}

type indexState string

const (
	indexMissing indexState = ""
	indexInvalid indexState = "invalid"
	indexValid   indexState = "valid"
)

var buildsIndex = regexp.MustCompile(
	`^CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?"((?:[^"]|"")+)" ON ((?:"((?:[^"]|"")+)"\.)?"(?:[^"]|"")+")`)

// builtIndex reads what index a statement makes.
func builtIndex(sql string) (ix index, ok bool) {
	m := buildsIndex.FindStringSubmatch(sql)
	if m == nil {
		return index{}, false
	}
	plain := strings.NewReplacer(`""`, `"`)
	return index{name: plain.Replace(m[1]), table: m[2], space: plain.Replace(m[3])}, true
}

func (ix index) state(ctx context.Context, conn *pgxpool.Conn) (state indexState, err error) {
	_, err = dialect.QueryRow(ctx, querier{conn}, "SELECT CASE WHEN x.indisvalid AND x.indisready THEN 'valid' ELSE 'invalid' END"+
		" FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid"+
		" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname = $1::text::name AND n.nspname = "+
		Grammar{}.NamespaceExpr("$2")+"::name", []any{pgx.QueryExecModeExec, ix.name, ix.space}, &state)
	return state, err
}

// unlimited runs fn on a session without the timeouts that server, database or role give it, which are meant for
// requests: to build an index concurrently is to wait for every older transaction, and takes as long as the table has
// rows. They can be lifted for a session that is our own only. Behind a pooler the server's process is another one than
// the client was told, and they stay.
func (d *DB) unlimited(ctx context.Context, fn func(conn *pgxpool.Conn) error) error {
	conn, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var pid uint32
	var lock, statement string
	_, err = dialect.QueryRow(ctx, querier{conn},
		"SELECT pg_backend_pid()::bigint, current_setting('lock_timeout'), current_setting('statement_timeout')",
		[]any{pgx.QueryExecModeExec}, &pid, &lock, &statement)
	if err != nil {
		return named("apply", err)
	}
	own := pid == conn.Conn().PgConn().PID()
	if own && (lock != "0" || statement != "0") {
		defer restore(ctx, conn, lock, statement)
		_, err = conn.Exec(ctx, "SET lock_timeout = 0; SET statement_timeout = 0")
	}
	if err == nil {
		err = fn(conn)
	}
	if err == nil {
		return nil
	}
	e := *named("apply", err)
	if !own && errors.Is(&e, schema.ErrLockTimeout) {
		e.Detail = "the server's own lock_timeout of " + lock + " cannot be lifted behind a connection pooler"
	}
	return &e
}

// restore gives a session its timeouts back. One for which that fails is not used again.
func restore(ctx context.Context, conn *pgxpool.Conn, lock, statement string) {
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	if _, err := conn.Exec(after, "SET lock_timeout = "+literal(lock)+"; SET statement_timeout = "+literal(statement)); err != nil {
		_ = conn.Conn().Close(after)
	}
}
