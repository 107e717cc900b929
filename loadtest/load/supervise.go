package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/internal/fleet"
)

// errWorker is a worker that did not go on though nobody had killed it.
var errWorker = errors.New("worker failed")

// lastWords is how long a worker may take to finish what it has begun, once it is told to stop.
const lastWords = 2 * patience

// supervisor starts workers, has them begin together, kills some, starts others in their place, and hears them all to the
// end.
type supervisor struct {
	cfg    *Config
	site   *site
	folder string // of the notes
	total  *tally
	recent *tally // since the last sample

	number atomic.Int64 // of the worker that was started last
	kills  atomic.Int64
	ready  sync.WaitGroup // of each slot's first worker
	begin  chan struct{}  // closed when all may begin
	stop   chan struct{}  // closed when no operation is to be begun any more
	all    sync.WaitGroup

	mu     sync.Mutex
	failed error // why the run could not begin
	slots  []*slot
}

// slot is the place of one worker, which others may take after it.
type slot struct {
	writers int
	process *fleet.Process // nil while there is none that writes
	killed  bool
}

func newSupervisor(cfg *Config, s *site, folder string) *supervisor {
	v := &supervisor{
		cfg: cfg, site: s, folder: folder, total: newTally(), recent: newTally(),
		begin: make(chan struct{}), stop: make(chan struct{}),
	}
	for i := range cfg.Processes {
		writers := cfg.Writers / cfg.Processes
		if i < cfg.Writers%cfg.Processes {
			writers++
		}
		v.slots = append(v.slots, &slot{writers: writers})
	}
	return v
}

// start starts one worker in each slot and returns when all have connected.
func (v *supervisor) start(ctx context.Context) error {
	v.ready.Add(len(v.slots))
	for _, s := range v.slots {
		v.all.Go(func() { v.keep(ctx, s) })
	}
	v.ready.Wait()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed == nil && ctx.Err() != nil {
		v.failed = context.Cause(ctx)
	}
	return v.failed
}

// end has all workers finish, and waits for them.
func (v *supervisor) end() {
	close(v.stop)
	v.all.Wait()
}

// keep has a worker in a slot until the end: a killed one is followed by another.
func (v *supervisor) keep(ctx context.Context, s *slot) {
	arrived := sync.OnceFunc(v.ready.Done)
	defer arrived()
	for {
		err := v.follow(ctx, s, arrived)
		v.mu.Lock()
		killed := s.killed
		s.process, s.killed = nil, false
		if err != nil && !killed && v.failed == nil && !closed(v.begin) {
			v.failed = err
		}
		v.mu.Unlock()
		if err != nil && !killed {
			v.total.failed(err)
		}
		if !killed || closed(v.stop) {
			return
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// follow starts one worker and hears it to its end.
func (v *supervisor) follow(ctx context.Context, s *slot, arrived func()) error {
	number := v.number.Add(1)
	// Interrupts end a run by the word to stop; the workers' own context is the line to this process.
	p, err := fleet.Start(context.WithoutCancel(ctx), role, v.task(s, number))
	if err != nil {
		return fmt.Errorf("%w: %w", errWorker, err)
	}
	defer func() { _ = p.Kill() }() // after its end this does nothing
	var said message
	if err := p.Hear(&said); err != nil {
		return fmt.Errorf("%w before it began: %w", errWorker, err)
	}
	arrived()
	select {
	case <-v.begin:
	case <-v.stop:
		return p.End()
	}
	v.mu.Lock()
	s.process = p
	v.mu.Unlock()
	if err := p.Say(orderGo); err != nil {
		return fmt.Errorf("%w: %w", errWorker, err)
	}
	heard := make(chan struct{})
	defer close(heard)
	go v.dismiss(p, heard)
	return v.hear(p)
}

// dismiss has a worker stop with all the others.
func (v *supervisor) dismiss(p *fleet.Process, heard <-chan struct{}) {
	select {
	case <-heard:
		return
	case <-v.stop:
	}
	_ = p.Say(orderStop) // one that is gone is found by who hears it
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-heard:
	case <-limit.C:
		_ = p.Kill()
	}
}

// hear takes in what a worker reports.
func (v *supervisor) hear(p *fleet.Process) error {
	for {
		var said message
		if err := p.Hear(&said); err != nil {
			return fmt.Errorf("%w: %w", errWorker, err)
		}
		if err := errors.Join(v.total.merge(said.Report), v.recent.merge(said.Report)); err != nil {
			return fmt.Errorf("%w: %w", errWorker, err)
		}
		if said.Event == eventEnd {
			if err := p.End(); err != nil {
				return fmt.Errorf("%w: %w", errWorker, err)
			}
			return nil
		}
	}
}

// connections are for all processes together, and leave some of a server's usual hundred to others.
const connections = 80

func (v *supervisor) task(s *slot, number int64) task {
	return task{
		Address: v.site.address, Namespace: v.site.namespace, Stem: v.site.stem, Tables: v.cfg.Tables,
		Number: number, Writers: s.writers, Connections: max(2, min(s.writers, connections/v.cfg.Processes)),
		Seed: v.cfg.Seed, Notes: filepath.Join(v.folder, fmt.Sprintf("notes-%d", number)),
	}
}

// firstKill is the longest time from the beginning to the first kill: tables take some milliseconds each to be made.
const firstKill = 60 * time.Millisecond

// disturb kills one worker after the other until the context ends.
func (v *supervisor) disturb(ctx context.Context) {
	dice := rand.New(rand.NewPCG(v.cfg.Seed, 0))
	wait := time.Duration(dice.Int64N(int64(firstKill)))
	for {
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		v.kill(dice)
		wait = v.cfg.KillEvery
	}
}

// kill kills one of the workers that write.
func (v *supervisor) kill(dice *rand.Rand) {
	v.mu.Lock()
	var alive []*slot
	for _, s := range v.slots {
		if s.process != nil && !s.killed {
			alive = append(alive, s)
		}
	}
	var victim *fleet.Process
	if len(alive) > 0 {
		s := alive[dice.IntN(len(alive))]
		victim, s.killed = s.process, true
	}
	v.mu.Unlock()
	if victim != nil && victim.Kill() == nil {
		v.kills.Add(1)
	}
}
