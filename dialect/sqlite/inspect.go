package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	sources = `SELECT lower(tbl_name), sql FROM sqlite_schema
		WHERE tbl_name COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND type IN ('table', 'index', 'trigger') AND sql <> ''
		ORDER BY type <> 'table', type, rowid`
	relations = `SELECT lower(name), name, type, coalesce(sql, '') FROM sqlite_schema
		WHERE name COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND type IN ('table', 'view')`
	columnsOf = `SELECT lower(s.name), x.name, upper(x.type), x."notnull", coalesce(x.dflt_value, ''), x.pk, x.hidden
		FROM sqlite_schema s, pragma_table_xinfo(s.name) x
		WHERE s.type = 'table' AND s.name COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND x.hidden <> 1
		ORDER BY 1, x.cid`
	indexesOf = `SELECT lower(s.name), l.name, l."unique", l.partial, coalesce(i.sql, ''), x.cid, coalesce(x.name, ''), x."desc", x.coll
		FROM sqlite_schema s, pragma_index_list(s.name) l LEFT JOIN sqlite_schema i ON i.type = 'index' AND i.name = l.name,
			pragma_index_xinfo(l.name) x
		WHERE s.type = 'table' AND s.name COLLATE NOCASE IN (SELECT value FROM json_each(?)) AND l.origin <> 'pk' AND x.key = 1
		ORDER BY 1, l.name, x.seqno`
	foreignKeysOf = `SELECT lower(s.name), f.id, f."table", f."from",
			coalesce(f."to", (SELECT k.name FROM pragma_table_info(f."table") k WHERE k.pk = f.seq + 1), ''), f.on_update, f.on_delete
		FROM sqlite_schema s, pragma_foreign_key_list(s.name) f
		WHERE s.type = 'table' AND s.name COLLATE NOCASE IN (SELECT value FROM json_each(?))
		ORDER BY 1, f.id, f.seq`
)

// reading collects what the catalogue says of some tables, by folded name.
type reading struct {
	ctx   context.Context
	q     dialect.Querier
	names string
	found map[string]*schema.Live
	texts map[string]tableText
}

// Inspect reads tables: their catalogue text, columns, indexes and foreign keys, in one query each for all of them. On
// Reader and Writer they run in one transaction of the Reader's, so that they see the same tables.
func (d *DB) Inspect(ctx context.Context, q dialect.Querier, refs ...schema.Ref) ([]*schema.Live, error) {
	if q == d.Reader() || q == d.Writer() {
		tx, err := d.view(ctx)
		if err != nil {
			return nil, d.Classify(err)
		}
		defer tx.Rollback(ctx)
		q = tx
	}
	r := &reading{ctx: ctx, q: q, names: names(refs), found: map[string]*schema.Live{}, texts: map[string]tableText{}}
	for _, step := range []func() error{r.relations, r.columns, r.indexes, r.foreignKeys, r.sources} {
		if err := step(); err != nil {
			return nil, d.Classify(err)
		}
		if len(r.found) == 0 {
			return make([]*schema.Live, len(refs)), nil
		}
	}
	hashes, err := d.hashes(ctx, q, refs)
	if err != nil {
		return nil, d.Classify(err)
	}
	out := make([]*schema.Live, len(refs))
	for i, ref := range refs {
		if live := r.found[fold(ref.Name)]; live != nil {
			live.Ref, live.Hash = ref, hashes[fold(ref.Name)]
			out[i] = live
		}
	}
	return out, nil
}

