package postgres

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// parse puts a born table together from the model alone, for a session that may make nothing.
func (d *DB) parse(ctx context.Context, tx dialect.Tx, model *schema.Table) (*sight, error) {
	s := &sight{live: d.parsed(model)}
	_, err := dialect.QueryRow(ctx, tx, "SELECT coalesce(current_schema()::text, '')", nil, &s.current)
	return s, err
}

// parsed gives a table in the server's words as far as the model tells them: types, keys and indexes are, expressions
// are not. Foreign keys are left out.
func (g Grammar) parsed(model *schema.Table) *schema.Live {
	called := g.ownNames(model)
	live := &schema.Live{Ref: fit(model.Ref()), Comment: model.Comment(), Parsed: true}
	for _, name := range model.KeyNames() {
		live.Key = append(live.Key, g.FitName(name))
	}
	for i := range model.Columns() {
		c := &model.Columns()[i]
		column := schema.LiveColumn{
			Name: g.FitName(c.Name), Type: formatType(c), Identity: c.Auto, Generated: c.Generated, Comment: c.Comment,
		}
		column.NotNull = !c.Nullable || slices.Contains(live.Key, column.Name)
		if c.Default != "" {
			column.Default = g.DefaultExpr(c)
		}
		if c.Kind == schema.KindString {
			column.Collation = `"C"`
		}
		live.Columns = append(live.Columns, column)
	}
	for i, ix := range model.Indexes() {
		live.Indexes = append(live.Indexes, schema.LiveIndex{
			Name: called.indexes[i], Unique: ix.Unique, Definition: "btree (" + g.list(ix.Columns) + ")",
		})
	}
	for i, c := range g.checks(model) {
		live.Checks = append(live.Checks, schema.LiveCheck{Name: called.checks[i], Expr: c.Expr})
	}
	slices.SortFunc(live.Checks, func(a, b schema.LiveCheck) int { return strings.Compare(a.Expr, b.Expr) })
	return live
}

// formatType is what the server's format_type gives for a column's type.
func formatType(c *schema.Column) string {
	switch t := columnType(c); {
	case t == "timestamptz":
		return "timestamp with time zone"
	case strings.HasPrefix(t, "varchar("):
		return fmt.Sprintf("character varying(%d)", c.Size)
	default:
		return t
	}
}
