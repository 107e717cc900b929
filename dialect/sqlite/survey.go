package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// catalog reads what sqlite_schema says of tables whose names come as a JSON array.
const catalog = `SELECT lower(tbl_name), type, name, coalesce(sql, '') FROM sqlite_schema
	WHERE tbl_name COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND type IN ('table', 'index')
	ORDER BY 1, type, name`

// Survey reads the catalogue's text and the ledger in one read transaction.
func (d *DB) Survey(ctx context.Context, refs []schema.Ref) (*dialect.Survey, error) {
	q, err := d.view(ctx)
	if err != nil {
		return nil, d.Classify(err)
	}
	defer q.Rollback(ctx)
	hashes, err := d.hashes(ctx, q, append(refs[:len(refs):len(refs)], schema.Ref{Name: dialect.LedgerTable}))
	if err != nil {
		return nil, d.Classify(err)
	}
	survey := &dialect.Survey{HasLedger: hashes[dialect.LedgerTable] != "", Sightings: make([]dialect.Sighting, len(refs))}
	entries := map[string]schema.Entry{}
	if survey.HasLedger {
		if entries, err = d.entries(ctx, q, refs); err != nil {
			return nil, d.Classify(err)
		}
	}
	for i, ref := range refs {
		survey.Sightings[i].CatalogHash = hashes[fold(ref.Name)]
		if e, ok := entries[ref.Name]; ok {
			e.Ref = ref
			survey.Sightings[i].Entry = &e
		}
	}
	return survey, nil
}

// hashes gives the digest of each table's catalogue text, by folded name.
func (d *DB) hashes(ctx context.Context, q dialect.Querier, refs []schema.Ref) (map[string]string, error) {
	rows, err := q.Query(ctx, catalog, names(refs))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	sums := map[string]hash.Hash{}
	for rows.Next() {
		var table, kind, name, text string
		if err := rows.Scan(&table, &kind, &name, &text); err != nil {
			return nil, err
		}
		if sums[table] == nil {
			sums[table] = sha256.New()
		}
		fmt.Fprintf(sums[table], "%s\x00%s\x00%s\x00", kind, name, text)
	}
	out := make(map[string]string, len(sums))
	for table, sum := range sums {
		out[table] = hex.EncodeToString(sum.Sum(nil))
	}
	return out, rows.Err()
}

func (d *DB) entries(ctx context.Context, q dialect.Querier, refs []schema.Ref) (map[string]schema.Entry, error) {
	rows, err := q.Query(ctx, `SELECT `+dialect.LedgerColumns+` FROM "`+dialect.LedgerTable+`"
		WHERE namespace = '' AND table_name IN (SELECT value FROM json_each(?))`, names(refs))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := make(map[string]schema.Entry, len(refs))
	for rows.Next() {
		e, err := dialect.ScanEntry(rows)
		if err != nil {
			return nil, err
		}
		out[e.Ref.Name] = e
	}
	return out, rows.Err()
}

func names(refs []schema.Ref) string {
	list := make([]string, len(refs))
	for i, r := range refs {
		list[i] = r.Name
	}
	text, _ := json.Marshal(list) // strings always marshal
	return string(text)
}

// fold gives a name as SQLite tells names apart: the case of ASCII letters does not count.
func fold(name string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, name)
}

// SchemaVersion implements dialect.Versioned: SQLite counts it up in the file's header with each change of a shape.
func (d *DB) SchemaVersion(ctx context.Context) (version int64, err error) {
	_, err = dialect.QueryRow(ctx, d.reader, "PRAGMA schema_version", nil, &version)
	if err != nil {
		return 0, d.Classify(err)
	}
	return version, nil
}