// each runs a query and scan for each of its rows.
func (r *reading) each(query string, scan func(rows dialect.Rows) error) error {
	rows, err := r.q.Query(r.ctx, query, r.names)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (r *reading) relations() error {
	return r.each(relations, func(rows dialect.Rows) error {
		var key, name, kind, text string
		if err := rows.Scan(&key, &name, &kind, &text); err != nil {
			return err
		}
		if kind != "table" {
			return &schema.Error{Op: "inspect", Table: name, Kind: schema.ErrSchemaMismatch, Detail: "it is a " + kind}
		}
		r.texts[key] = readTable(text)
		if r.texts[key].virtual {
			return &schema.Error{Op: "inspect", Table: name, Kind: schema.ErrSchemaMismatch, Detail: "it is a virtual table"}
		}
		live := &schema.Live{}
		for _, expr := range slices.Sorted(slices.Values(r.texts[key].checks)) {
			live.Checks = append(live.Checks, schema.LiveCheck{Expr: expr})
		}
		r.found[key] = live
		return nil
	})
}

func (r *reading) columns() error {
	type part struct {
		name string
		at   int
	}
	keys := map[string][]part{}
	err := r.each(columnsOf, func(rows dialect.Rows) error {
		var key, declared string
		var c schema.LiveColumn
		var at, hidden int
		if err := rows.Scan(&key, &c.Name, &declared, &c.NotNull, &c.Default, &at, &hidden); err != nil {
			return err
		}
		if r.found[key] == nil {
			return nil
		}
		c.Type = affinity(declared)
		if at > 0 {
			keys[key] = append(keys[key], part{c.Name, at})
			c.NotNull = true // an oddity: SQLite itself lets NULL into most keys
			c.Identity = declared == "INTEGER" && !r.texts[key].rowless
		}
		c.Default = canonical(tokens(c.Default))
		if hidden > 1 {
			c.Generated = r.texts[key].generated[fold(c.Name)]
		}
		r.found[key].Columns = append(r.found[key].Columns, c)
		return nil
	})
	for key, parts := range keys {
		slices.SortFunc(parts, func(a, b part) int { return a.at - b.at })
		live := r.found[key]
		for _, p := range parts {
			live.Key = append(live.Key, p.name)
		}
		for i := range live.Columns { // only a single INTEGER key is the rowid
			live.Columns[i].Identity = live.Columns[i].Identity && len(parts) == 1
		}
	}
	return err
}

func (r *reading) indexes() error {
	return r.each(indexesOf, func(rows dialect.Rows) error {
		var key, text, column, collation string
		var ix schema.LiveIndex
		var partial, descending bool
		var cid int
		if err := rows.Scan(&key, &ix.Name, &ix.Unique, &partial, &text, &cid, &column, &descending, &collation); err != nil {
			return err
		}
		live := r.found[key]
		if live == nil { // made since the first query: the caller's Querier is no transaction
			return nil
		}
		last := len(live.Indexes) - 1
		if last < 0 || live.Indexes[last].Name != ix.Name {
			live.Indexes = append(live.Indexes, ix)
			last++
		}
		have := &live.Indexes[last]
		switch {
		case strings.HasPrefix(have.Definition, "on "):
		case partial || cid == -2:
			have.Definition = indexText(text)
		default:
			if have.Definition != "" {
				have.Definition += ", "
			}
			have.Definition += Grammar{}.Quote(column)
			if collation != "BINARY" {
				have.Definition += " COLLATE " + collation
			}
			if descending {
				have.Definition += " DESC"
			}
		}
		return nil
	})
}

// indexText is the canonical text of an index behind its table's name.
func indexText(text string) string {
	list := tokens(text)
	for i, t := range list {
		if t.word && t.text == "on" && i+2 < len(list) {
			return "on " + canonical(list[i+2:])
		}
	}
	return "on " + canonical(list)
}

func (r *reading) foreignKeys() error {
	last, lastKey := -1, ""
	return r.each(foreignKeysOf, func(rows dialect.Rows) error {
		var key, target, from, to, onUpdate, onDelete string
		var id int
		if err := rows.Scan(&key, &id, &target, &from, &to, &onUpdate, &onDelete); err != nil {
			return err
		}
		live := r.found[key]
		if live == nil {
			return nil
		}
		if id != last || key != lastKey {
			live.ForeignKeys = append(live.ForeignKeys, schema.ForeignKey{
				References: schema.Ref{Name: target}, OnUpdate: action(onUpdate), OnDelete: action(onDelete),
			})
			last, lastKey = id, key
		}
		fk := &live.ForeignKeys[len(live.ForeignKeys)-1]
		fk.Columns = append(fk.Columns, from)
		if to != "" {
			fk.RefColumns = append(fk.RefColumns, to)
		}
		return nil
	})
}

// sources reads the texts, triggers in the order in which they were made, for in its reverse SQLite fires them.
func (r *reading) sources() error {
	return r.each(sources, func(rows dialect.Rows) error {
		var key, text string
		if err := rows.Scan(&key, &text); err != nil {
			return err
		}
		if live := r.found[key]; live != nil {
			live.Source = append(live.Source, text)
		}
		return nil
	})
}

func action(words string) schema.Action {
	for a := schema.NoAction; a <= schema.SetDefault; a++ {
		if a.String() == words {
			return a
		}
	}
	return schema.NoAction
}

// affinity is the class by which SQLite itself goes, whatever a column's type was called.
// See "Determination Of Column Affinity" in SQLite's documentation.
func affinity(declared string) string {
	for _, rule := range []struct{ part, class string }{
		{"INT", "INTEGER"},
		{"CHAR", "TEXT"},
		{"CLOB", "TEXT"},
		{"TEXT", "TEXT"},
		{"BLOB", "BLOB"},
		{"REAL", "REAL"},
		{"FLOA", "REAL"},
		{"DOUB", "REAL"},
	} {
		if strings.Contains(declared, rule.part) {
			return rule.class
		}
	}
	if declared == "" {
		return "BLOB"
	}
	return "NUMERIC"
}

// Born makes the model in a private in-memory database and reads it back. The transaction is not used.
func (d *DB) Born(ctx context.Context, _ dialect.Tx, model *schema.Table) (*schema.Live, error) {
	scratch, err := (&connector{path: memory, config: Config{Synchronous: "OFF"}, write: true}).open(ctx)
	if err != nil {
		return nil, d.Classify(err)
	}
	defer scratch.Close()
	for _, s := range d.Create(model).Statements {
		if _, err := scratch.Exec(ctx, s.SQL); err != nil {
			return nil, d.Classify(err)
		}
	}
	lives, err := d.Inspect(ctx, scratch, model.Ref())
	if err != nil {
		return nil, err
	}
	if lives[0] == nil {
		return nil, fmt.Errorf("model of %s left no trace in the scratch database", model)
	}
	return lives[0], nil
}
