package faults_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/dialect"
)

// killPace leaves the machine to others.
const killPace = 4 * time.Millisecond

// killWriter is an older program that goes on with its rows. Its statements are such that each version takes them.
type killWriter struct {
	d       dialect.Dialect
	sc      *scenario
	written killWritten
	n       int

	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// startKillWriter writes until it is ended.
func startKillWriter(ctx context.Context, sc *scenario, address string) (*killWriter, error) {
	d, err := openAt(ctx, address)
	if err != nil {
		return nil, err
	}
	w := &killWriter{d: d, sc: sc, ended: make(chan struct{})}
	ctx, w.cancel = context.WithCancel(ctx)
	go func() {
		defer close(w.ended)
		err := w.run(ctx)
		w.err = errors.Join(err, d.Close())
	}()
	return w, nil
}

func (w *killWriter) run(ctx context.Context) error {
	pace := time.NewTicker(killPace)
	defer pace.Stop()
	for {
		// What has been begun is ended: else nobody could say whether it was done.
		if err := w.write(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("a writer of the older version: %w", w.d.Classify(err))
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// end stops the writer and gives what it has written.
func (w *killWriter) end() (killWritten, error) {
	w.cancel()
	<-w.ended
	return w.written, w.err
}

// write makes one row and changes another, both under the eyes of no library.
func (w *killWriter) write(ctx context.Context) error {
	w.n++
	id := goodsRows + w.n
	insert := fmt.Sprintf("INSERT INTO goods (id, label, quantity) VALUES (%d, 'goods %[1]d', '%[1]d')", id)
	if w.sc.unit == "unit" {
		insert = fmt.Sprintf("INSERT INTO goods (id, label, quantity, unit) VALUES (%d, 'goods %[1]d', '%[1]d', 'box')", id)
	}
	if _, err := w.d.Writer().Exec(ctx, insert); err != nil {
		return err
	}
	w.written.inserted++
	if w.sc.base != baseFilled || w.n > goodsRows {
		return nil
	}
	if _, err := w.d.Writer().Exec(ctx, fmt.Sprintf(
		"UPDATE goods SET label = 'touched %d', quantity = '777' WHERE id = %[1]d", w.n)); err != nil {
		return err
	}
	w.written.touched++
	return nil
}
