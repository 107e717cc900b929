package coordinator_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Item is the first of many versions of the table "items".
type Item struct {
	ID    int64   `db:"id"    schema:"pk"`
	Name  string  `db:"name"`
	Note  *string `db:"note"`
	Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
}

// ItemMore adds to Item what hurts nobody.
type ItemMore struct {
	ID    int64   `db:"id"    schema:"pk"`
	Name  string  `db:"name"  schema:"index"`
	Note  *string `db:"note"`
	Stock int64   `db:"stock" schema:"default=0,check=stock >= 0"`
	Place *string `db:"place"`
	Price int64   `db:"price" schema:"default=7"`
}

// items makes a program of one table, "items", in one of its versions.
func items[T any](t testing.TB, d dialect.Dialect, cfg *coordinator.Config, opts ...schema.TableOption) (
	*coordinator.Coordinator, *nodes.Node[T, int64],
) {
	c := start(t, d, cfg)
	return c, register[T, int64](t, c, append([]schema.TableOption{schema.Named("items")}, opts...)...)
}

// stocked makes the first version with n rows, every one of which has a note, by a program that has ended since.
func stocked(t testing.TB, d dialect.Dialect, n int) {
	c, node := items[Item](t, d, nil)
	for i := range n {
		note := fmt.Sprintf("note %d", i+1)
		require.NoError(t, node.Create(t.Context(), &Item{ID: int64(i + 1), Name: fmt.Sprintf("item %d", i+1), Note: &note, Stock: 1}))
	}
	shut(t, c)
}

// allow is a policy of one allowance.
func allow(hazard schema.HazardKind, table, column string) schema.Policy {
	return schema.Policy{Allow: []schema.Allowance{{Hazard: hazard, Table: table, Column: column, Reason: reason}}}
}

// reason is what the tests' policies give as theirs.
const reason = "agreed on Monday"

// planFor gives the plan of one table.
func planFor(t testing.TB, c *coordinator.Coordinator, table string) *schema.Plan {
	plans, err := c.Plan(t.Context(), table)
	require.NoError(t, err)
	require.Len(t, plans, 1)
	return plans[0]
}

// settled holds a table to having nothing left to do.
func settled(t testing.TB, c *coordinator.Coordinator, table string) {
	plan := planFor(t, c, table)
	require.Empty(t, plan.Statements, plan.String())
	require.Empty(t, plan.Blocking(), plan.String())
}

// liveOf reads a table from the catalogue; nil where there is none.
func liveOf(t testing.TB, d dialect.Dialect, table string) *schema.Live {
	lives, err := d.Inspect(t.Context(), d.Reader(), schema.Ref{Name: table})
	require.NoError(t, err)
	return lives[0]
}

// entryOf reads the ledger's word on a table.
func entryOf(t testing.TB, d dialect.Dialect, table string) *schema.Entry {
	entry, err := dialect.LedgerOf(d).Entry(t.Context(), d.Reader(), schema.Ref{Name: table})
	require.NoError(t, err)
	require.NotNil(t, entry)
	return entry
}

// historyOf reads the revisions of a table.
func historyOf(t testing.TB, d dialect.Dialect, table string) []schema.Revision {
	history, err := dialect.LedgerOf(d).History(t.Context(), d.Reader(), schema.Ref{Name: table})
	require.NoError(t, err)
	return history
}

// last is a table's latest revision.
func last(t testing.TB, d dialect.Dialect, table string) schema.Revision {
	history := historyOf(t, d, table)
	require.NotEmpty(t, history)
	return history[len(history)-1]
}

// texts runs a query for one text a row.
func texts(t testing.TB, d dialect.Dialect, sql string, args ...any) []string {
	result, err := d.Reader().Query(t.Context(), sql, args...)
	require.NoError(t, err)
	defer result.Close()
	var out []string
	for result.Next() {
		var text string
		require.NoError(t, result.Scan(&text))
		out = append(out, text)
	}
	require.NoError(t, result.Err())
	return out
}

const (
	sqliteCatalog = `SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema ORDER BY 1`

	postgresCatalog = `
		SELECT c.oid::regclass || ' ' || c.relkind::text || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) || ' '
			|| a.attnotnull || ' ' || coalesce(pg_get_expr(d.adbin, d.adrelid), '')
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE c.relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		UNION ALL SELECT k.conrelid::regclass || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
		WHERE k.connamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
		ORDER BY 1`
)

const mysqlCatalog = `
	SELECT concat_ws(' ', table_name, column_name, column_type, is_nullable, column_default, extra, generation_expression)
	FROM information_schema.columns WHERE table_schema = database()
	UNION ALL SELECT concat_ws(' ', table_name, index_name, seq_in_index, column_name, non_unique)
	FROM information_schema.statistics WHERE table_schema = database()
	UNION ALL SELECT concat_ws(' ', table_name, constraint_name, check_clause)
	FROM information_schema.check_constraints WHERE constraint_schema = database()
	UNION ALL SELECT concat_ws(' ', table_name, constraint_name, referenced_table_name, delete_rule, update_rule)
	FROM information_schema.referential_constraints WHERE constraint_schema = database()
	ORDER BY 1`

// catalogOf is all that the catalogue holds, a text for each object or column.
func catalogOf(t testing.TB, d dialect.Dialect) []string {
	switch d.Name() {
	case "postgres":
		return texts(t, d, postgresCatalog)
	case "mysql":
		return texts(t, d, mysqlCatalog)
	}
	return texts(t, d, sqliteCatalog)
}

// footprint is all that the catalogue holds, and all that the ledger does: it changes with every DDL and every
// revision.
func footprint(t testing.TB, d dialect.Dialect) string {
	out := catalogOf(t, d)
	if liveOf(t, d, dialect.LedgerTable) != nil {
		out = append(out, texts(t, d, "SELECT table_name || ' ' || generation || ' ' || seal FROM "+dialect.LedgerTable+" ORDER BY 1")...)
		out = append(out, texts(t, d, "SELECT table_name || ' ' || state || ' ' || checksum FROM "+dialect.RevisionsTable+" ORDER BY id")...)
	}
	return strings.Join(out, "\n")
}

// ensureError takes the library's error out of another one.
func ensureError(t testing.TB, err error) *schema.EnsureError {
	require.Error(t, err)
	var ensure *schema.EnsureError
	require.True(t, errors.As(err, &ensure), "%v", err)
	return ensure
}

// hazards lists the kinds of a plan's hazards.
func hazards(plan *schema.Plan) []schema.HazardKind {
	var out []schema.HazardKind
	for _, h := range plan.Hazards() {
		out = append(out, h.Kind)
	}
	return out
}

// impatient looks again soon after a failure for good.
func impatient(policy schema.Policy) *coordinator.Config {
	return &coordinator.Config{Policy: policy, BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond}
}
