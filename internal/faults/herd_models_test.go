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
	herdV11 struct {
		herdV10
		C11 *string `db:"c11"`
	}
	herdV12 struct {
		herdV11
		C12 *string `db:"c12"`
	}
	herdV13 struct {
		herdV12
		C13 *string `db:"c13"`
	}
	herdV14 struct {
		herdV13
		C14 *string `db:"c14"`
	}
	herdV15 struct {
		herdV14
		C15 *string `db:"c15"`
	}
	herdV16 struct {
		herdV15
		C16 *string `db:"c16"`
	}
	herdV17 struct {
		herdV16
		C17 *string `db:"c17"`
	}
	herdV18 struct {
		herdV17
		C18 *string `db:"c18"`
	}
	herdV19 struct {
		herdV18
		C19 *string `db:"c19"`
	}
	herdV20 struct {
		herdV19
		C20 *string `db:"c20"`
	}
	herdV21 struct {
		herdV20
		C21 *string `db:"c21"`
	}
	herdV22 struct {
		herdV21
		C22 *string `db:"c22"`
	}
	herdV23 struct {
		herdV22
		C23 *string `db:"c23"`
	}
	herdV24 struct {
		herdV23
		C24 *string `db:"c24"`
	}
	herdV25 struct {
		herdV24
		C25 *string `db:"c25"`
	}
	herdV26 struct {
		herdV25
		C26 *string `db:"c26"`
	}
	herdV27 struct {
		herdV26
		C27 *string `db:"c27"`
	}
	herdV28 struct {
		herdV27
		C28 *string `db:"c28"`
	}
	herdV29 struct {
		herdV28
		C29 *string `db:"c29"`
	}
	herdV30 struct {
		herdV29
		C30 *string `db:"c30"`
	}
	herdV31 struct {
		herdV30
		C31 *string `db:"c31"`
	}
	herdV32 struct {
		herdV31
		C32 *string `db:"c32"`
	}
	herdV33 struct {
		herdV32
		C33 *string `db:"c33"`
	}
	herdV34 struct {
		herdV33
		C34 *string `db:"c34"`
	}
	herdV35 struct {
		herdV34
		C35 *string `db:"c35"`
	}
	herdV36 struct {
		herdV35
		C36 *string `db:"c36"`
	}
	herdV37 struct {
		herdV36
		C37 *string `db:"c37"`
	}
	herdV38 struct {
		herdV37
		C38 *string `db:"c38"`
	}
	herdV39 struct {
		herdV38
		C39 *string `db:"c39"`
	}
	herdV40 struct {
		herdV39
		C40 *string `db:"c40"`
	}
	herdV41 struct {
		herdV40
		C41 *string `db:"c41"`
	}
	herdV42 struct {
		herdV41
		C42 *string `db:"c42"`
	}
	herdV43 struct {
		herdV42
		C43 *string `db:"c43"`
	}
	herdV44 struct {
		herdV43
		C44 *string `db:"c44"`
	}
	herdV45 struct {
		herdV44
		C45 *string `db:"c45"`
	}
	herdV46 struct {
		herdV45
		C46 *string `db:"c46"`
	}
	herdV47 struct {
		herdV46
		C47 *string `db:"c47"`
	}
	herdV48 struct {
		herdV47
		C48 *string `db:"c48"`
	}
	herdV49 struct {
		herdV48
		C49 *string `db:"c49"`
	}
	herdV50 struct {
		herdV49
		C50 *string `db:"c50"`
	}
)

// herdVersions are the versions of the program, by their number.
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
	herdModel(func(r *herdV11) (*int64, **string) { return &r.ID, &r.C11 }),
	herdModel(func(r *herdV12) (*int64, **string) { return &r.ID, &r.C12 }),
	herdModel(func(r *herdV13) (*int64, **string) { return &r.ID, &r.C13 }),
	herdModel(func(r *herdV14) (*int64, **string) { return &r.ID, &r.C14 }),
	herdModel(func(r *herdV15) (*int64, **string) { return &r.ID, &r.C15 }),
	herdModel(func(r *herdV16) (*int64, **string) { return &r.ID, &r.C16 }),
	herdModel(func(r *herdV17) (*int64, **string) { return &r.ID, &r.C17 }),
	herdModel(func(r *herdV18) (*int64, **string) { return &r.ID, &r.C18 }),
	herdModel(func(r *herdV19) (*int64, **string) { return &r.ID, &r.C19 }),
	herdModel(func(r *herdV20) (*int64, **string) { return &r.ID, &r.C20 }),
	herdModel(func(r *herdV21) (*int64, **string) { return &r.ID, &r.C21 }),
	herdModel(func(r *herdV22) (*int64, **string) { return &r.ID, &r.C22 }),
	herdModel(func(r *herdV23) (*int64, **string) { return &r.ID, &r.C23 }),
	herdModel(func(r *herdV24) (*int64, **string) { return &r.ID, &r.C24 }),
	herdModel(func(r *herdV25) (*int64, **string) { return &r.ID, &r.C25 }),
	herdModel(func(r *herdV26) (*int64, **string) { return &r.ID, &r.C26 }),
	herdModel(func(r *herdV27) (*int64, **string) { return &r.ID, &r.C27 }),
	herdModel(func(r *herdV28) (*int64, **string) { return &r.ID, &r.C28 }),
	herdModel(func(r *herdV29) (*int64, **string) { return &r.ID, &r.C29 }),
	herdModel(func(r *herdV30) (*int64, **string) { return &r.ID, &r.C30 }),
	herdModel(func(r *herdV31) (*int64, **string) { return &r.ID, &r.C31 }),
	herdModel(func(r *herdV32) (*int64, **string) { return &r.ID, &r.C32 }),
	herdModel(func(r *herdV33) (*int64, **string) { return &r.ID, &r.C33 }),
	herdModel(func(r *herdV34) (*int64, **string) { return &r.ID, &r.C34 }),
	herdModel(func(r *herdV35) (*int64, **string) { return &r.ID, &r.C35 }),
	herdModel(func(r *herdV36) (*int64, **string) { return &r.ID, &r.C36 }),
	herdModel(func(r *herdV37) (*int64, **string) { return &r.ID, &r.C37 }),
	herdModel(func(r *herdV38) (*int64, **string) { return &r.ID, &r.C38 }),
	herdModel(func(r *herdV39) (*int64, **string) { return &r.ID, &r.C39 }),
	herdModel(func(r *herdV40) (*int64, **string) { return &r.ID, &r.C40 }),
	herdModel(func(r *herdV41) (*int64, **string) { return &r.ID, &r.C41 }),
	herdModel(func(r *herdV42) (*int64, **string) { return &r.ID, &r.C42 }),
	herdModel(func(r *herdV43) (*int64, **string) { return &r.ID, &r.C43 }),
	herdModel(func(r *herdV44) (*int64, **string) { return &r.ID, &r.C44 }),
	herdModel(func(r *herdV45) (*int64, **string) { return &r.ID, &r.C45 }),
	herdModel(func(r *herdV46) (*int64, **string) { return &r.ID, &r.C46 }),
	herdModel(func(r *herdV47) (*int64, **string) { return &r.ID, &r.C47 }),
	herdModel(func(r *herdV48) (*int64, **string) { return &r.ID, &r.C48 }),
	herdModel(func(r *herdV49) (*int64, **string) { return &r.ID, &r.C49 }),
	herdModel(func(r *herdV50) (*int64, **string) { return &r.ID, &r.C50 }),
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
