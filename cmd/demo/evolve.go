package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// NoteV2 is what the next version of the program makes of Note: it adds, and takes nothing away.
type NoteV2 struct {
	ID        uuid.UUID `db:"id"         schema:"pk"`
	Author    string    `db:"author"     schema:"size=80,index"`
	Title     string    `db:"title"      schema:"size=200"`
	Subtitle  *string   `db:"subtitle"   schema:"size=200"`
	Pages     int       `db:"pages"      schema:"check=pages >= 0"`
	Language  string    `db:"language"   schema:"size=5,default='en',index"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
}

const (
	evolveTables     = 3
	evolveRows       = 100   // of the former version, in each table
	evolveGoroutines = 1_000 // of the new version, over all tables
	evolveLate       = 150   // rows of the former version while the new one comes, and as many after it started again
)

// evolution is what two versions of a program saw, and what the database says of it.
type evolution struct {
	old     int64 // rows that the former version wrote before the new one came
	new     int64 // that the new version wrote
	late    int64 // that the former version wrote afterwards
	failed  int64
	failure error // one of the failures
	took    time.Duration
	behind  int // tables on which the restarted former version knows that it is behind

	changed int   // tables with exactly two migrations once the new version had come: made, and changed
	settled int   // the same at the end
	rows    int64 // counted by SQL
	filled  int64 // of these, rows that have the new column's default
}

// evolveChapter has the next version of a program come while the former one works.
func evolveChapter(ctx context.Context, s *screen, db *stage, _ options) ([]promise, error) {
	s.heading("4  The new version")
	s.say("   %s goroutines of the next version meet %d tables of the former one, which works on beside them.",
		number(evolveGoroutines), evolveTables)
	var seen evolution
	if err := seen.run(ctx, s, db); err != nil {
		return nil, err
	}
	s.progress("counting")
	if err := seen.count(ctx, db); err != nil {
		return nil, err
	}
	s.table(
		[]string{"rows of the former version before", number(seen.old)},
		[]string{"rows of the new version", number(seen.new)},
		[]string{"rows of the former version since", number(seen.late)},
		[]string{"all at once took", span(seen.took)},
	)
	return seen.promises(), nil
}

// run has the former version write, then the new one from everywhere at once while the former goes on, then a process
// of the former that starts anew.
func (e *evolution) run(ctx context.Context, s *screen, db *stage) error {
	former, formerNodes, err := evolveStart[Note](ctx, db)
	if err != nil {
		return err
	}
	defer former.Close(context.WithoutCancel(ctx))
	s.progress("the former version writes")
	for i := range evolveTables * evolveRows {
		e.answered(&e.old, formerNodes[i%evolveTables].Create(ctx, newNote(i)))
	}
	next, nextNodes, err := evolveStart[NoteV2](ctx, db)
	if err != nil {
		return err
	}
	defer next.Close(context.WithoutCancel(ctx))
	s.progress("the new version comes")
	e.storm(ctx, nextNodes, formerNodes)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e.changed, err = changedOnce(ctx, db); err != nil {
		return err
	}
	restarted, restartedNodes, err := evolveStart[Note](ctx, db)
	if err != nil {
		return err
	}
	defer restarted.Close(context.WithoutCancel(ctx))
	s.progress("the former version starts again")
	for i := range evolveLate {
		e.answered(&e.late, restartedNodes[i%evolveTables].Create(ctx, newNote(i)))
	}
	for _, status := range restarted.Status() {
		if status.State == schema.StateReady && status.Behind {
			e.behind++
		}
	}
	return ctx.Err()
}

// evolveStart is one process of one version.
func evolveStart[T any](ctx context.Context, db *stage) (*coordinator.Coordinator, []*nodes.Node[T, uuid.UUID], error) {
	c, err := coordinator.New(db.Dialect, nil)
	if err != nil {
		return nil, nil, err
	}
	all := make([]*nodes.Node[T, uuid.UUID], evolveTables)
	for i := range all {
		if all[i], err = coordinator.Register[T, uuid.UUID](c, db.table(evolveName(i))...); err != nil {
			return nil, nil, errors.Join(err, c.Close(context.WithoutCancel(ctx)))
		}
	}
	return c, all, nil
}

// storm is the coming of the new version: every goroutine writes one row, all at once, and the first use changes the
// tables. The former version writes on beside them.
func (e *evolution) storm(ctx context.Context, next []*nodes.Node[NoteV2, uuid.UUID], former []*noteNode) {
	var (
		writers sync.WaitGroup
		mu      sync.Mutex
		start   = make(chan struct{})
	)
	write := func(count *int64, create func() error) {
		writers.Go(func() {
			<-start
			err := create()
			mu.Lock()
			defer mu.Unlock()
			e.answered(count, err)
		})
	}
	subtitle := "the new version wrote this"
	for i := range evolveGoroutines {
		note := &NoteV2{ID: uuid.New(), Title: fmt.Sprintf("note %d", i), Subtitle: &subtitle}
		write(&e.new, func() error { return next[i%evolveTables].Create(ctx, note) })
	}
	for i := range evolveLate {
		write(&e.late, func() error { return former[i%evolveTables].Create(ctx, newNote(i)) })
	}
	began := time.Now()
	close(start)
	writers.Wait()
	e.took = time.Since(began)
}

// answered counts one create.
func (e *evolution) answered(count *int64, err error) {
	if err != nil {
		e.failed, e.failure = e.failed+1, err
		return
	}
	*count++
}

// changedOnce counts the tables that were made once and changed once, by the database's own history.
func changedOnce(ctx context.Context, db *stage) (n int, err error) {
	for i := range evolveTables {
		migrations, err := db.migrations(ctx, db.ref(evolveName(i)))
		if err != nil {
			return 0, err
		}
		if migrations == 2 {
			n++
		}
	}
	return n, nil
}

// count asks the database what is really there.
func (e *evolution) count(ctx context.Context, db *stage) (err error) {
	if e.settled, err = changedOnce(ctx, db); err != nil {
		return err
	}
	for i := range evolveTables {
		rows, err := db.rows(ctx, db.ref(evolveName(i)))
		if err != nil {
			return err
		}
		filled, err := db.rowsWhere(ctx, db.ref(evolveName(i)), "language = 'en'")
		if err != nil {
			return err
		}
		e.rows, e.filled = e.rows+rows, e.filled+filled
	}
	return nil
}

func (e *evolution) promises() []promise {
	written := e.old + e.new + e.late
	seen := fmt.Sprintf("both versions saw %s in %s creates", plural(e.failed, "error"), number(written+e.failed))
	if e.failure != nil {
		seen += ": " + e.failure.Error()
	}
	return []promise{
		expect(e.failed == 0 && e.new == evolveGoroutines, "%s", seen),
		expect(e.changed == evolveTables, "%d of %d tables were changed exactly once, on first use by the new version",
			e.changed, evolveTables),
		expect(e.rows == written && e.filled == written, "%s of %s rows are there, %s with the new column's default",
			number(e.rows), number(written), number(e.filled)),
		expect(e.behind == evolveTables, "started again, the former version is behind on %d of %d tables, and works",
			e.behind, evolveTables),
		expect(e.settled == evolveTables, "it changed nothing back: %d of %d tables have no further migration",
			e.settled, evolveTables),
	}
}

func evolveName(i int) string { return fmt.Sprintf("evolving_%d", i+1) }
