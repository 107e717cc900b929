package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	dropWriters = 16
	dropRows    = 4_000 // of which the first quarter is written before the drop begins, and three after it
)

// loss is what the program saw while somebody dropped its table.
type loss struct {
	attempted, acknowledged int64
	failed                  int64
	failure                 error
	given                   int64 // memories given up
	after                   []int // by their pages, which are unlike
	missing                 int   // of those, not in the table at the end
	made                    int64 // migrations in the history
	took, dropTook          time.Duration
}

// dropChapter drops the table under a running load, from another connection.
func dropChapter(ctx context.Context, s *screen, db *stage, _ options) ([]promise, error) {
	s.heading("3  The dropped table")
	s.say("   %d goroutines write; a quarter of the way, another connection drops their table.", dropWriters)
	var seen loss
	if err := seen.run(ctx, s, db); err != nil {
		return nil, err
	}
	s.progress("counting")
	if err := seen.count(ctx, db); err != nil {
		return nil, err
	}
	s.table(
		[]string{"creates acknowledged", number(seen.acknowledged)},
		[]string{"of these begun after the drop", number(len(seen.after))},
		[]string{"memories given up", number(seen.given)},
		[]string{"the drop took", span(seen.dropTook)},
		[]string{"all of it took", span(seen.took)},
	)
	return seen.promises(), nil
}

// run writes, drops, and goes on writing.
func (l *loss) run(ctx context.Context, s *screen, db *stage) error {
	var given atomic.Int64
	c, err := coordinator.New(db.Dialect, &coordinator.Config{Listener: &schema.Listener{
		Invalidated: func(schema.Event) { given.Add(1) },
	}})
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	node, err := coordinator.Register[Note, uuid.UUID](c, db.table("dropped_notes")...)
	if err != nil {
		return err
	}

	began := time.Now()
	load := &load{loss: l, node: node, quarter: make(chan struct{})}
	var writers sync.WaitGroup
	for range dropWriters {
		writers.Go(func() { load.write(ctx) })
	}
	dropped := make(chan error, 1)
	ended, end := context.WithCancel(ctx)
	defer end()
	go func() { dropped <- load.dropAt(ended, db) }()
	watch(&writers, func() { s.progress("%s rows acknowledged", number(load.acknowledged.Load())) })
	end()
	dropErr := <-dropped
	l.took, l.acknowledged, l.given = time.Since(began), load.acknowledged.Load(), given.Load()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return dropErr
}

// load is the writers while they run.
type load struct {
	loss *loss
	node *noteNode

	next, acknowledged, late atomic.Int64
	dropped, stop            atomic.Bool
	quarter                  chan struct{} // closed when the time to drop has come

	mu sync.Mutex // over loss
}

// write creates rows until enough of them were begun after the drop, or far too many failed.
func (l *load) write(ctx context.Context) {
	for ctx.Err() == nil && !l.stop.Load() && l.late.Load() < dropRows*3/4 {
		note := newNote(int(l.next.Add(1)))
		late := l.dropped.Load()
		err := l.node.Create(ctx, note)
		if err == nil && l.acknowledged.Add(1) == dropRows/4 {
			close(l.quarter)
		}
		l.mu.Lock()
		l.loss.attempted++
		switch {
		case err != nil:
			l.loss.failed, l.loss.failure = l.loss.failed+1, err
			l.stop.Store(l.loss.failed >= dropRows)
		case late:
			l.loss.after = append(l.loss.after, note.Pages)
			l.late.Add(1)
		}
		l.mu.Unlock()
	}
}

// dropAt waits for a quarter of the rows and drops their table. When it cannot, the writers stop too.
func (l *load) dropAt(ctx context.Context, db *stage) error {
	select {
	case <-l.quarter:
	case <-ctx.Done():
		return nil
	}
	err := l.loss.drop(ctx, db)
	l.dropped.Store(true)
	l.stop.Store(err != nil)
	return err
}

// drop is somebody else's doing.
func (l *loss) drop(ctx context.Context, db *stage) error {
	began := time.Now()
	if _, err := db.other.Writer().Exec(ctx, "DROP TABLE "+db.QuoteTable(db.ref("dropped_notes"))); err != nil {
		return fmt.Errorf("drop the table: %w", db.other.Classify(err))
	}
	l.dropTook = time.Since(began)
	return nil
}

// count asks the database which of the late rows are there, and how often the table was made.
func (l *loss) count(ctx context.Context, db *stage) (err error) {
	ref := db.ref("dropped_notes")
	if l.made, err = db.migrations(ctx, ref); err != nil {
		return err
	}
	rows, err := db.other.Reader().Query(ctx, "SELECT pages FROM "+db.QuoteTable(ref))
	if err != nil {
		return db.other.Classify(err)
	}
	present, err := readPages(rows)
	if err != nil {
		return db.other.Classify(err)
	}
	for _, pages := range l.after {
		if !present[pages] {
			l.missing++
		}
	}
	return nil
}

func readPages(rows dialect.Rows) (map[int]bool, error) {
	defer rows.Close()
	present := map[int]bool{}
	for rows.Next() {
		var pages int64
		if err := rows.Scan(&pages); err != nil {
			return nil, err
		}
		present[int(pages)] = true
	}
	return present, rows.Err()
}

func (l *loss) promises() []promise {
	seen := fmt.Sprintf("the program saw %s in %s creates", plural(l.failed, "error"), number(l.attempted))
	if l.failure != nil {
		seen += ": " + l.failure.Error()
	}
	return []promise{
		expect(l.failed == 0 && l.acknowledged == l.attempted && l.attempted > 0, "%s", seen),
		expect(l.made == 2, "the table was made %s: at first use, and again after the drop", times(l.made)),
		expect(l.missing == 0 && len(l.after) > 0, "%s of %s rows begun after the drop are in the new table",
			number(len(l.after)-l.missing), number(len(l.after))),
	}
}
