package match

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// errTooLong is a start that would take more of the budget than it may.
var errTooLong = errors.New("it would take too long")

// longest is the part of the budget that one start may take.
const longest = 15

// forecast tells how long a start takes from the same one with fewer tables.
type forecast map[string]float64 // ms for each table, by contestant and kind

// tooLong never says so of those whom the others are held against.
func (f forecast) tooLong(cfg Config, kind string, c peer.Contestant, tables int) bool {
	if c.Name == peer.Bare || c.Name == peer.Limit || c.Name == peer.Own {
		return false
	}
	return f[kind+c.Name]*float64(tables) > milliseconds(cfg.Budget/longest)
}

// starts are programs with many tables that begin where none is there, and where all are.
func starts(_ context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	for _, database := range cfg.Databases {
		f := forecast{}
		for _, n := range cfg.Sizes.Tables {
			plots := map[string]*plot{}
			s.closing = append(s.closing, func(ctx context.Context) error {
				var failed error
				for _, p := range plots {
					failed = errors.Join(failed, p.clear(ctx))
				}
				return failed
			})
			add := func(kind string, run func(context.Context, peer.Contestant, time.Duration) (Sample, error)) {
				s.start(fmt.Sprintf("%s, %d tables", kind, n), database, func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
					if f.tooLong(cfg, kind, c, n) {
						return Sample{}, errTooLong
					}
					sample, err := run(ctx, c, length)
					f[kind+c.Name] = sample.Value / float64(n)
					return sample, err
				})
			}
			add("cold start", func(ctx context.Context, c peer.Contestant, _ time.Duration) (Sample, error) {
				p, err := g.plot(ctx, database, "NORMAL")
				if err != nil {
					return Sample{}, err
				}
				p.spent, plots[c.Name] = true, p
				return p.begin(ctx, c, n)
			})
			add("restart", func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error) {
				p, there := plots[c.Name]
				if !there { // its cold start was left out
					return Sample{}, errTooLong
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
	return sample, p.judge.complete(ctx, n)
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
