package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// checkTimeout bounds all that comes after the load: the verdict, and then the cleaning up.
const checkTimeout = 10 * time.Minute

// Run puts a database under load and judges it. Where ctx ends early the load does, and is judged as far as it went. An error
// says that there is no verdict: an *InputError for what the Config has wrong, others for a database that cannot be used.
// What the run has made is removed at the end, also where there is an error.
func Run(ctx context.Context, cfg Config) (_ *Report, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	s, err := openSite(ctx, cfg.Database)
	if err != nil {
		return nil, err
	}
	r := &run{cfg: &cfg, site: s}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
		defer cancel()
		kept, closeErr := s.close(ctx, cfg.Keep)
		if closeErr != nil {
			err = errors.Join(err, fmt.Errorf("clean up: %w", closeErr))
		} else if r.report != nil {
			r.report.Kept = kept
		}
	}()
	folder, err := os.MkdirTemp("", "schemactor-loadtest-notes-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	if err := r.load(ctx, folder); err != nil {
		return nil, err
	}
	if err := r.judge(ctx, folder); err != nil {
		return nil, err
	}
	return r.report, nil
}

// run is one Run under way.
type run struct {
	cfg    *Config
	site   *site
	report *Report

	supervisor *supervisor
	began      time.Time
	sampled    time.Time // when the last sample was taken
}

// load starts the workers and lets them write for as long as they may.
func (r *run) load(ctx context.Context, folder string) error {
	v := newSupervisor(r.cfg, r.site, folder)
	r.supervisor = v
	if err := v.start(ctx); err != nil {
		v.end()
		return err
	}
	if r.cfg.Begun != nil {
		r.cfg.Begun(r.site.label)
	}
	r.began = time.Now()
	r.sampled = r.began
	close(v.begin)

	during, over := context.WithTimeout(ctx, r.cfg.Duration)
	var others sync.WaitGroup
	if r.cfg.KillEvery > 0 {
		others.Go(func() { v.disturb(during) })
	}
	r.watch(during)
	over()
	others.Wait()
	v.end()
	r.report = &Report{
		Database: r.site.label, Writers: r.cfg.Writers, Tables: r.cfg.Tables, Processes: r.cfg.Processes, Seed: r.cfg.Seed,
		Elapsed: time.Since(r.began), Interrupted: ctx.Err() != nil,
		Counts: v.total.counts, Faults: v.total.faults, Kills: v.kills.Load(),
		P50: percentile(v.total, 50), P99: percentile(v.total, 99), Max: percentile(v.total, 100),
	}
	return nil
}

func (r *run) judge(ctx context.Context, folder string) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	if r.report.Ready, r.report.Migrations, err = r.site.progress(ctx); err != nil {
		return err
	}
	r.report.Verdict, r.report.Unsaid, err = judge(ctx, r.site, r.cfg, folder)
	return err
}

// watch takes samples until the load is over.
func (r *run) watch(ctx context.Context) {
	interval := r.cfg.Interval
	if interval <= 0 {
		interval = time.Second
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var last Sample
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if r.cfg.Live != nil {
			last = r.sample(ctx, last)
			r.cfg.Live(last)
		}
	}
}

func (r *run) sample(ctx context.Context, last Sample) Sample {
	v, now := r.supervisor, time.Now()
	s := Sample{Elapsed: now.Sub(r.began), Kills: v.kills.Load(), Tables: last.Tables, Migrations: last.Migrations}
	v.total.mu.Lock()
	s.Counts, s.Errors = v.total.counts, v.total.errors()
	v.total.mu.Unlock()
	s.P50, s.P99 = percentile(v.recent, 50), percentile(v.recent, 99)
	s.Rate = float64(v.recent.forget().Creates) / now.Sub(r.sampled).Seconds()
	r.sampled = now
	// A database that is too busy to be asked has the numbers of before.
	if tables, migrations, err := r.site.progress(ctx); err == nil {
		s.Tables, s.Migrations = tables, migrations
	}
	return s
}

func percentile(t *tally, p float64) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Duration(t.latency.ValueAtPercentile(p)) * time.Microsecond
}

// forget empties the tally and gives what it counted.
func (t *tally) forget() Counts {
	t.mu.Lock()
	defer t.mu.Unlock()
	counts := t.counts
	t.counts, t.faults = Counts{}, nil
	t.latency.Reset()
	return counts
}
