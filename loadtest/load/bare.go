package load

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// bare is the way that many programs go: CREATE TABLE IF NOT EXISTS before a process's first use of a table, without a lock that
// other processes mind, and then plain SQL by database/sql.
type bare struct {
	dialect dialect.Dialect // for its grammar and its words for errors; it runs nothing
	db      *sql.DB
	tables  []bareTable
}

// bareTable is what the ways of all versions have in common.
type bareTable interface {
	door
	ensure(ctx context.Context) error
	insert(ctx context.Context, run execer, row Row) error
}

// execer is a database or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func openBare(ctx context.Context, t *task, line *timeline) (_ way, err error) {
	w := &bare{}
	if w.dialect, err = connect(ctx, t.Address, 1); err != nil {
		return nil, err
	}
	if w.db, err = openPool(t.Address); err != nil {
		return nil, errors.Join(w.dialect.Classify(err), w.dialect.Close())
	}
	w.db.SetMaxOpenConns(t.Connections)
	w.db.SetMaxIdleConns(t.Connections)
	for i := range t.Tables {
		table, err := w.table(t.Version, t.ref(i), func(phase report.Phase) { line.note(i, phase, "") })
		if err != nil {
			return nil, errors.Join(err, w.close(ctx))
		}
		w.tables = append(w.tables, table)
	}
	return w, nil
}

func (w *bare) table(version int, ref schema.Ref, note func(report.Phase)) (bareTable, error) {
	model, err := modelOf(version, ref)
	if err != nil {
		return nil, err
	}
	texts := newBareTexts(w.dialect, model)
	switch len(columnsOf(version)) {
	case 0:
		return &bareDoor[Row, *Row]{bare: w, texts: texts, note: note}, nil
	case 1:
		return &bareDoor[hued, *hued]{bare: w, texts: texts, note: note}, nil
	case 2:
		return &bareDoor[shaded, *shaded]{bare: w, texts: texts, note: note}, nil
	}
	return &bareDoor[graded, *graded]{bare: w, texts: texts, note: note}, nil
}

func (w *bare) doors() []door {
	doors := make([]door, len(w.tables))
	for i, table := range w.tables {
		doors[i] = table
	}
	return doors
}

func (w *bare) pair(ctx context.Context, tables [2]int, rows [2]Row) error {
	for _, table := range tables {
		if err := w.tables[table].ensure(ctx); err != nil {
			return err
		}
	}
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	for part, table := range tables {
		if err := w.tables[table].insert(ctx, tx, rows[part]); err != nil {
			return err
		}
	}
	return tx.Commit()
}

func (w *bare) prepare(ctx context.Context) error {
	for _, table := range w.tables {
		if err := table.ensure(ctx); err != nil {
			return w.classify(err)
		}
	}
	return nil
}

func (w *bare) classify(err error) error {
	if errors.Is(err, errDiffers) {
		return err
	}
	return w.dialect.Classify(err)
}

func (w *bare) close(context.Context) error { return errors.Join(w.db.Close(), w.dialect.Close()) }

// bareTexts are the statements of a table.
type bareTexts struct {
	create                               []string
	insert, read, list, update, deletion string
}

