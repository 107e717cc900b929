package mysql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Survey reads the CREATE texts and the ledger by one statement.
func (d *DB) Survey(ctx context.Context, refs []schema.Ref) (*dialect.Survey, error) {
	entries := map[string]schema.Entry{}
	ledger := schema.Ref{Name: dialect.LedgerTable}
	conn, err := d.cold.Conn(ctx)
	if err != nil {
		return nil, d.Classify(told(ctx, err))
	}
	defer func() { giveBack(conn, false) }()
	found, err := texts(ctx, querier{conn, &d.programs}, append(refs[:len(refs):len(refs)], ledger), d.entriesOf(refs), func(from *sql.Rows) error {
		e, err := dialect.ScanEntry(from)
		entries[e.Ref.Name] = e
		return err
	})
	if err != nil {
		return nil, d.Classify(err)
	}
	_, has := found[dialect.LedgerTable]
	survey := &dialect.Survey{HasLedger: has, Sightings: make([]dialect.Sighting, len(refs))}
	for i, ref := range refs {
		name := d.FitName(ref.Name)
		if text := found[name]; text != "" {
			survey.Sightings[i].CatalogHash = digest(text)
		}
		if e, ok := entries[name]; ok {
			e.Ref = ref
			survey.Sightings[i].Entry = &e
		}
	}
	return survey, nil
}

// entriesOf is the query for the ledger's word on tables.
func (d *DB) entriesOf(refs []schema.Ref) string {
	if len(refs) == 0 {
		return ""
	}
	names := make([]string, len(refs))
	for i, ref := range refs {
		names[i] = quotedText(d.FitName(ref.Name))
	}
	return "SELECT " + dialect.LedgerColumns + " FROM " + dialect.LedgerTable +
		" WHERE namespace = '' AND table_name IN (" + strings.Join(names, ", ") + ")"
}
