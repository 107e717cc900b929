package match

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"time"
)

const (
	minCellTime = 30 * time.Millisecond
	maxCellTime = 2 * time.Second

	// onceTime is how long what is done once may be repeated, where it is quick.
	onceTime = 50 * time.Millisecond

	// slow is a run that is left out of further rounds where they would not fit otherwise.
	slow = 700 * time.Millisecond
)

// Run runs all of it. What is measured up to an error, or the end of the context, is given too.
func Run(ctx context.Context, cfg Config) (result *Result, err error) {
	if cfg, err = cfg.Resolve(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "compare-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	r := &runner{
		cfg: cfg, ground: newGround(folder, cfg), result: &Result{},
		order: rand.New(rand.NewPCG(cfg.Seed, cfg.Seed)),
	}
	defer func() { err = errors.Join(err, r.ground.leave(ctx)) }()
	begin := time.Now()
	left := 0.0
	for _, s := range scenarios() {
		if slices.Contains(cfg.Scenarios, s.name) {
			left += s.share
		}
	}
	for _, s := range scenarios() {
		if !slices.Contains(cfg.Scenarios, s.name) {
			continue
		}
		remaining := cfg.Budget - time.Since(begin)
		if err := r.scenario(ctx, s, time.Duration(float64(remaining)*s.share/left)); err != nil {
			return r.result, err
		}
		left -= s.share
	}
	return r.result, nil
}

// runner goes through rounds.
type runner struct {
	cfg    Config
	ground *ground
	result *Result
	order  *rand.Rand
}

// scenario runs its rounds until they are done or their time is up, and one at least.
func (r *runner) scenario(ctx context.Context, s scenario, budget time.Duration) error {
	begin := time.Now()
	for round := range r.cfg.Rounds {
		all, quick := r.expected(s)
		left := budget - time.Since(begin)
		if round > 0 && left < quick {
			break
		}
		if err := r.round(ctx, s, round, budget, left < all); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// expected gives how long the next round will take, as the last runs did: with all of them, and without the slow ones.
func (r *runner) expected(s scenario) (all, quick time.Duration) {
	for _, row := range r.result.Rows {
		if row.Scenario != s.name {
			continue
		}
		for _, took := range row.took {
			all += took
			if took <= slow {
				quick += took
			}
		}
	}
	return all, quick
}

// round runs each cell once by each contestant; one that is short leaves slow ones out.
func (r *runner) round(ctx context.Context, s scenario, round int, budget time.Duration, short bool) (err error) {
	stage, err := s.build(ctx, r.ground, r.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.leave(ctx)) }()
	length := r.cellTime(s, stage, budget)
	for _, contest := range stage.contests {
		contestants := slices.Clone(contest.contestants)
		r.order.Shuffle(len(contestants), func(i, j int) { contestants[i], contestants[j] = contestants[j], contestants[i] })
		row := r.result.row(contest.Cell)
		fmt.Fprintf(r.cfg.Progress, "round %d of %d: %s on %s: %s\n", round+1, r.cfg.Rounds, s.name, contest.Database, contest.Name)
		for _, c := range contestants {
			if short && row.took[c.Name] > slow {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			runtime.GC() // nobody pays for what the one before has left
			begin := time.Now()
			sample, err := contest.run(ctx, c, length)
			if errors.Is(err, errTooLong) {
				fmt.Fprintf(r.cfg.Progress, "  %s: left out, for it would take too long\n", c.Name)
				continue
			}
			if err != nil {
				return fmt.Errorf("%s on %s: %s: %w", contest.Name, contest.Database, c.Name, err)
			}
			row.add(c.Name, sample, time.Since(begin))
			if sample.Failed > 0 {
				fmt.Fprintf(r.cfg.Progress, "  %s: %d errors: %s\n", c.Name, sample.Failed, sample.Error)
			}
		}
	}
	return nil
}

// cellTime divides a scenario's time among the runs of its rounds.
func (r *runner) cellTime(s scenario, stage *stage, budget time.Duration) time.Duration {
	if s.around == 0 {
		if r.cfg.CellTime > 0 {
			return min(onceTime, r.cfg.CellTime)
		}
		return onceTime
	}
	if r.cfg.CellTime > 0 {
		return r.cfg.CellTime
	}
	runs := 0
	for _, contest := range stage.contests {
		runs += len(contest.contestants)
	}
	each := budget/time.Duration(r.cfg.Rounds*runs) - s.around
	return min(maxCellTime, max(minCellTime, each*warming/(warming+1)))
}
