package match

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// starts are programs with many tables that begin where none is there, and where all are.
func starts(_ context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	for _, database := range cfg.Databases {
		for _, n := range cfg.Sizes.Tables {
			plots := map[string]*plot{}
			s.closing = append(s.closing, func(ctx context.Context) error {
				var failed error
				for _, p := range plots {
					failed = errors.Join(failed, p.clear(ctx))
				}
				return failed
			})
			s.start(fmt.Sprintf("cold start, %d tables", n), database, func(ctx context.Context, c peer.Contestant, _ time.Duration) (Sample, error) {
				p, err := g.plot(ctx, database, "NORMAL")
				if err != nil {
					return Sample{}, err
				}
				p.spent, plots[c.Name] = true, p
				return p.begin(ctx, c, n)
			})
			s.start(fmt.Sprintf("restart, %d tables", n), database, func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
				p, there := plots[c.Name]
				if !there {
					return Sample{}, errors.New("there was no cold start")
				}
				return p.beginAgain(ctx, c, n, length)
			})
		}
	}
	return s, nil
}

func (s *stage) start(name string, database peer.Database, run func(context.Context, peer.Contestant, time.Duration) (Sample, error)) {
	s.contests = append(s.contests, contest{
		Cell:        Cell{Scenario: "start", Database: database, Name: name, Unit: Milliseconds},
		contestants: peer.Named(true), run: run,
	})
}

// begin is a program's start, from the opening of its first connection until its tables are ready.
func (p *plot) begin(ctx context.Context, c peer.Contestant, n int) (sample Sample, err error) {
	tables := names(n)
	begin := time.Now()
	orders, err := c.Orders(ctx, p.Site, tables)
	if err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, orders.Close()) }()
	if failed := orders.Ensure(ctx); failed != nil {
		return Sample{Value: milliseconds(time.Since(begin)), Failed: 1, Error: failed.Error()}, nil
	}
	sample = Sample{Value: milliseconds(time.Since(begin)), Done: 1}
	return sample, p.judge.tables(ctx, n)
}

// beginAgain is the median of as many starts as there is time for, an odd number.
func (p *plot) beginAgain(ctx context.Context, c peer.Contestant, n int, length time.Duration) (Sample, error) {
	var samples []Sample
	for begin := time.Now(); len(samples)%2 == 0 || time.Since(begin) < length; {
		sample, err := p.begin(ctx, c, n)
		if err != nil || sample.Failed > 0 {
			return sample, err
		}
		samples = append(samples, sample)
		if len(samples) == 1 && time.Since(begin) > length {
			break
		}
	}
	slices.SortFunc(samples, func(a, b Sample) int { return int(1000 * (a.Value - b.Value)) })
	return samples[len(samples)/2], nil
}

func milliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
