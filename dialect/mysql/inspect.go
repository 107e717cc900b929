package mysql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// texts reads the CREATE texts of tables in one round trip, by their names; those that are missing are left out, and a view has
// none. beside is one
// more query, whose rows go to take; it may fail for a table that is not there, and then gives nothing.
func texts(ctx context.Context, q querier, refs []schema.Ref, beside string, take func(rows *sql.Rows) error) (map[string]string, error) {
	out := map[string]string{}
	if len(refs) == 0 && beside == "" {
		return out, nil
	}
	from, err := q.QueryContext(ctx, showAll(refs, beside))
	if err != nil {
		return nil, told(ctx, err)
	}
	defer func() { _ = from.Close() }()
	for {
		if err := readResult(from, out, take); err != nil {
			return nil, told(ctx, err)
		}
		if !from.NextResultSet() {
			return out, told(ctx, from.Err())
		}
	}
}

// showAll is one statement that shows each table in a result of its own, and skips those that are missing.
func showAll(refs []schema.Ref, beside string) string {
	var g Grammar
	var b strings.Builder
	b.WriteString("BEGIN NOT ATOMIC DECLARE CONTINUE HANDLER FOR 1146 BEGIN END; ")
	asked := map[string]bool{}
	for _, ref := range refs {
		if table := g.QuoteTable(ref); !asked[table] {
			asked[table] = true
			b.WriteString("SHOW CREATE TABLE " + table + "; ")
		}
	}
	if beside != "" {
		b.WriteString(beside + "; ")
	}
	b.WriteString("END")
	return b.String()
}

func readResult(from *sql.Rows, out map[string]string, take func(rows *sql.Rows) error) error {
	columns, err := from.Columns()
	if err != nil {
		return err
	}
	for from.Next() {
		switch {
		case len(columns) > 0 && columns[0] == "Table":
			var name, text string
			if err := from.Scan(&name, &text); err != nil {
				return err
			}
			out[name] = text
		case len(columns) > 0 && columns[0] == "View":
			var name string
			var rest [3]any
			if err := from.Scan(&name, &rest[0], &rest[1], &rest[2]); err != nil {
				return err
			}
			out[name] = ""
		case take != nil:
			if err := take(from); err != nil {
				return err
			}
		}
	}
	return from.Err()
}

// numberAhead is the next number of a table, which is no part of its shape.
var numberAhead = regexp.MustCompile(`\n\) (.*?)AUTO_INCREMENT=[0-9]+ `)

// digest is a table's hash.
func digest(text string) string {
	sum := sha256.Sum256([]byte(numberAhead.ReplaceAllString(text, "\n) $1")))
	return hex.EncodeToString(sum[:])
}

// Inspect reads tables by SHOW CREATE TABLE, all of them in one round trip.
func (d *DB) Inspect(ctx context.Context, q dialect.Querier, refs ...schema.Ref) ([]*schema.Live, error) {
	own, _, err := d.innermost(q)
	if err != nil {
		return nil, d.Classify(err)
	}
	found, err := texts(ctx, own, refs, "", nil)
	if err != nil {
		return nil, d.Classify(err)
	}
	out := make([]*schema.Live, len(refs))
	for i, ref := range refs {
		text, ok := found[d.FitName(ref.Name)]
		switch {
		case !ok:
			continue
		case text == "":
			return nil, &schema.Error{Op: "inspect", Table: ref.String(), Kind: schema.ErrSchemaMismatch, Detail: "it is a view"}
		}
		table := readAll(text)
		if table.engine != engine {
			return nil, &schema.Error{Op: "inspect", Table: ref.String(), Kind: schema.ErrSchemaMismatch, Detail: "its engine is " +
				clip(table.engine) + ", which takes no row back with a transaction; ALTER TABLE … ENGINE=InnoDB makes it one that serves"}
		}
		out[i] = table.live
		out[i].Ref, out[i].Hash, out[i].Source = ref, digest(text), []string{text}
	}
	return out, nil
}

// innermost gives what a Querier of ours runs on, and whether that can write nothing; of anything else it is the pool.
func (d *DB) innermost(q dialect.Querier) (own querier, reads bool, err error) {
	if tx, is := q.(dialect.Tx); is {
		inner, err := dialect.Innermost(tx)
		if err != nil {
			return querier{}, false, err
		}
		q = inner
	}
	switch q := q.(type) {
	case locked:
		return q.q, q.reads, nil
	case *transaction:
		return q.q, false, nil
	case joined:
		return q.q, false, nil
	}
	return querier{d.pool, &d.programs}, false, nil
}

// scratch is the temporary table in which models are born. No other session sees it.
const scratch = "schemactor_scratch"

// Born makes the model as a temporary table in the transaction and reads it back, in one round trip. It takes no connection of
// its own: there is none to be had where all are held by those who wait for one. Such a table commits nothing and has no
// foreign keys; those are the model's, whose words the catalogue keeps as they are.
func (d *DB) Born(ctx context.Context, tx dialect.Tx, model *schema.Table) (*schema.Live, error) {
	own, reads, err := d.innermost(tx)
	if err != nil {
		return nil, d.Classify(err)
	}
	text, err := bear(ctx, own, d.createTable(model, "CREATE TEMPORARY TABLE "+scratch, false), reads)
	if err != nil {
		e := *d.Classify(told(ctx, err))
		e.Op, e.Table = "compare", model.Ref().String()
		return nil, &e
	}
	live := read(text)
	live.Ref, live.Source = model.Ref(), []string{text}
	for _, fk := range model.ForeignKeys() {
		live.ForeignKeys = append(live.ForeignKeys, d.bornForeignKey(model, fk))
	}
	return live, nil
}

// bear makes the scratch table, reads its text, and drops it. A session that reads is one that writes for as long.
func bear(ctx context.Context, q querier, create string, reads bool) (text string, err error) {
	begin, end := "", "DROP TEMPORARY TABLE IF EXISTS "+scratch+"; "
	if reads {
		begin, end = "SET SESSION TRANSACTION READ WRITE; ", end+"SET SESSION TRANSACTION READ ONLY; "
	}
	from, err := q.QueryContext(ctx, "BEGIN NOT ATOMIC DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN "+end+"RESIGNAL; END; "+
		begin+create+"; SHOW CREATE TABLE "+scratch+"; "+end+"END")
	if err != nil {
		return "", err
	}
	defer func() { _ = from.Close() }()
	found := map[string]string{}
	if err := readResult(from, found, nil); err != nil {
		return "", err
	}
	from.NextResultSet() // an error of what comes behind is there
	return found[scratch], from.Err()
}

func (d *DB) bornForeignKey(model *schema.Table, fk schema.ForeignKey) schema.ForeignKey {
	stored := func(names []string) []string {
		out := make([]string, len(names))
		for i, name := range names {
			out[i] = d.FitName(name)
		}
		return out
	}
	return schema.ForeignKey{
		Name: d.FitName(schema.ForeignKeyName(model.Ref(), fk)), Columns: stored(fk.Columns),
		References: schema.Ref{Name: d.FitName(fk.References.Name)}, RefColumns: stored(fk.RefColumns),
		OnDelete: fk.OnDelete, OnUpdate: fk.OnUpdate,
	}
}
