package load

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// Roles are what processes of a program's own binary must be able to do, for fleet.Main.
func Roles() map[string]fleet.Role { return map[string]fleet.Role{role: work} }

// worker is one process that writes.
type worker struct {
	task  task
	way   way
	doors []door
	notes *notes
	tally *tally
	line  *timeline
	keys  keys
	pace  *pace
	begin time.Time
	stop  chan struct{} // closed when no operation is to be begun any more
}

// work is the role.
func work(ctx context.Context, link *fleet.Worker) (err error) {
	w := &worker{tally: newTally(), stop: make(chan struct{})}
	if err := link.Task(&w.task); err != nil {
		return err
	}
	w.line = newTimeline(&w.task)
	if err := w.open(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := link.Say(message{Event: eventReady}); err != nil {
		return err
	}
	var first order
	if err := link.Hear(&first); err != nil || first.Stop {
		return nil // the parent has thought better of it
	}
	w.heed(first)
	var others sync.WaitGroup
	written := make(chan struct{})
	others.Go(func() { w.obey(link) })
	others.Go(func() { w.tell(link, written) })
	w.write(ctx)
	close(written)
	last, err := w.report()
	if err != nil {
		return err
	}
	if err := link.Say(message{Event: eventEnd, Report: last}); err != nil {
		return err
	}
	others.Wait()
	return nil
}

// heed takes the times from the word to go.
func (w *worker) heed(first order) {
	w.begin = first.Begin
	w.line.from(first.Begin)
	// The clock of this process goes on evenly from the moment at which it heard.
	now := time.Now()
	monotonic := func(t time.Time) time.Time { return now.Add(t.Sub(now.Round(0))) }
	w.pace = &pace{
		begin: monotonic(first.From), measured: monotonic(first.Measured),
		rate: w.task.Rate, quota: w.task.Quota, stop: w.stop,
	}
}

// open connects and registers; no table is looked at before the first row, but by a newer version of the program.
func (w *worker) open(ctx context.Context) (err error) {
	if w.notes, err = newNotes(w.task.Notes); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, prepareTimeout)
	defer cancel()
	err = insist(ctx, func() (err error) { w.way, err = openWay(ctx, &w.task, w.line); return err })
	if err != nil {
		return err
	}
	w.doors = w.way.doors()
	if w.task.Version == 0 {
		return nil
	}
	if err := insist(ctx, func() error { return w.way.prepare(ctx) }); err != nil {
		return errors.Join(fmt.Errorf("deploy version %d: %w", w.task.Version, err), w.close())
	}
	return nil
}

// insist does something again as long as it fails for what goes away by itself, as a server that is just being restarted. Whatever
// starts programs would start this one again.
func insist(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || !schema.Transient(err) || !rest(ctx, pause) {
			return err
		}
	}
}

func (w *worker) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := w.way.close(ctx); err != nil {
		return fmt.Errorf("close: %w", err)
	}
	return w.notes.close()
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
		if said.Stop {
			stop()
		}
	}
}

// report is what came together since the last report.
func (w *worker) report() (tallied, error) {
	now, err := w.tally.take()
	now.At, now.Begun, now.Moments = time.Since(w.begin), w.pace.counted(), w.line.take()
	return now, err
}

// tell reports while there is writing, at the ends of the intervals that are the same for all workers.
func (w *worker) tell(link *fleet.Worker, written <-chan struct{}) {
	for {
		since := time.Since(w.begin)
		timer := time.NewTimer(w.task.Tick - since%w.task.Tick)
		select {
		case <-written:
			timer.Stop()
			return
		case <-timer.C:
		}
		now, err := w.report()
		if err != nil {
			w.tally.failed(OpCreate, err)
			continue
		}
		if link.Say(message{Event: eventTick, Report: now}) != nil {
			return // the parent is gone, and so are we in a moment
		}
	}
}

// write has all writers write, until they are told to stop or there is nothing more to do.
func (w *worker) write(ctx context.Context) {
	var all sync.WaitGroup
	for i := range w.task.Writers {
		all.Go(func() { newWriter(w, i).run(ctx) })
	}
	all.Wait()
}
