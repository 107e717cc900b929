package dialect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// The ledger's two tables: what each table is now, and how it came to be so.
const (
	LedgerTable    = "schemactor_tables"
	RevisionsTable = "schemactor_revisions"
)

// LedgerColumns is the column list of LedgerTable that ScanEntry expects, ready to stand in a SELECT. A table's row is
// found where namespace equals Grammar.NamespaceExpr of Ref.Namespace and table_name is Ref.Name, both put through
// Grammar.FitName before; the columns are text.
const LedgerColumns = `namespace, table_name, generation, fingerprint, catalog_hash, spec, updated_at, updated_by, seal`

const revisionColumns = `id, namespace, table_name, generation, from_fingerprint, to_fingerprint, statements, ` +
	`checksum, state, reason, failure, catalog, duration_us, host, pid, application, version, applied_at`

// Ledger reads and writes the history of all tables. It holds no connection: each call says where it runs. It is
// immutable and safe for concurrent use.
type Ledger struct {
	d Dialect

	entries, revisions ledgerTable
}

// ledgerTable is one of the two tables with its statements.
type ledgerTable struct {
	model   *schema.Table
	first   int // position of the first column that is written: an auto column before it is left to the database
	insert  string
	replace string // of the revisions: an insert's values in place of those under an ID, which comes last
	read    string
	seen    string // of the revisions: whether a fingerprint was ever the table's
}

// LedgerOf gives the ledger of a database. It touches no database.
func LedgerOf(d Dialect) *Ledger {
	models := LedgerModels()
	l := &Ledger{d: d, entries: ledgerTable{model: models[0]}, revisions: ledgerTable{model: models[1]}}
	l.entries.write(d)
	l.revisions.write(d)

	var key, set []string
	for _, c := range models[0].Columns() {
		if name := d.Quote(c.Name); c.Name == "namespace" || c.Name == "table_name" {
			key = append(key, name)
		} else {
			set = append(set, name)
		}
	}
	l.entries.insert += d.Overwrite(key, set)
	l.entries.read = "SELECT " + LedgerColumns + l.entries.read
	// A table that was made anew begins a new life, which its older models know nothing of.
	l.revisions.seen = "SELECT count(*)" + l.revisions.read + " AND to_fingerprint = " + d.Placeholder(3) +
		" AND state IN ('applied', 'adopted') AND generation >= (SELECT coalesce(max(generation), 0)" +
		l.revisions.of(d, 4) + " AND from_fingerprint = '' AND state IN ('applied', 'adopted'))"
	l.revisions.read = "SELECT " + revisionColumns + l.revisions.read + " ORDER BY id"
	return l
}

// write makes the table's statements in a grammar.
func (t *ledgerTable) write(g Grammar) {
	columns := t.model.Columns()
	if columns[0].Auto {
		t.first = 1
	}
	var names, values []string
	for i := t.first; i < len(columns); i++ {
		c := &columns[i]
		value := g.ValueExpr(c, g.Placeholder(len(values)+1))
		if c.Name == "namespace" {
			value = g.NamespaceExpr(g.Placeholder(len(values) + 1))
		}
		names, values = append(names, g.Quote(c.Name)), append(values, value)
	}
	table := g.QuoteTable(t.model.Ref())
	set := make([]string, len(names))
	for i := range names {
		set[i] = names[i] + " = " + values[i]
	}
	t.replace = fmt.Sprintf("UPDATE %s SET %s WHERE %s = %s", table, strings.Join(set, ", "),
		g.Quote(columns[0].Name), g.Placeholder(len(values)+1))
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", "))
	t.read = t.of(g, 1)
}

// of is the FROM and WHERE that finds the rows of one table, whose namespace and name are bound from the n-th value on.
func (t *ledgerTable) of(g Grammar, n int) string {
	return fmt.Sprintf(" FROM %s WHERE namespace = %s AND table_name = %s",
		g.QuoteTable(t.model.Ref()), g.NamespaceExpr(g.Placeholder(n)), g.Placeholder(n+1))
}

