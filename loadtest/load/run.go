package load

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// checkTimeout bounds all that comes after the load: the verdict, and then the cleaning up.
const checkTimeout = 10 * time.Minute

// Run puts a database under load and judges it. Where ctx ends early the load does, and is judged as far as it went. An error
// says that there is no verdict: an *InputError for what the Config has wrong, others for a database that cannot be used.
// What the run has made is removed at the end, also where there is an error.
func Run(ctx context.Context, cfg Config) (_ *Result, err error) {
	cfg.resolve()
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
		} else if r.result != nil {
			r.result.Kept = kept
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
	return r.result, nil
}

// run is one Run under way.
type run struct {
	cfg        *Config
	site       *site
	supervisor *supervisor
	result     *Result
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
	v.free()
	during, end := context.WithCancel(ctx)
	defer end()
	if r.cfg.Duration > 0 {
		during, end = context.WithTimeout(ctx, r.cfg.WarmUp+r.cfg.Duration)
		defer end()
	}
	disturbed := make(chan struct{})
	go func() { defer close(disturbed); v.disturb(during) }()
	r.watch(during)
	interrupted := ctx.Err() != nil
	end()
	<-disturbed
	v.end()
	r.result = newResult(r.cfg, v.record, interrupted)
	return nil
}

func (r *run) judge(ctx context.Context, folder string) (err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	run := &r.result.Run
	// A server that was restarted a moment ago has left connections behind that do not work any more.
	if err := insist(ctx, func() (err error) {
		run.Tables, run.Migrations, err = r.site.progress(ctx, r.cfg.Mode)
		return err
	}); err != nil {
		return err
	}
	run.Database = r.site.describe(ctx)
	accounts, err := readNotes(folder, r.cfg.Tables)
	if err != nil {
		return err
	}
	for i := range accounts {
		accounts[i].drops = r.supervisor.record.drops[i]
	}
	j := &judgement{site: r.site, cfg: r.cfg, accounts: accounts, shipped: r.supervisor.shipped}
	if r.result.Verdict, err = j.judge(ctx); err != nil {
		return err
	}
	run.Unsaid, r.result.Lost, r.result.judged = j.unsaid, j.lost, j
	r.result.promise()
	return nil
}

// watch looks how the run stands until the load is over.
func (r *run) watch(ctx context.Context) {
	record := r.supervisor.record
	interval := r.cfg.Interval
	if interval <= 0 {
		interval = time.Second
	}
	look, live := time.NewTicker(record.tick), time.NewTicker(interval)
	defer look.Stop()
	defer live.Stop()
	var last Sample
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.supervisor.over:
			return
		case <-look.C:
			r.look(ctx)
		case <-live.C:
			if r.cfg.Live != nil {
				last = record.sample(last)
				r.cfg.Live(last)
			}
		}
	}
}

// look asks the ledger. A database that is too busy to be asked, or is not there, has the numbers of before.
func (r *run) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.supervisor.record.tick)
	defer cancel()
	if tables, migrations, err := r.site.progress(ctx, r.cfg.Mode); err == nil {
		r.supervisor.record.looked(tables, migrations)
	}
}
