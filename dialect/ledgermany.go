package dialect

import (
	"context"
	"errors"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Record is what the ledger keeps of one table that was made, changed or adopted.
type Record struct {
	Entry    schema.Entry
	Revision schema.Revision // its ID is given by the database, unless it was announced under one
}

// Record stores each entry in place of the former one and appends the revisions, in their order, as Append does. It is called with the
// tables' locks held. Of many records none is kept if it fails: the caller gives up its transaction.
func (l *Ledger) Record(ctx context.Context, q Querier, records ...Record) error {
	commands := make([]Command, 0, 2*len(records))
	for i := range records {
		r := &records[i]
		entry, err := l.refresh(&r.Entry)
		if err != nil {
			return l.fault("write ledger", r.Entry.Ref, err)
		}
		revision, err := l.append(&r.Revision)
		if err != nil {
			return l.fault("write ledger", r.Revision.Ref, err)
		}
		commands = append(commands, entry, revision)
	}
	done, err := ExecAll(ctx, q, commands)
	if err == nil {
		return nil
	}
	return l.fault("write ledger", records[min(done/2, len(records)-1)].Entry.Ref, err)
}

// Entries reads the ledger's word on several tables in one query. They come in the order of refs, nil where there is
// none. All else is as with Entry.
func (l *Ledger) Entries(ctx context.Context, q Querier, refs []schema.Ref) ([]*schema.Entry, error) {
	out := make([]*schema.Entry, len(refs))
	if len(refs) == 0 {
		return out, nil
	}
	columns := &l.entries.model.Columns()[0]
	var asked strings.Builder
	args := make([]any, 0, 3*len(refs))
	for i, ref := range refs {
		if i > 0 {
			asked.WriteString(", ")
		}
		n := len(args) + 1
		position := schema.Column{Kind: schema.KindInt64}
		asked.WriteString("(" + l.d.ValueExpr(&position, l.d.Placeholder(n)) + ", " + l.d.NamespaceExpr(l.d.Placeholder(n+1)) +
			", " + l.d.ValueExpr(columns, l.d.Placeholder(n+2)) + ")")
		args = append(args, int64(i), l.d.FitName(ref.Namespace), l.d.FitName(ref.Name))
	}
	rows, err := q.Query(ctx, "WITH asked (position, ns, name) AS (VALUES "+asked.String()+") SELECT position, "+LedgerColumns+
		" FROM asked JOIN "+l.d.QuoteTable(schema.Ref{Name: LedgerTable})+" ON namespace = ns AND table_name = name", args...)
	if err != nil {
		return nil, l.fault("read ledger", refs[0], err)
	}
	defer rows.Close()
	for rows.Next() {
		var at int64
		entry, err := scanEntry(rows, &at)
		if err != nil {
			return nil, l.fault("read ledger", refs[0], err)
		}
		entry.Ref = refs[at]
		out[at] = &entry
	}
	return out, l.fault("read ledger", refs[0], errors.Join(rows.Close(), rows.Err()))
}