// Entry reads the ledger's word on a table, nil where there is none. Its Ref is the one asked for. Where the ledger
// itself does not exist the error is ErrMissing.
func (l *Ledger) Entry(ctx context.Context, q Querier, ref schema.Ref) (*schema.Entry, error) {
	rows, err := q.Query(ctx, l.entries.read, l.d.FitName(ref.Namespace), l.d.FitName(ref.Name))
	if err != nil {
		return nil, l.fault("read ledger", ref, err)
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, l.fault("read ledger", ref, errors.Join(rows.Close(), rows.Err()))
	}
	entry, err := ScanEntry(rows)
	if err = errors.Join(err, rows.Close(), rows.Err()); err != nil {
		return nil, l.fault("read ledger", ref, err)
	}
	entry.Ref = ref
	return &entry, nil
}

// Seen reports whether the table was ever brought to the model of a fingerprint, or found to match it, since it was
// last made.
func (l *Ledger) Seen(ctx context.Context, q Querier, ref schema.Ref, fingerprint string) (bool, error) {
	var n int64
	namespace, name := l.d.FitName(ref.Namespace), l.d.FitName(ref.Name)
	_, err := QueryRow(ctx, q, l.revisions.seen,
		[]any{namespace, name, fingerprint, namespace, name}, &n)
	return n > 0, l.fault("read ledger", ref, err)
}

// Announce adds a revision alone, as Append does, and gives its ID: to a revision with that ID it will be changed.
func (l *Ledger) Announce(ctx context.Context, q Querier, revision schema.Revision) (id int64, err error) {
	c, err := l.append(&revision)
	if err == nil {
		_, err = QueryRow(ctx, q, c.SQL+" RETURNING "+l.d.Quote("id"), c.Args, &id)
	}
	return id, l.fault("write ledger", revision.Ref, err)
}

// Append adds a revision alone: a step on the way, announced or failed. One that has an ID is put in the place of what was
// announced under it.
func (l *Ledger) Append(ctx context.Context, q Querier, revision schema.Revision) error {
	c, err := l.append(&revision)
	return l.run(ctx, q, c, revision.Ref, err)
}

func (l *Ledger) append(revision *schema.Revision) (Command, error) {
	statements, err := json.Marshal(append([]string{}, revision.Statements...))
	if err != nil {
		return Command{}, err
	}
	name := l.d.FitName(revision.Ref.Name)
	c, err := l.command(&l.revisions,
		l.d.FitName(revision.Ref.Namespace), name, revision.Generation,
		revision.FromFingerprint, revision.ToFingerprint, string(statements), checksum(name, revision),
		string(revision.State), revision.Reason, revision.Failure, revision.Catalog, revision.Duration.Microseconds(),
		revision.Host, revision.PID, revision.Application, revision.Version, revision.AppliedAt)
	if revision.ID != 0 {
		c.SQL, c.Args = l.revisions.replace, append(c.Args, revision.ID)
	}
	return c, err
}

// Refresh stores the entry alone: the catalogue was seen to differ harmlessly, nothing was changed.
func (l *Ledger) Refresh(ctx context.Context, q Querier, entry schema.Entry) error {
	c, err := l.refresh(&entry)
	return l.run(ctx, q, c, entry.Ref, err)
}

func (l *Ledger) refresh(entry *schema.Entry) (Command, error) {
	name := l.d.FitName(entry.Ref.Name)
	return l.command(&l.entries,
		l.d.FitName(entry.Ref.Namespace), name, entry.Generation, entry.Fingerprint,
		entry.CatalogHash, entry.Spec, entry.UpdatedAt, entry.UpdatedBy, seal(name, entry))
}

