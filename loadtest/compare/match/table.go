package match

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// table is a contestant at its own table of people.
type table struct {
	*plot
	peer.People
	seeded int // rows that the judge has stored; -1 once a contestant has changed the table
}

// table opens a database for a contestant and has the table of people made.
func (g *ground) table(ctx context.Context, c peer.Contestant, database peer.Database, synchronous string) (*table, error) {
	p, err := g.plot(ctx, database, synchronous)
	if err != nil {
		return nil, err
	}
	if !c.MakesPeople {
		err = p.judge.run(ctx, peer.PeopleTable(database)...)
	}
	if err == nil {
		var people peer.People
		if people, err = c.People(ctx, p.Site); err == nil {
			return &table{plot: p, People: people, seeded: -1}, nil
		}
	}
	return nil, errors.Join(err, p.clear(ctx))
}

// leave closes the contestant's connections and removes the database.
func (t *table) leave(ctx context.Context) error {
	return errors.Join(t.Close(), t.clear(ctx))
}

// fresh has the table hold n rows of the judge's and nothing else.
func (t *table) fresh(ctx context.Context, n int) error {
	if t.seeded == n {
		return nil
	}
	t.seeded = n
	return t.judge.seed(ctx, n)
}

// tables are the contestants' tables of one stage.
type tables map[string]*table

// open opens one for each contestant, and has the stage close them.
func (s *stage) open(ctx context.Context, g *ground, cs []peer.Contestant, database peer.Database, synchronous string) (tables, error) {
	out := tables{}
	for _, c := range cs {
		t, err := g.table(ctx, c, database, synchronous)
		if err != nil {
			return nil, errors.Join(err, s.leave(ctx))
		}
		out[c.Name] = t
		s.closing = append(s.closing, t.leave)
	}
	return out, nil
}

// leave closes all that the stage stands on.
func (s *stage) leave(ctx context.Context) error {
	var failed error
	for _, closing := range s.closing {
		failed = errors.Join(failed, closing(ctx))
	}
	s.closing = nil
	return failed
}
