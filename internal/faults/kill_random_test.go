package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/schemactor/schemactor/internal/fleet"
)

// A program is killed at any moment whatever while others write, alone or while a rival is at the same tables.
func TestKilledAtRandomMoments(t *testing.T) {
	beside(t)
	dice := killDice(t)
	table := &toll{head: []string{"database", "scenario"}}
	eachSite(t, func(t *testing.T, s *site) {
		for _, sc := range scenarios() {
			t.Run(sc.name, func(t *testing.T) {
				whole := s.duration(t, &sc)
				group, ctx := errgroup.WithContext(t.Context())
				group.SetLimit(killers)
				for n := range size(1, 42) {
					after := time.Duration(dice.Int64N(int64(whole)))
					group.Go(func() error {
						h := &hunt{site: s, scenario: &sc, after: after, rivalled: n%3 == 1}
						took, err := h.run(ctx)
						if err != nil {
							return fmt.Errorf("killed after %v of %v, rivalled %v: %w", after, whole, h.rivalled, err)
						}
						table.note(func(l *tollLine) {
							l.points, l.kills = l.points+1, l.kills+1
							l.recovered = append(l.recovered, took)
							if h.victim.ready == 0 {
								l.midway++
							}
						}, s.name, sc.name)
						return nil
					})
				}
				require.NoError(t, group.Wait())
			})
		}
	})
	fmt.Printf("killed at random moments\n%v\n", table)
}

// duration is how long a scenario mostly takes a program from its beginning to its tables, while as much goes on as when
// one is killed.
func (s *site) duration(t *testing.T, sc *scenario) time.Duration {
	took := make([]time.Duration, size(1, killers))
	group, ctx := errgroup.WithContext(t.Context())
	for i := range took {
		group.Go(func() error {
			h := &hunt{site: s, scenario: sc, after: -1}
			_, err := h.run(ctx)
			if err == nil {
				took[i] = h.victim.ready
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	slices.Sort(took)
	return took[len(took)/2]
}

// hunt is one program that is killed.
type hunt struct {
	*site
	*scenario
	after    time.Duration // its beginning; negative is when it has its tables
	rivalled bool

	address string
	victim  *prey
	rival   *prey
	writer  *killWriter
}

// run kills the program and recovers.
func (h *hunt) run(ctx context.Context) (took time.Duration, err error) {
	address, back, err := h.take(ctx, h.scenario)
	if err != nil {
		return 0, err
	}
	h.address = address
	defer func() {
		if given := back(); err == nil {
			err = given
		}
	}()
	if h.scenario.visited {
		if h.writer, err = startKillWriter(ctx, h.scenario, address); err != nil {
			return 0, err
		}
		defer h.writer.end()
	}
	if h.victim, err = startPrey(ctx, h.scenario, address, victimRows); err != nil {
		return 0, err
	}
	defer h.victim.kill()
	if h.rivalled {
		if h.rival, err = startPrey(ctx, h.scenario, address, rivalRows); err != nil {
			return 0, err
		}
		defer h.rival.kill()
	}
	if err := h.victim.wait(ctx, h.after); err != nil {
		return 0, err
	}
	a := &aftermath{scenario: h.scenario, database: h.site.name, address: address, killed: time.Now()}
	if err := h.victim.kill(); err != nil {
		return 0, err
	}
	a.settle = func(ctx context.Context) error { return h.settle(a) }
	return a.recover(ctx)
}

// settle ends the others and tells what they have written.
func (h *hunt) settle(a *aftermath) (err error) {
	a.keys = append(a.keys, h.victim.keys...)
	if h.rival != nil {
		if err := h.rival.end(); err != nil {
			return fmt.Errorf("the rival: %w", err)
		}
		a.keys = append(a.keys, h.rival.keys...)
	}
	if h.writer != nil {
		a.written, err = h.writer.end()
	}
	return err
}

// prey is a running program that is listened to.
type prey struct {
	process *fleet.Process
	ready   time.Duration // after it has begun, it had its tables; 0 if it never had
	keys    []int64
	begun   chan struct{}
	has     chan struct{} // its tables
	ended   chan struct{} // says nothing more
	err     error         // why, if not because it was told to go
	done    bool
}

func startPrey(ctx context.Context, sc *scenario, address string, first int64) (*prey, error) {
	process, err := fleet.Start(ctx, "victim", victimTask{Address: address, Scenario: sc.name, First: first})
	if err != nil {
		return nil, err
	}
	p := &prey{process: process, begun: make(chan struct{}), has: make(chan struct{}), ended: make(chan struct{})}
	go p.listen()
	return p, nil
}

func (p *prey) listen() {
	defer close(p.ended)
	for !p.done {
		var said victimSays
		if p.err = p.process.Hear(&said); p.err != nil {
			return
		}
		if said.Begun {
			close(p.begun)
		}
		if said.Ready > 0 {
			p.ready = said.Ready
			close(p.has)
		}
		if said.Row > 0 {
			p.keys = append(p.keys, said.Row)
		}
		p.done = said.Done
	}
}

// wait waits for a time after the beginning.
func (p *prey) wait(ctx context.Context, after time.Duration) error {
	moment := p.has
	if after >= 0 {
		moment = p.begun
	}
	select {
	case <-moment:
	case <-p.ended:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	timer := time.NewTimer(max(after, 0))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-p.ended:
		return p.err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// kill ends it as kill -9 does.
func (p *prey) kill() error {
	err := p.process.Kill()
	<-p.ended
	return err
}

// end has it go.
func (p *prey) end() error {
	if err := p.process.Say(victimOrder{Go: true}); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		return err
	}
	<-p.ended
	if !p.done {
		return p.err
	}
	return p.process.End()
}
