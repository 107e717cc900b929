package faults_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/schemactor/schemactor/internal/fleet"
)

// killers is how many programs are killed at the same time.
const killers = 3

// toll is what killing in one scenario has come to.
type toll struct {
	database, scenario string
	points, kills      int

	mu        sync.Mutex
	recovered []time.Duration
}

func (k *toll) add(took time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.recovered = append(k.recovered, took)
}

func (k *toll) String() string {
	slices.Sort(k.recovered)
	median, most := time.Duration(0), time.Duration(0)
	if n := len(k.recovered); n > 0 {
		median, most = k.recovered[n/2], k.recovered[n-1]
	}
	return fmt.Sprintf("%-9s %-9s %6d points %6d kills %6d recovered   time to recover: median %6s, at most %6s",
		k.database, k.scenario, k.points, k.kills, len(k.recovered), median.Round(time.Millisecond), most.Round(time.Millisecond))
}

// A program is killed at every point of the cold path: the next one has its tables, with no other step, and the database
// is as if nobody had been killed.
func TestKilledAtEveryPoint(t *testing.T) {
	var tolls []*toll
	eachSite(t, func(t *testing.T, s *site) {
		for _, sc := range scenarios() {
			t.Run(sc.name, func(t *testing.T) {
				names := s.undisturbed(t, &sc)
				k := &toll{database: s.name, scenario: sc.name, points: len(names)}
				tolls = append(tolls, k)
				stride := 1
				if !long() {
					stride = max(1, len(names)/5)
				}
				k.each(t, func(kill func(what string, once func(ctx context.Context) (time.Duration, error))) {
					for n := rand.IntN(stride); n < len(names); n += stride {
						kill(fmt.Sprintf("at point %d, %s", n, names[n]), func(ctx context.Context) (time.Duration, error) {
							return s.killAt(ctx, &sc, n)
						})
					}
				})
			})
		}
	})
	for _, k := range tolls {
		fmt.Println("   ", k)
	}
}

// A program is killed at any moment whatever, alone or while another one is at the same tables.
func TestKilledAtRandomMoments(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if given, err := strconv.ParseUint(os.Getenv("SCHEMACTOR_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("SCHEMACTOR_SEED=%d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var tolls []*toll
	eachSite(t, func(t *testing.T, s *site) {
		for _, sc := range scenarios() {
			t.Run(sc.name, func(t *testing.T) {
				began := time.Now()
				s.undisturbed(t, &sc)
				whole := time.Since(began)
				k := &toll{database: s.name, scenario: sc.name}
				tolls = append(tolls, k)
				k.each(t, func(kill func(what string, once func(ctx context.Context) (time.Duration, error))) {
					for n := range size(2, 50) {
						after := time.Duration(random.Int64N(int64(whole)))
						kill(fmt.Sprintf("after %v", after), func(ctx context.Context) (time.Duration, error) {
							return s.killAfter(ctx, &sc, after, n%3 == 0)
						})
					}
				})
			})
		}
	})
	for _, k := range tolls {
		fmt.Println("   ", k)
	}
}

// each kills several at a time, and fails with the first that did not recover.
func (k *toll) each(t *testing.T, all func(kill func(what string, once func(ctx context.Context) (time.Duration, error)))) {
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(killers)
	all(func(what string, once func(ctx context.Context) (time.Duration, error)) {
		k.kills++
		group.Go(func() error {
			took, err := once(ctx)
			if err != nil {
				return fmt.Errorf("killed %s: %w", what, err)
			}
			k.add(took)
			return nil
		})
	})
	require.NoError(t, group.Wait())
}

// undisturbed runs a scenario to its end and gives its points.
func (s *site) undisturbed(t *testing.T, sc *scenario) []string {
	address, remove, err := s.copy(t.Context(), sc)
	require.NoError(t, err)
	defer func() { require.NoError(t, remove()) }()
	p, err := fleet.Start(t.Context(), "victim", victimTask{Address: address, Scenario: sc.name, Stop: never})
	require.NoError(t, err)
	defer func() { _ = p.Kill() }()
	var said victimSays
	require.NoError(t, p.Hear(&said))
	require.True(t, said.Begun)
	require.NoError(t, p.Hear(&said))
	require.NoError(t, p.End())
	require.Greater(t, len(said.Points), 10)
	return said.Points
}

// killAt kills a program at its n-th point, and recovers.
func (s *site) killAt(ctx context.Context, sc *scenario, n int) (took time.Duration, err error) {
	address, remove, err := s.copy(ctx, sc)
	if err != nil {
		return 0, err
	}
	p, err := fleet.Start(ctx, "victim", victimTask{Address: address, Scenario: sc.name, Stop: n})
	if err != nil {
		return 0, err
	}
	defer func() { _ = p.Kill() }()
	var said victimSays
	for !said.Stopped {
		said = victimSays{}
		if err := p.Hear(&said); err != nil {
			return 0, err
		}
		if said.Points != nil {
			break // it was on its way to fewer points this time
		}
	}
	if err := p.Kill(); err != nil {
		return 0, err
	}
	if took, err = s.recover(ctx, sc, address); err != nil {
		return 0, err
	}
	return took, remove()
}

// killAfter kills a program some time after its beginning, and recovers. A rival wants the same tables meanwhile.
func (s *site) killAfter(ctx context.Context, sc *scenario, after time.Duration, rivalled bool) (took time.Duration, err error) {
	address, remove, err := s.copy(ctx, sc)
	if err != nil {
		return 0, err
	}
	task := victimTask{Address: address, Scenario: sc.name, Stop: never}
	p, err := fleet.Start(ctx, "victim", task)
	if err != nil {
		return 0, err
	}
	defer func() { _ = p.Kill() }()
	var rivals []*fleet.Process
	if rivalled {
		rival, err := fleet.Start(ctx, "victim", task)
		if err != nil {
			return 0, err
		}
		defer func() { _ = rival.Kill() }()
		rivals = append(rivals, rival)
	}
	var said victimSays
	if err := p.Hear(&said); err != nil {
		return 0, err
	}
	moment := time.NewTimer(after)
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	if err := p.Kill(); err != nil {
		return 0, err
	}
	if took, err = s.recover(ctx, sc, address, rivals...); err != nil {
		return 0, err
	}
	return took, remove()
}
