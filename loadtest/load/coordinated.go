package load

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// coordinated is the way through this library.
type coordinated struct {
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	tables      []joining
}

func openCoordinated(ctx context.Context, t *task, line *timeline) (_ way, err error) {
	w := &coordinated{}
	if w.dialect, err = connect(ctx, t.Address, t.Connections); err != nil {
		return nil, err
	}
	w.coordinator, err = coordinator.New(w.dialect, &coordinator.Config{Application: application, Listener: line.listener()})
	if err != nil {
		return nil, errors.Join(err, w.dialect.Close())
	}
	for i := range t.Tables {
		table, err := register(w.coordinator, t.Version, t.ref(i))
		if err != nil {
			return nil, errors.Join(err, w.close(ctx))
		}
		w.tables = append(w.tables, table)
	}
	return w, nil
}

// register registers a table in a version of the model.
func register(c *coordinator.Coordinator, version int, ref schema.Ref) (joining, error) {
	options := placed(version, ref)
	switch len(columnsOf(version)) {
	case 0:
		node, err := coordinator.Register[Row, int64](c, options...)
		return &nodeDoor[Row, *Row]{node}, err
	case 1:
		node, err := coordinator.Register[hued, int64](c, options...)
		return &nodeDoor[hued, *hued]{node}, err
	case 2:
		node, err := coordinator.Register[shaded, int64](c, options...)
		return &nodeDoor[shaded, *shaded]{node}, err
	}
	node, err := coordinator.Register[graded, int64](c, options...)
	return &nodeDoor[graded, *graded]{node}, err
}

func (w *coordinated) doors() []door { return doorsOf(w.tables) }

func doorsOf(tables []joining) []door {
	doors := make([]door, len(tables))
	for i, table := range tables {
		doors[i] = table
	}
	return doors
}

func (w *coordinated) pair(ctx context.Context, tables [2]int, rows [2]Row) error {
	return w.coordinator.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		for part, table := range tables {
			if err := w.tables[table].createIn(ctx, tx, rows[part]); err != nil {
				return err
			}
		}
		return nil
	})
}

// prepare makes all tables ready. What is too much for a call that somebody waits for, as an index on a large table, is done as a
// job at deployment does it.
func (w *coordinated) prepare(ctx context.Context) error {
	for {
		err := w.coordinator.EnsureAll(ctx)
		if !errors.Is(err, schema.ErrMigrationRequired) {
			return err
		}
		plans, err := w.coordinator.Plan(ctx)
		if err != nil {
			return err
		}
		err = w.coordinator.Migrate(ctx, plans, schema.Policy{})
		if err != nil && !errors.Is(err, schema.ErrStalePlan) { // another worker has done it meanwhile
			return err
		}
	}
}

func (w *coordinated) classify(err error) error { return err }

func (w *coordinated) close(ctx context.Context) error {
	return errors.Join(w.coordinator.Close(ctx), w.dialect.Close())
}
