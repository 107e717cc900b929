package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Roles are what processes of a program's own binary must be able to do, for fleet.Main.
func Roles() map[string]fleet.Role { return map[string]fleet.Role{role: work} }

// worker is one process that writes.
type worker struct {
	task        task
	dialect     dialect.Dialect
	coordinator *coordinator.Coordinator
	tables      []*nodes.Node[Row, int64]
	notes       *notes
	tally       *tally
	keys        keys
	stop        chan struct{} // closed when no operation is to be begun any more
}

// work is the role.
func work(ctx context.Context, link *fleet.Worker) (err error) {
	w := &worker{tally: newTally(), stop: make(chan struct{})}
	if err := link.Task(&w.task); err != nil {
		return err
	}
	if err := w.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := link.Say(message{Event: eventReady}); err != nil {
		return err
	}
	var first order
	if err := link.Hear(&first); err != nil || first != orderGo {
		return nil // the parent has thought better of it
	}
	var others sync.WaitGroup
	written := make(chan struct{})
	others.Go(func() { w.obey(link) })
	others.Go(func() { w.tell(link, written) })
	w.write(ctx)
	close(written)
	last, err := w.tally.take()
	if err != nil {
		return err
	}
	if err := link.Say(message{Event: eventEnd, Report: last}); err != nil {
		return err
	}
	others.Wait()
	return nil
}

// open connects and registers; no table is looked at before the first row.
func (w *worker) open(ctx context.Context) (err error) {
	if w.notes, err = newNotes(w.task.Notes); err != nil {
		return err
	}
	if w.dialect, err = connect(ctx, w.task.Address, w.task.Connections); err != nil {
		return err
	}
	if w.coordinator, err = coordinator.New(w.dialect, &coordinator.Config{Application: "loadtest"}); err != nil {
		return err
	}
	for i := range w.task.Tables {
		ref := refOf(w.task.Namespace, w.task.Stem, i)
		node, err := coordinator.Register[Row, int64](w.coordinator, placed(ref)...)
		if err != nil {
			return err
		}
		w.tables = append(w.tables, node)
	}
	return nil
}

// placed are the options that give a model its place.
func placed(ref schema.Ref) []schema.TableOption {
	options := []schema.TableOption{schema.Named(ref.Name)}
	if ref.Namespace != "" {
		options = append(options, schema.InNamespace(ref.Namespace))
	}
	return options
}

func (w *worker) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.coordinator.Close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return errors.Join(w.dialect.Close(), w.notes.close())
}

// obey waits for the word to stop, and then for the end of the line.
func (w *worker) obey(link *fleet.Worker) {
	stop := sync.OnceFunc(func() { close(w.stop) })
	defer stop()
	for {
		var said order
		if link.Hear(&said) != nil {
			return
		}
		if said == orderStop {
			stop()
		}
	}
}

// tell reports while there is writing.
func (w *worker) tell(link *fleet.Worker, written <-chan struct{}) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for {
		select {
		case <-written:
			return
		case <-tick.C:
		}
		now, err := w.tally.take()
		if err != nil {
			w.tally.failed(err)
			continue
		}
		if link.Say(message{Event: eventTick, Report: now}) != nil {
			return // the parent is gone, and so are we in a moment
		}
	}
}

// write has all writers write, until they are told to stop.
func (w *worker) write(ctx context.Context) {
	var all sync.WaitGroup
	for i := range w.task.Writers {
		all.Go(func() { newWriter(w, i).run(ctx) })
	}
	all.Wait()
}
