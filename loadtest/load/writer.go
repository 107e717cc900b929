package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/dialect"
)

// errDiffers is a row that is not read back as it was written.
var errDiffers = errors.New("row is not what was written")

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
	dice *rand.Rand
	rows []owned
}

func newWriter(w *worker, number int) *writer {
	return &writer{worker: w, dice: rand.New(rand.NewPCG(w.task.Seed, uint64(w.task.Number)<<32|uint64(number)))}
}

// run goes on until it is told to stop. What was begun is finished.
func (w *writer) run(ctx context.Context) {
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		err := w.step(ctx)
		switch {
		case err == nil:
			continue
		case ctx.Err() != nil:
			return
		}
		w.tally.failed(err)
		select {
		case <-w.stop:
		case <-time.After(pause):
		}
	}
}

// step does one operation: of a hundred, some 60 creates, 8 pairs, 16 reads, 12 updates and 4 deletes.
func (w *writer) step(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	roll := w.dice.IntN(100)
	switch {
	case roll < 8 && len(w.tables) > 1:
		return w.pair(ctx)
	case roll < 68 || len(w.rows) == 0:
		return w.create(ctx)
	case roll < 84:
		return w.read(ctx)
	case roll < 96:
		return w.update(ctx)
	}
	return w.remove(ctx)
}

func (w *writer) create(ctx context.Context) error {
	table, key := w.dice.IntN(len(w.tables)), w.keys.next(w.task.Number)
	row := rowOf(key, 0, 0)
	began := time.Now()
	if err := w.tables[table].Create(ctx, &row); err != nil {
		return err
	}
	w.tally.done(Counts{Creates: 1}, time.Since(began))
	if err := w.notes.take(noteCreated, table, key, 0); err != nil {
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
	first, key := w.dice.IntN(len(w.tables)), w.keys.next(w.task.Number)
	second := (first + 1) % len(w.tables)
	began := time.Now()
	err := w.coordinator.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		for part, table := range []int{first, second} {
			row := rowOf(key, 0, int64(part)+1)
			if err := w.tables[table].In(tx).Create(ctx, &row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("pair: %w", err)
	}
	w.tally.done(Counts{Creates: 2, Pairs: 1}, time.Since(began))
	return errors.Join(w.notes.take(noteCreated, first, key, 0), w.notes.take(noteCreated, second, key, 0))
}

// one chooses a row that the writer remembers, and forgets it where it is not to be used again.
func (w *writer) one() (at int, row owned) {
	at = w.dice.IntN(len(w.rows))
	return at, w.rows[at]
}

func (w *writer) forget(at int) {
	last := len(w.rows) - 1
	w.rows[at], w.rows = w.rows[last], w.rows[:last]
}

func (w *writer) read(ctx context.Context) error {
	at, own := w.one()
	row, err := w.tables[own.table].Get(ctx, own.key)
	if err == nil && *row != rowOf(own.key, own.turn, 0) {
		err = errDiffers
	}
	if err != nil {
		w.forget(at)
		return err
	}
	w.tally.done(Counts{Reads: 1}, 0)
	return nil
}

func (w *writer) update(ctx context.Context) error {
	at, own := w.one()
	row := rowOf(own.key, own.turn+1, 0)
	if err := w.tables[own.table].Update(ctx, &row); err != nil {
		w.forget(at) // it may have been changed all the same
		return err
	}
	w.rows[at].turn++
	w.tally.done(Counts{Updates: 1}, 0)
	return w.notes.take(noteUpdated, own.table, own.key, own.turn+1)
}

func (w *writer) remove(ctx context.Context) error {
	at, own := w.one()
	w.forget(at)
	if err := w.notes.take(noteDeleting, own.table, own.key, 0); err != nil {
		return err
	}
	if err := w.tables[own.table].Delete(ctx, own.key); err != nil {
		return err
	}
	w.tally.done(Counts{Deletes: 1}, 0)
	return w.notes.take(noteDeleted, own.table, own.key, 0)
}
