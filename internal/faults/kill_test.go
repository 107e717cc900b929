package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// killers is how many programs are killed at the same time.
const killers = 3

// killDice give the same throws for the same SCHEMACTOR_SEED, which is told where it is not given.
func killDice(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("SCHEMACTOR_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("SCHEMACTOR_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// A program is killed at every point of the cold path: the next one has its tables, with no other step, and the database
// is as if nobody had been killed.
func TestKilledAtEveryPoint(t *testing.T) {
	beside(t)
	dice := killDice(t)
	table := &toll{head: []string{"database", "scenario", "phase"}}
	eachSite(t, func(t *testing.T, s *site) {
		for _, sc := range scenarios() {
			t.Run(sc.name, func(t *testing.T) {
				way := s.way(t, &sc)
				for _, p := range way {
					table.note(func(l *tollLine) { l.points++ }, s.name, sc.name, string(p.Phase))
				}
				stride := 1
				if !long() && (s.name != "sqlite" || sc.base != baseEmpty) {
					stride = max(1, len(way)/5)
				}
				group, ctx := errgroup.WithContext(t.Context())
				group.SetLimit(killers)
				for n := dice.IntN(stride); n < len(way); n += stride {
					group.Go(func() error {
						took, err := s.killAt(ctx, &sc, way[n], n%2 == 1)
						if err != nil {
							return fmt.Errorf("killed at point %d, %v (%d): %w", n, way[n], way[n].Nth, err)
						}
						table.note(func(l *tollLine) {
							l.kills++
							l.recovered = append(l.recovered, took)
							if way[n].Phase != phaseRows {
								l.midway++
							}
						}, s.name, sc.name, string(way[n].Phase))
						return nil
					})
				}
				require.NoError(t, group.Wait())
			})
		}
	})
	if long() {
		fmt.Printf("killed at every point\n%v\n", table)
	}
	fmt.Printf("killed at every point\n%v\n", table.by(2))
}

// way runs a scenario to its end and gives its points.
func (s *site) way(t *testing.T, sc *scenario) []point {
	address, back, err := s.take(t.Context(), sc)
	require.NoError(t, err)
	defer func() { require.NoError(t, back()) }()
	p, err := fleet.Start(t.Context(), "victim", victimTask{Address: address, Scenario: sc.name, First: victimRows, Points: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.Kill()) }()
	var said victimSays
	require.NoError(t, p.Hear(&said))
	require.NoError(t, p.End())
	for _, phase := range []schema.Phase{
		schema.PhaseSurvey, schema.PhaseDependencies, schema.PhaseLedger, schema.PhaseLock, schema.PhaseInspect, schema.PhaseApply,
		schema.PhaseVerify, schema.PhaseRecord, schema.PhaseCommit, schema.PhasePublish,
	} {
		found := false
		for _, p := range said.Points {
			found = found || p.Phase == phase
		}
		require.True(t, found, "no point in phase %s", phase)
	}
	return said.Points
}

// killAt kills a program at a point, and recovers. Another one may write in between.
func (s *site) killAt(ctx context.Context, sc *scenario, at point, visited bool) (took time.Duration, err error) {
	address, back, err := s.take(ctx, sc)
	if err != nil {
		return 0, err
	}
	defer func() {
		if given := back(); err == nil {
			err = given
		}
	}()
	p, err := fleet.Start(ctx, "victim", victimTask{Address: address, Scenario: sc.name, First: victimRows, Points: true, Stop: at})
	if err != nil {
		return 0, err
	}
	defer func() { _ = p.Kill() }()
	var said victimSays
	if err := p.Hear(&said); err != nil {
		return 0, err
	}
	if !said.Stopped {
		return 0, fmt.Errorf("it did not come there")
	}
	a := &aftermath{scenario: sc, database: s.name, address: address, killed: time.Now()}
	if err := p.Kill(); err != nil {
		return 0, err
	}
	if err := a.look(ctx, visited && sc.visited); err != nil {
		return 0, err
	}
	return a.recover(ctx)
}

// look is what others find before anybody recovers.
func (a *aftermath) look(ctx context.Context, visited bool) error {
	d, err := openAt(ctx, a.address)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := whole(ctx, d); err != nil {
		return err
	}
	if visited {
		if err := a.visit(ctx, d); err != nil {
			return fmt.Errorf("a program of the older version: %w", err)
		}
	}
	return d.Close()
}
