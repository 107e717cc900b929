package match

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Outcomes of an operation that are neither done nor failed.
var (
	errStop    = errors.New("nothing is left to do") // ends the goroutine
	errRefused = errors.New("refused, as it should be")
)

// operation is the i-th call of one of the goroutines.
type operation func(ctx context.Context, worker, i int) error

// pace is how operations are driven.
type pace struct {
	goroutines int
	cancelable bool // each goroutine has a context that may end, as a request's may
	timed      bool // latencies are kept
}

// tally is what came of it.
type tally struct {
	done, failed, refused int64
	elapsed               time.Duration
	latencies             *hdrhistogram.Histogram // µs; nil unless timed
	first                 error                   // that failed an operation
	allocs, bytes         float64                 // for each operation
}

func (t *tally) rate() float64 { return float64(t.done) / t.elapsed.Seconds() }

// worker is one goroutine's part of a tally.
type worker struct {
	done, failed, refused int64
	took                  []time.Duration
	first                 error
}

// drive has goroutines run an operation for some time. Each begins none after it, and ends the one that it has begun.
func drive(p pace, length time.Duration, op operation) tally {
	workers := make([]worker, p.goroutines)
	var before, after runtime.MemStats
	var running sync.WaitGroup
	runtime.ReadMemStats(&before)
	begin := time.Now()
	for n := range workers {
		running.Go(func() { workers[n].run(p, n, begin.Add(length), op) })
	}
	running.Wait()
	t := tally{elapsed: time.Since(begin)}
	runtime.ReadMemStats(&after)
	for i := range workers {
		w := &workers[i]
		t.done, t.failed, t.refused = t.done+w.done, t.failed+w.failed, t.refused+w.refused
		if t.first == nil {
			t.first = w.first
		}
	}
	if calls := float64(t.done + t.failed + t.refused); calls > 0 {
		t.allocs = float64(after.Mallocs-before.Mallocs) / calls
		t.bytes = float64(after.TotalAlloc-before.TotalAlloc) / calls
	}
	if p.timed {
		t.latencies = collect(workers)
	}
	return t
}

func (w *worker) run(p pace, n int, end time.Time, op operation) {
	ctx := context.Background()
	if p.cancelable {
		cancelable, cancel := context.WithCancel(ctx)
		defer cancel()
		ctx = cancelable
	}
	now := time.Now()
	for i := 0; now.Before(end); i++ {
		err := op(ctx, n, i)
		then := now
		now = time.Now()
		switch {
		case err == nil:
			w.done++
			if p.timed {
				w.took = append(w.took, now.Sub(then))
			}
		case errors.Is(err, errStop):
			return
		case errors.Is(err, errRefused):
			w.refused++
		default:
			w.failed++
			if w.first == nil {
				w.first = err
			}
		}
	}
}

func collect(workers []worker) *hdrhistogram.Histogram {
	out := hdrhistogram.New(1, time.Minute.Microseconds(), 3)
	for i := range workers {
		for _, took := range workers[i].took {
			_ = out.RecordValue(max(1, took.Microseconds())) // beyond a minute it would be refused
		}
	}
	return out
}
