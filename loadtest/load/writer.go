package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// keys gives each row of a worker its number.
type keys struct{ last atomic.Int64 }

func (k *keys) next(worker int64) int64 { return worker*keysPerWorker + k.last.Add(1) }

// remembered is how many of its rows a writer goes on using.
const remembered = 64

// owned is a row that its writer alone changes.
type owned struct {
	table     int
	key, turn int64
}

// writer is one goroutine that does one operation after another on rows of its own.
type writer struct {
	*worker
	dice        *rand.Rand
	tables, own choice
	rows        []owned
}

func newWriter(w *worker, number int) *writer {
	dice := rand.New(rand.NewPCG(w.task.Seed, uint64(w.task.Number)<<32|uint64(number)))
	return &writer{
		worker: w, dice: dice,
		// Those who take one table after the other do not all begin with the same one.
		tables: choice{keys: w.task.Keys, dice: dice, next: number}, own: choice{keys: w.task.Keys, dice: dice},
	}
}

// run goes on until it is told to stop. What was begun is finished.
func (w *writer) run(ctx context.Context) {
	for {
		intended, ok := w.pace.next(ctx)
		if !ok {
			return
		}
		op := w.choose()
		err := w.do(ctx, op)
		switch {
		case err == nil:
			w.tally.done(op, time.Since(intended), intended.Before(w.pace.measured))
			continue
		case ctx.Err() != nil:
			return
		}
		w.tally.failed(op, w.way.classify(err))
		if w.task.Rate > 0 {
			continue // the next turn comes when it comes
		}
		select {
		case <-w.stop:
		case <-time.After(pause):
		}
	}
}

// choose chooses an operation that is possible.
func (w *writer) choose() Operation {
	op := w.task.Mix.pick(w.dice)
	if op != OpCreate && op != OpPair && len(w.rows) == 0 || op == OpPair && len(w.doors) == 1 {
		return OpCreate
	}
	return op
}

func (w *writer) do(ctx context.Context, op Operation) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	switch op {
	case OpPair:
		return w.pair(ctx)
	case OpRead:
		return w.read(ctx)
	case OpList:
		return w.list(ctx)
	case OpUpdate:
		return w.update(ctx)
	case OpDelete:
		return w.remove(ctx)
	}
	return w.create(ctx)
}

// now is the time since the run's begin, by a clock that all processes share.
func (w *writer) now() int64 { return int64(time.Since(w.begin)) }

func (w *writer) row(key, turn, part int64) Row { return rowOf(key, turn, part, w.task.RowSize) }

func (w *writer) create(ctx context.Context) error {
	table, key := w.tables.one(len(w.doors)), w.keys.next(w.task.Number)
	began := w.now()
	if err := w.doors[table].create(ctx, w.row(key, 0, 0)); err != nil {
		return err
	}
	if err := w.notes.take(noteCreated, table, key, began); err != nil {
		return err
	}
	if len(w.rows) < remembered {
		w.rows = append(w.rows, owned{table, key, 0})
	} else {
		w.rows[w.dice.IntN(remembered)] = owned{table, key, 0}
	}
	return nil
}

// pair creates two rows in two tables, or none.
func (w *writer) pair(ctx context.Context) error {
	first, key := w.tables.one(len(w.doors)), w.keys.next(w.task.Number)
	second := (first + 1) % len(w.doors)
	began := w.now()
	if err := w.way.pair(ctx, [2]int{first, second}, [2]Row{w.row(key, 0, 1), w.row(key, 0, 2)}); err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	return errors.Join(w.notes.take(noteCreated, first, key, began), w.notes.take(noteCreated, second, key, began))
}

// one chooses a row that the writer remembers.
func (w *writer) one() (at int, row owned) {
	at = w.own.one(len(w.rows))
	return at, w.rows[at]
}

func (w *writer) forget(at int) {
	last := len(w.rows) - 1
	w.rows[at], w.rows = w.rows[last], w.rows[:last]
}

// missed forgets a row that an operation has failed on, and notes it if it was not there.
func (w *writer) missed(at int, err error) error {
	own := w.rows[at]
	w.forget(at)
	if errors.Is(err, schema.ErrNotFound) {
		return errors.Join(err, w.notes.take(noteMissed, own.table, own.key, w.now()))
	}
	return err
}

func (w *writer) read(ctx context.Context) error {
	at, own := w.one()
	row, err := w.doors[own.table].read(ctx, own.key)
	if err == nil && row != w.row(own.key, own.turn, 0) {
		err = errDiffers
	}
	if err != nil {
		return w.missed(at, err)
	}
	return nil
}

// list reads some rows from one of the writer's own, which others may have written.
func (w *writer) list(ctx context.Context) error {
	at, own := w.one()
	rows, err := w.doors[own.table].list(ctx, own.key)
	switch {
	case err != nil:
	case len(rows) == 0 || rows[0].ID != own.key:
		err = &schema.Error{Op: "list", Kind: schema.ErrNotFound}
	case rows[0] != w.row(own.key, own.turn, 0):
		err = errDiffers
	}
	for i, row := range rows {
		if row != w.row(row.ID, row.Turn, row.Part) || i > 0 && row.ID <= rows[i-1].ID {
			err = errDiffers
		}
	}
	if err != nil {
		return w.missed(at, err)
	}
	return nil
}

func (w *writer) update(ctx context.Context) error {
	at, own := w.one()
	if err := w.doors[own.table].update(ctx, w.row(own.key, own.turn+1, 0)); err != nil {
		return w.missed(at, err) // it may have been changed all the same
	}
	w.rows[at].turn++
	return w.notes.take(noteUpdated, own.table, own.key, own.turn+1)
}

func (w *writer) remove(ctx context.Context) error {
	at, own := w.one()
	if err := w.notes.take(noteDeleting, own.table, own.key, 0); err != nil {
		return err
	}
	if err := w.doors[own.table].remove(ctx, own.key); err != nil {
		return w.missed(at, err)
	}
	w.forget(at)
	return w.notes.take(noteDeleted, own.table, own.key, 0)
}