// newBareTexts writes them as a person would. What makes the table is what our own planner would run, so that it is the same table.
func newBareTexts(d dialect.Dialect, model *schema.Table) bareTexts {
	var t bareTexts
	for _, s := range d.Create(model).Statements {
		text := s.SQL
		for _, verb := range []string{"CREATE SCHEMA ", "CREATE TABLE ", "CREATE INDEX ", "CREATE UNIQUE INDEX "} {
			if rest, ok := strings.CutPrefix(text, verb); ok && !strings.HasPrefix(rest, "IF NOT EXISTS ") {
				text = verb + "IF NOT EXISTS " + rest
			}
		}
		t.create = append(t.create, text)
	}
	table, mark := d.QuoteTable(model.Ref()), placeholders(d)
	var names, values, sets []string
	for i, c := range model.Columns() {
		names, values = append(names, d.Quote(c.Name)), append(values, mark(i+1))
		if i > 0 {
			sets = append(sets, d.Quote(c.Name)+" = "+mark(i))
		}
	}
	id := d.Quote("id")
	base := strings.Join(names[:len((&Row{}).values())], ", ")
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", "))
	t.read = fmt.Sprintf("SELECT %s FROM %s WHERE %s = %s", base, table, id, mark(1))
	t.list = fmt.Sprintf("SELECT %s FROM %s WHERE %s >= %s ORDER BY %s LIMIT %d", base, table, id, mark(1), id, listed)
	t.update = fmt.Sprintf("UPDATE %s SET %s WHERE %s = %s", table, strings.Join(sets, ", "), id, mark(len(names)))
	t.deletion = fmt.Sprintf("DELETE FROM %s WHERE %s = %s", table, id, mark(1))
	return t
}

// bareDoor is a table behind plain SQL.
type bareDoor[T any, P shape[T]] struct {
	*bare
	texts bareTexts
	note  func(report.Phase)

	mu   sync.Mutex
	made bool // as far as this process knows
}

// ensure is CREATE TABLE IF NOT EXISTS, once in each process; it is tried again where it failed.
func (d *bareDoor[T, P]) ensure(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.made {
		return nil
	}
	d.note(report.PhaseApplying)
	for _, text := range d.texts.create {
		if _, err := d.db.ExecContext(ctx, text); err != nil {
			d.note(report.PhaseFailed)
			return err
		}
	}
	d.note(report.PhaseReady)
	d.made = true
	return nil
}

func (d *bareDoor[T, P]) insert(ctx context.Context, run execer, row Row) error {
	_, err := run.ExecContext(ctx, d.texts.insert, P(filled[T, P](row)).values()...)
	return err
}

func (d *bareDoor[T, P]) create(ctx context.Context, row Row) error {
	if err := d.ensure(ctx); err != nil {
		return err
	}
	return d.insert(ctx, d.db, row)
}

func (d *bareDoor[T, P]) read(ctx context.Context, key int64) (Row, error) {
	rows, err := d.query(ctx, d.texts.read, key)
	if err == nil && len(rows) == 0 {
		return Row{}, &schema.Error{Op: "read", Kind: schema.ErrNotFound}
	}
	if err != nil {
		return Row{}, err
	}
	return rows[0], nil
}

func (d *bareDoor[T, P]) list(ctx context.Context, from int64) ([]Row, error) {
	return d.query(ctx, d.texts.list, from)
}

func (d *bareDoor[T, P]) query(ctx context.Context, text string, args ...any) ([]Row, error) {
	if err := d.ensure(ctx); err != nil {
		return nil, err
	}
	found, err := d.db.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = found.Close() }()
	var rows []Row
	for found.Next() {
		var r Row
		if err := found.Scan(&r.ID, &r.Worker, &r.Label, &r.Body, &r.Turn, &r.Amount, &r.Part); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

func (d *bareDoor[T, P]) update(ctx context.Context, row Row) error {
	values := P(filled[T, P](row)).values()
	return d.touch(ctx, d.texts.update, append(values[1:], values[0])...) // the key is the last in the text
}

func (d *bareDoor[T, P]) remove(ctx context.Context, key int64) error {
	return d.touch(ctx, d.texts.deletion, key)
}

// touch runs what must find its row.
func (d *bareDoor[T, P]) touch(ctx context.Context, text string, args ...any) error {
	if err := d.ensure(ctx); err != nil {
		return err
	}
	done, err := d.db.ExecContext(ctx, text, args...)
	if err != nil {
		return err
	}
	if n, err := done.RowsAffected(); err == nil && n == 0 {
		return &schema.Error{Kind: schema.ErrNotFound}
	}
	return nil
}
