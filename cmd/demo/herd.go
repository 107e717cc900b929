package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// The herd of the story.
const (
	herdGoroutines = 10_000
	herdTables     = 20
)

// progressEvery is how often the progress line is written anew.
const progressEvery = 100 * time.Millisecond

// sighting is what the herd saw, and what the database says of it.
type sighting struct {
	goroutines, tables int
	acknowledged       int64
	failed             int64
	failure            error // one of the failures
	rows               int64 // counted by SQL
	madeOnce           int   // tables with exactly one migration in the history
	took, firstAnswer  time.Duration
}

// herdChapter sends goroutines to tables that nobody has seen, all at once, each to write one row.
func herdChapter(ctx context.Context, s *screen, db *stage, opts options) ([]promise, error) {
	s.heading("2  The herd")
	s.say("   %s goroutines write one row each into %s missing tables, all at once.",
		number(opts.goroutines), number(opts.tables))
	seen := &sighting{goroutines: opts.goroutines, tables: opts.tables}
	if err := seen.run(ctx, s, db); err != nil {
		return nil, err
	}
	s.progress("counting")
	if err := seen.count(ctx, db); err != nil {
		return nil, err
	}
	s.table(
		[]string{"goroutines", number(seen.goroutines)},
		[]string{"tables", number(seen.tables)},
		[]string{"first answer after", span(seen.firstAnswer)},
		[]string{"last answer after", span(seen.took)},
		[]string{"rows per second", number(int64(float64(seen.acknowledged) / max(seen.took.Seconds(), 1e-9)))},
	)
	return seen.promises(), nil
}

// run is the herd itself.
func (g *sighting) run(ctx context.Context, s *screen, db *stage) error {
	var ready, acknowledged, failed atomic.Int64
	c, err := coordinator.New(db.Dialect, &coordinator.Config{Listener: &schema.Listener{
		Ready: func(schema.Event) { ready.Add(1) },
	}})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	herd := make([]*noteNode, g.tables)
	for i := range herd {
		if herd[i], err = coordinator.Register[Note, uuid.UUID](c, db.table(herdName(i))...); err != nil {
			return err
		}
	}

	if ctx.Err() != nil {
		return ctx.Err()
	}
	var (
		all     sync.WaitGroup
		start   = make(chan struct{})
		once    sync.Once
		failure atomic.Pointer[error]
		began   time.Time
	)
	for i := range g.goroutines {
		all.Go(func() {
			note := newNote(i)
			<-start
			if err := herd[i%g.tables].Create(ctx, note); err != nil {
				failed.Add(1)
				failure.CompareAndSwap(nil, &err)
				return
			}
			acknowledged.Add(1)
			once.Do(func() { g.firstAnswer = time.Since(began) })
		})
	}
	began = time.Now()
	close(start)
	watch(&all, func() {
		s.progress("%s of %s rows acknowledged, %d of %d tables ready", number(acknowledged.Load()),
			number(g.goroutines), ready.Load(), g.tables)
	})
	g.took = time.Since(began)
	g.acknowledged, g.failed = acknowledged.Load(), failed.Load()
	if p := failure.Load(); p != nil {
		g.failure = *p
	}
	// An interrupt is no broken promise.
	return ctx.Err()
}

// watch calls draw again and again until all have ended.
func watch(all *sync.WaitGroup, draw func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.Wait()
	}()
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			draw()
		}
	}
}

// count asks the database what is really there.
func (g *sighting) count(ctx context.Context, db *stage) error {
	for i := range g.tables {
		ref := db.ref(herdName(i))
		made, err := db.migrations(ctx, ref)
		if err != nil {
			return err
		}
		if made == 1 {
			g.madeOnce++
		}
		rows, err := db.rows(ctx, ref)
		if err != nil {
			return err
		}
		g.rows += rows
	}
	return nil
}

func (g *sighting) promises() []promise {
	acknowledged := fmt.Sprintf("%s of %s creates were acknowledged, %s",
		number(g.acknowledged), number(g.goroutines), plural(g.failed, "error"))
	if g.failure != nil {
		acknowledged += ": " + g.failure.Error()
	}
	return []promise{
		expect(g.failed == 0 && g.acknowledged == int64(g.goroutines), "%s", acknowledged),
		expect(g.rows == g.acknowledged, "%s rows are in the tables, counted by SQL", number(g.rows)),
		expect(g.madeOnce == g.tables, "%d of %d tables have exactly one migration in the history", g.madeOnce, g.tables),
	}
}

func herdName(i int) string { return fmt.Sprintf("herd_%03d", i+1) }
