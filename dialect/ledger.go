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
const LedgerColumns = `namespace, table_name, generation, fingerprint, catalog_hash, spec, updated_at, updated_by`

const revisionColumns = `id, namespace, table_name, generation, from_fingerprint, to_fingerprint, statements, ` +
	`checksum, state, duration_us, host, pid, application, applied_at`

// Ledger reads and writes the history of all tables. It holds no connection: each call says where it runs. It is
// immutable and safe for concurrent use.
type Ledger struct {
	d Dialect

	entries, revisions ledgerTable
}

// ledgerTable is one of the two tables with its statements.
type ledgerTable struct {
	model  *schema.Table
	first  int // position of the first column that is written: an auto column before it is left to the database
	insert string
	read   string
}

// LedgerOf gives the ledger of a database. It touches no database.
func LedgerOf(d Dialect) *Ledger {
	models := LedgerModels()
	l := &Ledger{d: d, entries: ledgerTable{model: models[0]}, revisions: ledgerTable{model: models[1]}}
	l.entries.write(d)
	l.revisions.write(d)

	var set []string
	for _, c := range models[0].Columns() {
		if name := d.Quote(c.Name); c.Name != "namespace" && c.Name != "table_name" {
			set = append(set, name+" = excluded."+name)
		}
	}
	l.entries.insert += " ON CONFLICT (namespace, table_name) DO UPDATE SET " + strings.Join(set, ", ")
	l.entries.read = "SELECT " + LedgerColumns + l.entries.read
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
	t.insert = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(names, ", "), strings.Join(values, ", "))
	t.read = fmt.Sprintf(" FROM %s WHERE namespace = %s AND table_name = %s",
		table, g.NamespaceExpr(g.Placeholder(1)), g.Placeholder(2))
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

// Record stores the entry in place of the former one and appends the revision, whose ID the database gives. It is
// called with the table's lock held.
func (l *Ledger) Record(ctx context.Context, q Querier, entry schema.Entry, revision schema.Revision) error {
	if err := l.Refresh(ctx, q, entry); err != nil {
		return err
	}
	statements, err := json.Marshal(append([]string{}, revision.Statements...))
	if err != nil {
		return l.fault("write ledger", revision.Ref, err)
	}
	return l.store(ctx, q, &l.revisions, revision.Ref,
		l.d.FitName(revision.Ref.Namespace), l.d.FitName(revision.Ref.Name), revision.Generation,
		revision.FromFingerprint, revision.ToFingerprint, string(statements), revision.Checksum,
		string(revision.State), revision.Duration.Microseconds(), revision.Host, revision.PID,
		revision.Application, revision.AppliedAt)
}

// Refresh stores the entry alone: the catalogue was seen to differ harmlessly, nothing was changed.
func (l *Ledger) Refresh(ctx context.Context, q Querier, entry schema.Entry) error {
	return l.store(ctx, q, &l.entries, entry.Ref,
		l.d.FitName(entry.Ref.Namespace), l.d.FitName(entry.Ref.Name), entry.Generation, entry.Fingerprint,
		entry.CatalogHash, entry.Spec, entry.UpdatedAt, entry.UpdatedBy)
}

// store runs a table's insert with values in column order.
func (l *Ledger) store(ctx context.Context, q Querier, t *ledgerTable, ref schema.Ref, values ...any) error {
	for i, value := range values {
		c := &t.model.Columns()[t.first+i]
		v, err := c.Coerce(value)
		if err != nil {
			return l.fault("write ledger", ref, err)
		}
		if encode := l.d.Encoder(c); encode != nil {
			v = encode(v)
		}
		values[i] = v
	}
	_, err := q.Exec(ctx, t.insert, values...)
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
			&r.Checksum, &state, &micros, &r.Host, &r.PID, &r.Application, &stamp{&r.AppliedAt}); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(statements), &r.Statements); err != nil {
			return nil, err
		}
		r.State, r.Duration = schema.RevisionState(state), time.Duration(micros)*time.Microsecond
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
func ScanEntry(rows Rows) (schema.Entry, error) {
	var e schema.Entry
	err := rows.Scan(&e.Ref.Namespace, &e.Ref.Name, &e.Generation, &e.Fingerprint, &e.CatalogHash, &e.Spec,
		&stamp{&e.UpdatedAt}, &e.UpdatedBy)
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
