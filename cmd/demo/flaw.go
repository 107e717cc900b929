package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/baseline"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Note is the one model of the story; it serves every table of it.
type Note struct {
	ID        uuid.UUID `db:"id"         schema:"pk"`
	Author    string    `db:"author"     schema:"size=80,index"`
	Title     string    `db:"title"      schema:"size=200"`
	Pages     int       `db:"pages"      schema:"check=pages >= 0"`
	CreatedAt time.Time `db:"created_at" schema:"created"`
}

type noteNode = nodes.Node[Note, uuid.UUID]

func newNote(i int) *Note {
	return &Note{ID: uuid.New(), Author: fmt.Sprintf("author %d", i%100), Title: fmt.Sprintf("note %d", i), Pages: i}
}

// creates is how many rows the flaw chapter writes each way.
const creates = 3

// flawChapter writes three rows with a check before every operation, and three through the coordinator.
func flawChapter(ctx context.Context, s *screen, db *stage, _ options) ([]promise, error) {
	s.heading("1  Three creates")
	s.say("   The table is looked at before every operation, or once.")
	// Both sides find the ledger made and connections open.
	if err := prepare(ctx, db); err != nil {
		return nil, err
	}

	model, err := schema.TableOf[Note](db.table("notes_checked")...)
	if err != nil {
		return nil, err
	}
	gate := baseline.NewGate(db.Dialect, model, "demo")
	checked, err := nodes.New[Note, uuid.UUID](db.Dialect, model, gate)
	if err != nil {
		return nil, err
	}
	s.progress("with a check before every create")
	before, err := timeCreates(ctx, checked)
	if err != nil {
		return nil, fmt.Errorf("baseline: %w", err)
	}

	c, err := coordinator.New(db.Dialect, nil)
	if err != nil {
		return nil, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	remembered, err := coordinator.Register[Note, uuid.UUID](c, db.table("notes")...)
	if err != nil {
		return nil, err
	}
	s.progress("through the coordinator")
	after, err := timeCreates(ctx, remembered)
	if err != nil {
		return nil, err
	}
	status := c.Status()[0]
	showCreates(s, before, after)
	return flawPromises(ctx, db, gate.Checks(), status)
}

// flawPromises holds what was seen against the database.
func flawPromises(ctx context.Context, db *stage, checks int64, status schema.Status) ([]promise, error) {
	rows, err := db.rows(ctx, db.ref("notes"))
	if err != nil {
		return nil, err
	}
	made, err := db.migrations(ctx, db.ref("notes"))
	if err != nil {
		return nil, err
	}
	return []promise{
		expect(status.Attempts == 1, "the coordinator looked at the table %s, the baseline %s",
			times(status.Attempts), times(checks)),
		expect(status.Asks == 1, "the first create asked the schema actor, the others sent no message"),
		expect(made == 1, "the history counts %s", plural(made, "migration")),
		expect(rows == creates, "%s of %d rows are in the table", number(rows), creates),
	}, nil
}

// prepare makes one table and writes a row.
func prepare(ctx context.Context, db *stage) error {
	c, err := coordinator.New(db.Dialect, nil)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx))
	node, err := coordinator.Register[Note, uuid.UUID](c, db.table("preface")...)
	if err != nil {
		return err
	}
	return node.Create(ctx, newNote(0))
}

func timeCreates(ctx context.Context, node *noteNode) ([creates]time.Duration, error) {
	var took [creates]time.Duration
	for i := range took {
		began := time.Now()
		if err := node.Create(ctx, newNote(i)); err != nil {
			return took, err
		}
		took[i] = time.Since(began)
	}
	return took, nil
}

func showCreates(s *screen, before, after [creates]time.Duration) {
	head, slow, fast, factor := []string{""}, []string{"check every operation"}, []string{"coordinator"}, []string{"ratio"}
	var slowSum, fastSum time.Duration
	for i := range creates {
		head = append(head, fmt.Sprintf("create %d", i+1))
		slow = append(slow, span(before[i]))
		fast = append(fast, span(after[i]))
		factor = append(factor, ratio(before[i], after[i]))
		slowSum += before[i]
		fastSum += after[i]
	}
	s.table(
		append(head, "together"), append(slow, span(slowSum)), append(fast, span(fastSum)),
		append(factor, ratio(slowSum, fastSum)),
	)
}

func times(n int64) string {
	switch n {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return number(n) + " times"
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return number(n) + " " + noun + "s"
}
