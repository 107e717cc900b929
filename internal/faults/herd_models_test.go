package faults_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// The models of a table that gains one column with each version of its program.
type (
	herdV00 struct {
		ID   int64   `db:"id" schema:"pk"`
		Note *string `db:"note"`
	}
	herdV01 struct {
		herdV00
		C01 *string `db:"c01"`
	}
	herdV02 struct {
		herdV01
		C02 *string `db:"c02"`
	}
	herdV03 struct {
		herdV02
		C03 *string `db:"c03"`
	}
	herdV04 struct {
		herdV03
		C04 *string `db:"c04"`
	}
	herdV05 struct {
		herdV04
		C05 *string `db:"c05"`
	}
	herdV06 struct {
		herdV05
		C06 *string `db:"c06"`
	}
	herdV07 struct {
		herdV06
		C07 *string `db:"c07"`
	}
	herdV08 struct {
		herdV07
		C08 *string `db:"c08"`
	}
	herdV09 struct {
		herdV08
		C09 *string `db:"c09"`
	}
	herdV10 struct {
		herdV09
		C10 *string `db:"c10"`
	}
)

// herdVersions are the versions of the program, by their number: the table is new, and then has one more column in each round until the
// database is renewed.
var herdVersions = []herdVersion{
	herdModel(func(r *herdV00) (*int64, **string) { return &r.ID, &r.Note }),
	herdModel(func(r *herdV01) (*int64, **string) { return &r.ID, &r.C01 }),
	herdModel(func(r *herdV02) (*int64, **string) { return &r.ID, &r.C02 }),
	herdModel(func(r *herdV03) (*int64, **string) { return &r.ID, &r.C03 }),
	herdModel(func(r *herdV04) (*int64, **string) { return &r.ID, &r.C04 }),
	herdModel(func(r *herdV05) (*int64, **string) { return &r.ID, &r.C05 }),
	herdModel(func(r *herdV06) (*int64, **string) { return &r.ID, &r.C06 }),
	herdModel(func(r *herdV07) (*int64, **string) { return &r.ID, &r.C07 }),
	herdModel(func(r *herdV08) (*int64, **string) { return &r.ID, &r.C08 }),
	herdModel(func(r *herdV09) (*int64, **string) { return &r.ID, &r.C09 }),
	herdModel(func(r *herdV10) (*int64, **string) { return &r.ID, &r.C10 }),
}

// herdVersion is one model for tables of whatever name.
type herdVersion struct {
	model    func(table string) (*schema.Table, error)
	register func(c *coordinator.Coordinator, table string) (herdDoor, error)
}

// herdDoor is a node of whichever version: what it writes and reads is the key and the newest column.
type herdDoor struct {
	create func(ctx context.Context, id int64, text string) error
	read   func(ctx context.Context, id int64) (string, error)
	change func(ctx context.Context, id int64, text string) error
	remove func(ctx context.Context, id int64) error
}

// herdModel knows of the row type T where its key and its newest column are.
func herdModel[T any](cells func(row *T) (*int64, **string)) herdVersion {
	row := func(id int64, text string) *T {
		made := new(T)
		key, newest := cells(made)
		*key, *newest = id, &text
		return made
	}
	model := func(table string) (*schema.Table, error) { return schema.TableOf[T](schema.Named(table)) }
	return herdVersion{model, func(c *coordinator.Coordinator, table string) (herdDoor, error) {
		node, err := coordinator.Register[T, int64](c, schema.Named(table))
		if err != nil {
			return herdDoor{}, err
		}
		return herdDoor{
			create: func(ctx context.Context, id int64, text string) error { return node.Create(ctx, row(id, text)) },
			read:   func(ctx context.Context, id int64) (string, error) { return herdText(ctx, node, id, cells) },
			change: func(ctx context.Context, id int64, text string) error { return node.Update(ctx, row(id, text)) },
			remove: func(ctx context.Context, id int64) error { return node.Delete(ctx, id) },
		}, nil
	}}
}

func herdText[T any](
	ctx context.Context, node *nodes.Node[T, int64], id int64, cells func(row *T) (*int64, **string),
) (string, error) {
	row, err := node.Get(ctx, id)
	if err != nil {
		return "", err
	}
	if _, text := cells(row); *text != nil {
		return **text, nil
	}
	return "", nil
}

// herdFate is what one table must have become, for the checker.
func herdFate(t testing.TB, version int, table string, applied int, keys ...int64) checker.Table {
	model, err := herdVersions[version].model(table)
	require.NoError(t, err)
	return checker.Table{Model: model, Applied: applied, Keys: keys}
}

// herdVerdict has the checker look at tables whose programs have all ended.
func herdVerdict(t testing.TB, d dialect.Dialect, tables ...checker.Table) {
	verdict, err := checker.Check(t.Context(), d, tables)
	require.NoError(t, err)
	require.NoError(t, verdict.Err())
}
