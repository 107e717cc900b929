package match

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// herds are many that use the same missing tables at the same moment, each to store one row.
func herds(_ context.Context, g *ground, cfg Config) (*stage, error) {
	s := &stage{}
	h := cfg.Sizes.Herd
	inside := func(ctx context.Context, p *plot, c peer.Contestant) (Sample, error) {
		return herdInside(ctx, c, task{Site: p.Site, Tables: h.Tables, Goroutines: h.Goroutines})
	}
	across := func(ctx context.Context, p *plot, c peer.Contestant) (Sample, error) {
		return herdAcross(ctx, task{Contestant: c.Name, Site: p.Site, Tables: h.Tables, Goroutines: h.Each}, h.Processes)
	}
	for _, database := range cfg.Databases {
		add := func(by string, run func(context.Context, *plot, peer.Contestant) (Sample, error)) {
			s.contests = append(s.contests, contest{
				Cell: Cell{
					Scenario: "herd", Database: database, Unit: Milliseconds,
					Name: fmt.Sprintf("first use of %d tables by %s", h.Tables, by),
				},
				contestants: peer.Named(true),
				run: func(ctx context.Context, c peer.Contestant, _ time.Duration) (Sample, error) {
					return g.herd(ctx, database, c, h.Tables, run)
				},
			})
		}
		add(goroutines(h.Goroutines), inside)
		add(fmt.Sprintf("%d processes × %d", h.Processes, h.Each), across)
	}
	return s, nil
}

// herd runs one and holds the database against what was acknowledged.
func (g *ground) herd(ctx context.Context, database peer.Database, c peer.Contestant, tables int,
	run func(context.Context, *plot, peer.Contestant) (Sample, error),
) (sample Sample, err error) {
	p, err := g.plot(ctx, database, "NORMAL")
	if err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, p.clear(ctx)) }()
	watched, err := p.judge.watch(ctx, p.judge)
	if err != nil {
		return sample, err
	}
	sample, err = run(ctx, p, c)
	ddl, failed := watched(ctx) // ends the watch in any case
	if err = errors.Join(err, failed); err != nil {
		return sample, err
	}
	sample.DDL = ddl
	rows, err := p.judge.orders(ctx, names(tables))
	if err == nil && (int64(rows) < sample.Done || int64(rows) > sample.Done+sample.Failed) {
		err = fmt.Errorf("%w: %v rows, %d acknowledged", ErrMismatch, rows, sample.Done)
	}
	return sample, err
}

// task is what one process of a herd has to do.
type task struct {
	Contestant string
	Site       peer.Site
	Tables     int
	Goroutines int
	Number     int // of the process
}

func herdInside(ctx context.Context, c peer.Contestant, t task) (sample Sample, err error) {
	orders, err := c.Orders(ctx, t.Site, names(t.Tables))
	if err != nil {
		return sample, err
	}
	defer func() { err = errors.Join(err, orders.Close()) }()
	begin := time.Now()
	sample = t.stampede(ctx, orders)
	sample.Value = milliseconds(time.Since(begin))
	return sample, nil
}

// stampede has each goroutine store one row in one of the tables, all at once.
func (t task) stampede(ctx context.Context, orders peer.Orders) Sample {
	tables := names(t.Tables)
	var done, failed atomic.Int64
	var first atomic.Pointer[error]
	var running sync.WaitGroup
	for n := range t.Goroutines {
		running.Go(func() {
			err := orders.Add(ctx, tables[n%len(tables)], peer.NewOrder(fmt.Sprintf("%d-%d", t.Number, n)))
			if err == nil {
				done.Add(1)
				return
			}
			failed.Add(1)
			first.CompareAndSwap(nil, &err)
		})
	}
	running.Wait()
	sample := Sample{Done: done.Load(), Failed: failed.Load()}
	if err := first.Load(); err != nil {
		sample.Error = (*err).Error()
	}
	return sample
}

// herdAcross has several processes do so. Their clock begins when all are connected and told to go.
func herdAcross(ctx context.Context, t task, processes int) (sample Sample, err error) {
	var started []*fleet.Process
	defer func() {
		for _, p := range started {
			err = errors.Join(err, p.End())
		}
	}()
	for t.Number = range processes {
		p, err := fleet.Start(ctx, role, t)
		if err != nil {
			return sample, err
		}
		started = append(started, p)
	}
	for _, p := range started {
		var ready bool
		if err := p.Hear(&ready); err != nil {
			return sample, err
		}
	}
	begin := time.Now()
	for _, p := range started {
		if err := p.Say(true); err != nil {
			return sample, err
		}
	}
	for _, p := range started {
		var part Sample
		if err := p.Hear(&part); err != nil {
			return sample, err
		}
		sample.Done, sample.Failed = sample.Done+part.Done, sample.Failed+part.Failed
		if sample.Error == "" {
			sample.Error = part.Error
		}
	}
	sample.Value = milliseconds(time.Since(begin))
	return sample, nil
}

const role = "herd"

// Roles are what this program's own workers do; see fleet.Main.
func Roles() map[string]fleet.Role { return map[string]fleet.Role{role: herdWorker} }

func herdWorker(ctx context.Context, w *fleet.Worker) (err error) {
	var t task
	if err := w.Task(&t); err != nil {
		return err
	}
	orders, err := peer.Named(true, t.Contestant)[0].Orders(ctx, t.Site, names(t.Tables))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, orders.Close()) }()
	if err := w.Say(true); err != nil {
		return err
	}
	var begin bool
	if err := w.Hear(&begin); err != nil {
		return err
	}
	return w.Say(t.stampede(ctx, orders))
}
