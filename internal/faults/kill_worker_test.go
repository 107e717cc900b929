package faults_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
)

// victimTask is one run of a scenario.
type victimTask struct {
	Address, Scenario string
	First             int64 // key of the first row that it writes
	Points            bool  // it tells its points, of which it stops for ever at Stop
	Stop              point
}

// victimSays is what a victim tells.
type victimSays struct {
	Begun   bool          // it has opened its database
	Stopped bool          // it is at its point
	Points  []point       // the points it has passed, at its end
	Ready   time.Duration // it has its tables, so long after it has begun
	Row     int64         // it was told to have this row
	Done    bool          // it goes
}

// victimOrder tells a victim to go.
type victimOrder struct{ Go bool }

func killRoles() map[string]fleet.Role { return map[string]fleet.Role{"victim": victim} }

// victim runs a scenario: past its points, or as any program that goes on writing rows until it is told to go.
func victim(ctx context.Context, w *fleet.Worker) error {
	var task victimTask
	if err := w.Task(&task); err != nil {
		return err
	}
	for _, s := range scenarios() {
		switch {
		case s.name != task.Scenario:
		case task.Points:
			return passPoints(ctx, w, &s, task)
		default:
			return serveRows(ctx, w, &s, task)
		}
	}
	return fmt.Errorf("no scenario %q", task.Scenario)
}

// passPoints stops for ever at its point, in the middle of whatever it is doing. News are off: what is heard in the
// background would mix its points with those of the way.
func passPoints(ctx context.Context, w *fleet.Worker, s *scenario, task victimTask) error {
	way := newPath(task.Stop, func() { _ = w.Say(victimSays{Stopped: true}) })
	d, err := way.open(ctx, task.Address)
	if err != nil {
		return err
	}
	p, err := s.program(d, coordinator.Config{News: coordinator.NewsOff, Listener: way.listener()})
	if err != nil {
		return err
	}
	if err := p.use(ctx, task.First); err != nil {
		return err
	}
	if err := p.end(ctx, d); err != nil {
		return err
	}
	return w.Say(victimSays{Points: way.way})
}

func (p *killProgram) end(ctx context.Context, d dialect.Dialect) error {
	return errors.Join(p.coordinator.Close(context.WithoutCancel(ctx)), d.Close())
}

// serveRows tells each row that it has.
func serveRows(ctx context.Context, w *fleet.Worker, s *scenario, task victimTask) error {
	d, err := openAt(ctx, task.Address)
	if err != nil {
		return err
	}
	p, err := s.program(d, coordinator.Config{})
	if err != nil {
		return err
	}
	if err := w.Say(victimSays{Begun: true}); err != nil {
		return err
	}
	began := time.Now()
	if err := p.use(ctx, task.First); err != nil {
		return err
	}
	if err := w.Say(victimSays{Ready: time.Since(began), Row: task.First}); err != nil {
		return err
	}
	if err := p.goOn(ctx, w, task.First+1); err != nil {
		return err
	}
	if err := p.end(ctx, d); err != nil {
		return err
	}
	return w.Say(victimSays{Done: true})
}

// goOn writes rows until it is told to go.
func (p *killProgram) goOn(ctx context.Context, w *fleet.Worker, id int64) error {
	ordered := make(chan error, 1)
	go func() { ordered <- w.Hear(&victimOrder{}) }()
	pace := time.NewTicker(killPace)
	defer pace.Stop()
	for ; ; id++ {
		select {
		case err := <-ordered:
			return err
		case <-pace.C:
		}
		if err := p.goods(ctx, id); err != nil {
			return err
		}
		if err := w.Say(victimSays{Row: id}); err != nil {
			return err
		}
	}
}