// command is a table's insert with values in column order.
func (l *Ledger) command(t *ledgerTable, values ...any) (Command, error) {
	for i, value := range values {
		c := &t.model.Columns()[t.first+i]
		v, err := c.Coerce(value)
		if err != nil {
			return Command{}, err
		}
		if encode := l.d.Encoder(c); encode != nil {
			v = encode(v)
		}
		values[i] = v
	}
	return Command{SQL: t.insert, Args: values}, nil
}

// run runs a command unless it could not be made.
func (l *Ledger) run(ctx context.Context, q Querier, c Command, ref schema.Ref, err error) error {
	if err == nil {
		_, err = q.Exec(ctx, c.SQL, c.Args...)
	}
	return l.fault("write ledger", ref, err)
}

// History reads the revisions of a table, oldest first; none where the ledger does not exist. Their Ref is the one
// asked for.
func (l *Ledger) History(ctx context.Context, q Querier, ref schema.Ref) ([]schema.Revision, error) {
	history, err := l.history(ctx, q, ref)
	if err = l.fault("read ledger", ref, err); errors.Is(err, schema.ErrMissing) {
		return nil, nil
	}
	return history, err
}

func (l *Ledger) history(ctx context.Context, q Querier, ref schema.Ref) ([]schema.Revision, error) {
	rows, err := q.Query(ctx, l.revisions.read, l.d.FitName(ref.Namespace), l.d.FitName(ref.Name))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var history []schema.Revision
	for rows.Next() {
		r := schema.Revision{Ref: ref}
		var namespace, name, statements, state string
		var micros int64
		if err := rows.Scan(&r.ID, &namespace, &name, &r.Generation, &r.FromFingerprint, &r.ToFingerprint, &statements,
			&r.Checksum, &state, &r.Reason, &r.Failure, &r.Catalog, &micros, &r.Host, &r.PID, &r.Application, &r.Version, &stamp{&r.AppliedAt}); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(statements), &r.Statements); err != nil {
			r.Statements = nil // somebody edited it, as the checksum tells too
		}
		r.State, r.Duration = schema.RevisionState(state), time.Duration(micros)*time.Microsecond
		r.Tampered = r.Checksum != checksum(name, &r)
		history = append(history, r)
	}
	if err := errors.Join(rows.Close(), rows.Err()); err != nil {
		return nil, err
	}
	return history, nil
}

// fault gives an error in the library's words, nil for nil.
func (l *Ledger) fault(op string, ref schema.Ref, err error) error {
	if err == nil {
		return nil
	}
	named := *l.d.Classify(err)
	if named.Op == "" {
		named.Op = op
	}
	if named.Table == "" {
		named.Table = ref.String()
	}
	return &named
}

// ScanEntry reads one row of LedgerColumns. Its Ref is as the ledger has it: with the namespace resolved and the name
// fitted.
func ScanEntry(rows Rows) (schema.Entry, error) { return scanEntry(rows) }

// scanEntry is ScanEntry for rows with more columns before those of the entry.
func scanEntry(rows Rows, before ...any) (schema.Entry, error) {
	var e schema.Entry
	var sealed string
	err := rows.Scan(append(before, &e.Ref.Namespace, &e.Ref.Name, &e.Generation, &e.Fingerprint, &e.CatalogHash, &e.Spec,
		&stamp{&e.UpdatedAt}, &e.UpdatedBy, &sealed)...)
	e.Tampered = sealed != seal(e.Ref.Name, &e)
	return e, err
}

// stamp scans a time in whichever way the database keeps it.
type stamp struct{ to *time.Time }

// Scan implements sql.Scanner.
func (s *stamp) Scan(src any) error {
	if text, ok := src.([]byte); ok {
		src = string(text)
	}
	column := schema.Column{Name: "ledger time", Kind: schema.KindTime}
	v, err := column.Coerce(src)
	if err != nil {
		return err
	}
	at, ok := v.(time.Time)
	if !ok {
		return schema.Invalid("", "", column.Name, "null instead of a time")
	}
	*s.to = at
	return nil
}
