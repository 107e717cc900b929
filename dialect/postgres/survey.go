package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Survey implements dialect.Surveyor. Catalogue and ledger are asked in one batch that prepares nothing, whatever query
// mode the pool has, so that the answer is one round trip away. What has the name of a table and is none is sighted as
// missing here; Inspect tells more.
func (d *DB) Survey(ctx context.Context, refs []schema.Ref) (*dialect.Survey, error) {
	conn, err := d.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	types := conn.Conn().TypeMap()
	// The ledger's own table is asked for with the others: a search path may lead to another schema's.
	asked := append(append([]schema.Ref(nil), refs...), schema.Ref{Name: dialect.LedgerTable})
	batch, err := surveyBatch(types, asked)
	if err != nil {
		return nil, named("survey", err)
	}
	answers := conn.Conn().PgConn().ExecBatch(ctx, batch)
	seen, entries, err := readSurvey(types, answers, len(asked))
	if closeErr := answers.Close(); err == nil {
		err = closeErr
	}
	missing := undefinedTable(err)
	switch {
	case err != nil && (!missing || seen == nil):
		return nil, named("survey", err)
	case seen == nil:
		return nil, &schema.Error{Op: "survey", Kind: schema.ErrUnavailable, Detail: "the catalogue gave no answer"}
	}
	survey := &dialect.Survey{
		HasLedger: !missing && seen[len(refs)].hash != "",
		Sightings: make([]dialect.Sighting, len(refs)),
	}
	for i := range refs {
		s := &survey.Sightings[i]
		s.CatalogHash = seen[i].hash
		key := schema.Ref{Namespace: seen[i].namespace, Name: d.FitName(refs[i].Name)}
		if entry, ok := entries[key]; ok && survey.HasLedger {
			entry.Ref = refs[i]
			s.Entry = &entry
		}
	}
	return survey, nil
}

func surveyBatch(types *pgtype.Map, asked []schema.Ref) (*pgconn.Batch, error) {
	g := Grammar{}
	ledgerSQL := "SELECT " + dialect.LedgerColumns + " FROM " + g.QuoteTable(schema.Ref{Name: dialect.LedgerTable}) +
		" WHERE (namespace, table_name) IN (SELECT " + g.NamespaceExpr("r.ns") +
		", r.name FROM unnest($1::text[], $2::text[]) AS r(ns, name))"
	namespaces, names := split(asked)
	values := make([][]byte, 2)
	for i, array := range [][]string{namespaces, names} {
		encoded, err := types.Encode(pgtype.TextArrayOID, pgtype.TextFormatCode, array, nil)
		if err != nil {
			return nil, err
		}
		values[i] = encoded
	}
	// Binary results do not depend on the session's DateStyle.
	binary := []int16{pgtype.BinaryFormatCode}
	batch := &pgconn.Batch{}
	batch.ExecParams(surveySQL, values, nil, nil, binary)
	batch.ExecParams(ledgerSQL, values, nil, nil, binary)
	return batch, nil
}

// readSurvey reads the catalogue's answer, which comes first, and the ledger's. Where the ledger's is an error, seen is
// not nil, and the error comes from closing answers.
func readSurvey(
	types *pgtype.Map, answers *pgconn.MultiResultReader, asked int,
) (seen []sight, entries map[schema.Ref]schema.Entry, err error) {
	if !answers.NextResult() {
		return nil, nil, nil
	}
	result := &rows{Rows: pgx.RowsFromResultReader(types, answers.ResultReader())}
	seen = make([]sight, asked)
	if err := readSights(result, seen, nil); err != nil {
		return nil, nil, err
	}
	if !answers.NextResult() {
		return seen, nil, nil
	}
	entries = map[schema.Ref]schema.Entry{}
	result = &rows{Rows: pgx.RowsFromResultReader(types, answers.ResultReader())}
	defer func() { _ = result.Close() }()
	for result.Next() {
		entry, err := dialect.ScanEntry(result)
		if err != nil {
			return seen, nil, err
		}
		entries[entry.Ref] = entry
	}
	return seen, entries, result.Close()
}

func undefinedTable(err error) bool {
	var refused *pgconn.PgError
	return errors.As(err, &refused) && refused.Code == "42P01"
}
