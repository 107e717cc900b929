package faults_test

import (
	"context"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// The table as one version of the program has it, and as the next.
type (
	linearRow struct {
		ID    int64 `db:"id"    schema:"pk"`
		Value int64 `db:"value"`
	}
	linearRowNewer struct {
		linearRow
		Note *string `db:"note"`
	}
)

// linearDoor is a table as a caller has it, whatever the version.
type linearDoor struct {
	act   func(ctx context.Context, in linearInput) (linearOutput, error)
	close func(ctx context.Context) error
}

// linearOpen starts a program of one of the two versions on a database.
func linearOpen(d dialect.Dialect, table string, newer bool) (*linearDoor, error) {
	c, err := coordinator.New(d, nil)
	if err != nil {
		return nil, err
	}
	if newer {
		return linearDoorOf(c, table,
			func(row linearRow) linearRowNewer { return linearRowNewer{linearRow: row} },
			func(row *linearRowNewer) linearRow { return row.linearRow })
	}
	return linearDoorOf(c, table,
		func(row linearRow) linearRow { return row }, func(row *linearRow) linearRow { return *row })
}

func linearDoorOf[T any](c *coordinator.Coordinator, table string, wrap func(linearRow) T, unwrap func(*T) linearRow) (*linearDoor, error) {
	node, err := coordinator.Register[T, int64](c, schema.Named(table))
	if err != nil {
		return nil, err
	}
	way := &linearWay[T]{coordinator: c, node: node, table: table, wrap: wrap, unwrap: unwrap}
	return &linearDoor{act: way.act, close: c.Close}, nil
}

type linearWay[T any] struct {
	coordinator *coordinator.Coordinator
	node        *nodes.Node[T, int64]
	table       string
	wrap        func(linearRow) T
	unwrap      func(*T) linearRow
}

// act makes one call. Keys of the history begin at 0, those of the table at 1.
func (w *linearWay[T]) act(ctx context.Context, in linearInput) (out linearOutput, err error) {
	key := int64(in.Key) + 1
	row := w.wrap(linearRow{ID: key, Value: in.Value})
	switch in.Kind {
	case linearEnsure:
		err = w.coordinator.Ensure(ctx, w.table)
	case linearCreate:
		err = w.node.Create(ctx, &row)
	case linearPair:
		err = w.pair(ctx, row, w.wrap(linearRow{ID: key + 1, Value: in.Value}))
	case linearGet:
		var found *T
		if found, err = w.node.Get(ctx, key); err == nil {
			out.Value = w.unwrap(found).Value
		}
	case linearUpdate:
		err = w.node.Update(ctx, &row)
	case linearPatch:
		_, err = w.node.Patch(ctx, key, nodes.Set{"value": in.Value})
	case linearDelete:
		err = w.node.Delete(ctx, key)
	case linearList:
		out.Rows, err = w.list(ctx)
	case linearCount:
		out.Value, err = w.node.Count(ctx, nodes.Query{})
	}
	return out, err
}

func (w *linearWay[T]) pair(ctx context.Context, rows ...T) error {
	return w.coordinator.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		for _, row := range rows {
			if err := w.node.In(tx).Create(ctx, &row); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *linearWay[T]) list(ctx context.Context) (rows linearRows, err error) {
	found, err := w.node.List(ctx, nodes.Query{})
	for i := range found {
		row := w.unwrap(&found[i])
		rows[row.ID-1] = row.Value
	}
	return rows, err
}
