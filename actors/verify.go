package actors

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// mismatchError says that a live table cannot serve its model.
type mismatchError struct {
	changes []schema.Change
}

func (e *mismatchError) Error() string { return schema.ErrSchemaMismatch.Error() }

// inspect reads tables and holds the dialect to one answer for each.
func (s *System) inspect(ctx context.Context, q dialect.Querier, refs []schema.Ref) ([]*schema.Live, error) {
	lives, err := s.dialect.Inspect(ctx, q, refs...)
	if err == nil && len(lives) != len(refs) {
		err = &schema.Error{Op: "inspect", Detail: fmt.Sprintf("%d tables gave %d answers", len(refs), len(lives))}
	}
	return lives, err
}

// verify looks whether a table that was just made is what its model asked for, by what the catalogue shows: each
// column and whether it takes NULL, the key, and the number of indexes and foreign keys. That types, defaults and
// expressions come out as planned is the dialect's contract.
func (s *System) verify(model *schema.Table, live *schema.Live) []schema.Change {
	if live == nil {
		return []schema.Change{{Kind: schema.MissingTable, Object: model.String()}}
	}
	var changes []schema.Change
	key := model.KeyNames()
	for _, c := range model.Columns() {
		found, ok := live.Column(s.dialect.FitName(c.Name))
		switch {
		case !ok:
			changes = append(changes, schema.Change{Kind: schema.MissingColumn, Object: c.Name})
		case found.NotNull == c.Nullable && !slices.Contains(key, c.Name):
			changes = append(changes, schema.Change{
				Kind: schema.ColumnNullability, Object: c.Name,
				Want: nullability(!c.Nullable), Have: nullability(found.NotNull),
			})
		}
	}
	for i := range key {
		key[i] = s.dialect.FitName(key[i])
	}
	if !slices.Equal(key, live.Key) {
		changes = append(changes, schema.Change{
			Kind: schema.PrimaryKey, Object: model.String(), Want: fmt.Sprint(key), Have: fmt.Sprint(live.Key),
		})
	}
	count := func(kind schema.ChangeKind, want, have int) {
		if want > have {
			changes = append(changes, schema.Change{
				Kind: kind, Object: model.String(), Want: strconv.Itoa(want), Have: strconv.Itoa(have),
			})
		}
	}
	count(schema.MissingIndex, len(model.Indexes()), len(live.Indexes))
	count(schema.MissingForeignKey, len(model.ForeignKeys()), len(live.ForeignKeys))
	return changes
}

func nullability(notNull bool) string {
	if notNull {
		return "NOT NULL"
	}
	return "NULL"
}
