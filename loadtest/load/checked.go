package load

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/baseline"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// checked is the way of a framework that remembers nothing: the whole machinery of a migration before every operation, and then
// the same statement as ours.
type checked struct {
	dialect dialect.Dialect
	gates   []*baseline.Gate
	tables  []joining
	inside  []joining // the same tables where the gates were passed already, for transactions
}

// passed is a gate that somebody has passed.
type passed struct{ snapshot *schema.Snapshot }

// Ready and Peek give the memory of a table that was just looked at.
func (p passed) Ready(context.Context) (*schema.Snapshot, error) { return p.snapshot, nil }
func (p passed) Peek() *schema.Snapshot                          { return p.snapshot }
func (p passed) Invalidate(*schema.Snapshot, error)              {}

func openChecked(ctx context.Context, t *task) (_ way, err error) {
	w := &checked{}
	if w.dialect, err = connect(ctx, t.Address, t.Connections); err != nil {
		return nil, err
	}
	for i := range t.Tables {
		if err := w.add(t.Version, t.ref(i)); err != nil {
			return nil, errors.Join(err, w.dialect.Close())
		}
	}
	return w, nil
}

func (w *checked) add(version int, ref schema.Ref) error {
	model, err := modelOf(version, ref)
	if err != nil {
		return err
	}
	gate := baseline.NewGate(w.dialect, model, application)
	outside, err := behind(w.dialect, version, model, gate)
	if err != nil {
		return err
	}
	inside, err := behind(w.dialect, version, model, passed{&schema.Snapshot{Table: model, Generation: 1, SeenAt: time.Now()}})
	if err != nil {
		return err
	}
	w.gates, w.tables, w.inside = append(w.gates, gate), append(w.tables, outside), append(w.inside, inside)
	return nil
}

// behind is the door of a table behind a gate.
func behind(d dialect.Dialect, version int, model *schema.Table, gate schema.Gate) (joining, error) {
	switch len(columnsOf(version)) {
	case 0:
		node, err := nodes.New[Row, int64](d, model, gate)
		return &nodeDoor[Row, *Row]{node}, err
	case 1:
		node, err := nodes.New[hued, int64](d, model, gate)
		return &nodeDoor[hued, *hued]{node}, err
	case 2:
		node, err := nodes.New[shaded, int64](d, model, gate)
		return &nodeDoor[shaded, *shaded]{node}, err
	}
	node, err := nodes.New[graded, int64](d, model, gate)
	return &nodeDoor[graded, *graded]{node}, err
}

func (w *checked) doors() []door { return doorsOf(w.tables) }

// pair looks at both tables first: inside of the transaction that would wait for the transaction itself.
func (w *checked) pair(ctx context.Context, tables [2]int, rows [2]Row) error {
	for _, table := range tables {
		if _, err := w.gates[table].Ready(ctx); err != nil {
			return err
		}
	}
	return nodes.Transact(ctx, nodes.Transaction{Dialect: w.dialect}, func(ctx context.Context, tx dialect.Tx) error {
		for part, table := range tables {
			if err := w.inside[table].createIn(ctx, tx, rows[part]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *checked) prepare(ctx context.Context) error {
	for i, gate := range w.gates {
		if _, err := gate.Ready(ctx); err != nil {
			return fmt.Errorf("look at table %d: %w", i, w.classify(err))
		}
	}
	return nil
}

// classify gives what the gate says, which are often the driver's own errors, in the library's words.
func (w *checked) classify(err error) error {
	if _, ok := errors.AsType[*schema.Error](err); ok {
		return err
	}
	return w.dialect.Classify(err)
}

func (w *checked) close(context.Context) error { return w.dialect.Close() }
