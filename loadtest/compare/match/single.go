package match

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

const (
	seeds  = 1024 // rows that are read and updated; the number of goroutines divides it
	listed = 100  // rows of a list

	// So many rows are there to be deleted for each second of the cell.
	deletions    = 200_000
	maxDeletions = 300_000
)

// action is one kind of operation on single rows: how to do it, and how to see in the database that it was done.
type action struct {
	name  string
	seeds func(length time.Duration) int // rows that are there before
	begin func(b bout) (operation, verdict)
}

// bout is what an action works on.
type bout struct {
	*table
	keys       *keys
	rows       int // of the judge's
	goroutines int
}

// verdict holds the database against how many calls were acknowledged, and how many failed.
type verdict func(ctx context.Context, done, failed int64) error

func actions() []action {
	few := func(time.Duration) int { return seeds }
	return []action{
		{"create", func(time.Duration) int { return 0 }, creating},
		{"read", few, reading},
		{"list of 100", few, listing},
		{"update", few, updating},
		{"delete", func(length time.Duration) int {
			return min(maxDeletions, max(seeds, int(deletions*length.Seconds())))
		}, deleting},
	}
}

func creating(b bout) (operation, verdict) {
	b.seeded = -1
	age := int64(36)
	op := func(ctx context.Context, _, _ int) error { return b.Create(ctx, b.keys.person(&age)) }
	return op, func(ctx context.Context, done, failed int64) error {
		return b.judge.expect(ctx, float64(int64(b.rows)+done), failed, "SELECT count(*) FROM people")
	}
}

func reading(b bout) (operation, verdict) {
	ids, emails := seeded(b.rows)
	op := func(ctx context.Context, worker, i int) error {
		at := (worker*37 + i*13) % b.rows
		email, err := b.Get(ctx, ids[at])
		if err == nil && email != emails[at] {
			err = errors.New("another row was read")
		}
		return err
	}
	return op, b.unchanged()
}

func listing(b bout) (operation, verdict) {
	op := func(ctx context.Context, _, _ int) error {
		n, err := b.List(ctx, listed)
		if err == nil && n != min(listed, b.rows) {
			err = fmt.Errorf("%d rows were listed", n)
		}
		return err
	}
	return op, b.unchanged()
}

func (b bout) unchanged() verdict {
	return func(ctx context.Context, _, _ int64) error {
		return b.judge.expect(ctx, float64(b.rows), 0, "SELECT count(*) FROM people")
	}
}

// updating has each goroutine write a number that grows into rows of its own; the sum tells whether the last one of each
// row is there.
func updating(b bout) (operation, verdict) {
	b.seeded = -1
	ids, emails := seeded(b.rows)
	scores := make([]float64, b.rows)
	var calls atomic.Int64
	age := int64(40)
	op := func(ctx context.Context, worker, i int) error {
		at := (worker + i*b.goroutines) % b.rows
		score := float64(calls.Add(1))
		err := b.Update(ctx, &peer.Person{ID: ids[at], Email: emails[at], Name: "Grace Hopper", Age: &age, Score: score})
		if err == nil {
			scores[at] = score
		}
		return err
	}
	return op, func(ctx context.Context, _, failed int64) error {
		if failed > 0 { // it is not known which of these were stored
			return b.judge.expect(ctx, float64(b.rows), 0, "SELECT count(*) FROM people")
		}
		var sum float64
		for _, score := range scores {
			sum += score
		}
		return b.judge.expect(ctx, sum, 0, "SELECT sum(score) FROM people")
	}
}

func deleting(b bout) (operation, verdict) {
	b.seeded = -1
	ids, _ := seeded(b.rows)
	var next atomic.Int64
	op := func(ctx context.Context, _, _ int) error {
		at := int(next.Add(1)) - 1
		if at >= b.rows {
			return errStop
		}
		return b.Delete(ctx, ids[at])
	}
	return op, func(ctx context.Context, done, failed int64) error {
		return b.judge.expect(ctx, float64(int64(b.rows)-done-failed), failed, "SELECT count(*) FROM people")
	}
}

func seeded(rows int) (ids, emails []string) {
	ids, emails = make([]string, rows), make([]string, rows)
	for i := range ids {
		ids[i] = seedKey(i)
		emails[i] = ids[i] + "@example.org"
	}
	return ids, emails
}

// singles are the operations on single rows, by one goroutine and by many, and on SQLite under a context that cannot end
// and one that can.
func singles(ctx context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	for _, database := range cfg.Databases {
		contestants := peer.Named(false)
		contexts := []bool{false, true}
		if database != peer.SQLite {
			// The limit is the bare driver, but for rows that are created at the same time: those are the writers' scenario.
			contestants = without(contestants, peer.Limit)
			contexts = contexts[:1]
		}
		at, err := s.open(ctx, g, contestants, database, "NORMAL")
		if err != nil {
			return nil, err
		}
		for _, a := range actions() {
			for _, n := range cfg.Sizes.Goroutines {
				for _, cancelable := range contexts {
					s.single(at, a, pace{goroutines: n, cancelable: cancelable}, Cell{Scenario: "single", Database: database}, contestants, cfg)
				}
			}
		}
	}
	return s, nil
}

func (s *stage) single(at tables, a action, p pace, cell Cell, contestants []peer.Contestant, cfg Config) {
	cell.Unit, cell.Name = "calls/s", fmt.Sprintf("%s, %s", a.name, goroutines(p.goroutines))
	if p.cancelable {
		cell.Name += ", cancelable"
	}
	k := &keys{random: cfg.Random}
	s.contests = append(s.contests, contest{
		Cell: cell, contestants: contestants,
		run: func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
			return at[c.Name].run(ctx, a, p, k, length)
		},
	})
}

func goroutines(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", n)
}

// run warms a contestant up, drives it, and checks the database.
func (t *table) run(ctx context.Context, a action, p pace, k *keys, length time.Duration) (Sample, error) {
	b := bout{table: t, keys: k, rows: a.seeds(length), goroutines: p.goroutines}
	if err := t.fresh(ctx, b.rows); err != nil {
		return Sample{}, err
	}
	op, check := a.begin(b)
	warm := drive(p, length/warming, op)
	full := drive(p, length, op)
	sample := full.sampled()
	if p.goroutines == 1 {
		sample.allocated(full, a, p, k)
	}
	return sample, check(ctx, warm.done+full.done, warm.failed+full.failed)
}

// warming is the part of the time that a contestant may run before it counts.
const warming = 5
