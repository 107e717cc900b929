package load

import (
	"context"
	"errors"
	"fmt"
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

// supervisor starts workers, has them begin together, disturbs them, starts others in the place of those that are gone, and hears
// them all to the end.
type supervisor struct {
	cfg     *Config
	site    *site
	folder  string // of the notes
	record  *recording
	began   time.Time // set before begin is closed
	measure time.Time // likewise: when operations begin to count

	number atomic.Int64   // of the worker that was started last
	ready  sync.WaitGroup // of each slot's first worker
	begin  chan struct{}  // closed when all may begin
	stop   chan struct{}  // closed when no operation is to be begun any more
	over   chan struct{}  // closed when there is no worker any more
	all    sync.WaitGroup

	strike sync.Mutex // of those who kill, freeze and thaw: a process that is gone cannot be waited for
	server sync.Mutex // of those who drop, cut and restart: what a restart interrupts may have been done or not

	mu      sync.Mutex
	failed  error // why the run could not begin
	slots   []*slot
	shipped int // the newest version that all tables were changed to
}

// slot is the place of one worker, which others may take after it.
type slot struct {
	writers int
	version int            // of the model, for the next worker
	quota   int64          // operations that are left; negative is no limit
	process *fleet.Process // nil while there is none that writes
	number  int64          // of the worker
	greeted bool           // it has the word to go
	killed  bool
	leaving bool          // told to stop, for one of another version is to take its place
	since   time.Time     // when the worker before ended; zero for the first one
	arrived chan struct{} // closed when a worker of the version has come; nil where nobody waits for one
	done    bool          // there will be no other worker
}

func newSupervisor(cfg *Config, s *site, folder string) *supervisor {
	v := &supervisor{
		cfg: cfg, site: s, folder: folder, record: newRecording(cfg, s),
		begin: make(chan struct{}), stop: make(chan struct{}), over: make(chan struct{}),
	}
	for i := range cfg.Processes {
		s := &slot{writers: share(int64(cfg.Writers), cfg.Processes, i), quota: -1}
		if cfg.Count > 0 {
			s.quota = int64(share(cfg.Count, cfg.Processes, i))
		}
		v.slots = append(v.slots, s)
	}
	return v
}

// share is the part of a sum that falls to one of several.
func share(sum int64, among, which int) int {
	part := sum / int64(among)
	if int64(which) < sum%int64(among) {
		part++
	}
	return int(part)
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

// free has all workers begin.
func (v *supervisor) free() {
	v.began = time.Now()
	v.measure = v.began.Add(v.cfg.WarmUp)
	v.record.begin(v.began)
	close(v.begin)
	go func() { v.all.Wait(); close(v.over) }()
}

// end has all workers finish, and waits for them.
func (v *supervisor) end() {
	close(v.stop)
	v.all.Wait()
}

// keep has a worker in a slot until the end: a killed one is followed by another, and one of an old version by one of a new one.
func (v *supervisor) keep(ctx context.Context, s *slot) {
	arrived := sync.OnceFunc(v.ready.Done)
	defer arrived()
	for {
		number := v.number.Add(1)
		err := v.follow(ctx, s, number, arrived)
		v.mu.Lock()
		killed, again := s.killed, s.killed || s.leaving || s.arrived != nil
		s.process, s.greeted, s.killed, s.leaving, s.since = nil, false, false, false, time.Now()
		if err != nil && !killed && v.failed == nil && !closed(v.begin) {
			v.failed = err
		}
		s.done = !again || s.quota == 0 || closed(v.stop)
		done := s.done
		v.mu.Unlock()
		if closed(v.begin) {
			v.record.ended(number)
		}
		if err != nil && !killed {
			v.record.failed(err)
		}
		if done {
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
func (v *supervisor) follow(ctx context.Context, s *slot, number int64, arrived func()) error {
	task := v.task(s, number)
	// Interrupts end a run by the word to stop; the workers' own context is the line to this process.
	p, err := fleet.Start(context.WithoutCancel(ctx), role, task)
	if err != nil {
		return fmt.Errorf("%w: %w", errWorker, err)
	}
	defer func() { // after its end this does nothing
		v.strike.Lock()
		defer v.strike.Unlock()
		_ = p.Kill()
	}()
	if closed(v.begin) { // from now on it may be killed
		v.occupy(s, p, number)
	}
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
	v.occupy(s, p, number)
	if err := v.greet(s, p, task.Version); err != nil {
		return fmt.Errorf("%w: %w", errWorker, err)
	}
	heard := make(chan struct{})
	defer close(heard)
	go v.dismiss(p, heard)
	return v.hear(s, p, number, task.Quota)
}

func (v *supervisor) occupy(s *slot, p *fleet.Process, number int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	s.process, s.number = p, number
}

// greet gives a worker that has come, and has made all tables what its version of the model asks for, the word to go. One that was
// to be replaced while it came is sent home at once.
func (v *supervisor) greet(s *slot, p *fleet.Process, version int) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.shipped = max(v.shipped, version)
	if s.arrived != nil && version == s.version {
		close(s.arrived)
		s.arrived = nil
	}
	word := order{Begin: v.began, Measured: v.measure, From: v.began}
	if !s.since.IsZero() {
		word.From = s.since
	}
	s.greeted = true
	err := p.Say(word)
	if version != s.version {
		err = errors.Join(err, p.Say(order{Stop: true}))
	}
	return err
}

// dismiss has a worker stop with all the others.
func (v *supervisor) dismiss(p *fleet.Process, heard <-chan struct{}) {
	select {
	case <-heard:
		return
	case <-v.stop:
	}
	_ = p.Say(order{Stop: true}) // one that is gone is found by who hears it
	limit := time.NewTimer(lastWords)
	defer limit.Stop()
	select {
	case <-heard:
	case <-limit.C:
		v.strike.Lock()
		defer v.strike.Unlock()
		_ = p.Kill()
	}
}

// hear takes in what a worker reports.
func (v *supervisor) hear(s *slot, p *fleet.Process, number, quota int64) error {
	for {
		var said message
		if err := p.Hear(&said); err != nil {
			return fmt.Errorf("%w: %w", errWorker, err)
		}
		if quota >= 0 {
			v.mu.Lock()
			s.quota = quota - said.Report.Begun
			v.mu.Unlock()
		}
		if err := v.record.add(number, &said); err != nil {
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
	v.mu.Lock()
	defer v.mu.Unlock()
	return task{
		Address: v.site.workersAddress(), Mode: v.cfg.Mode, Namespace: v.site.namespace, Stem: v.site.stem, Tables: v.cfg.Tables,
		Version: s.version, Number: number,
		Writers: s.writers, Connections: max(2, min(s.writers, connections/v.cfg.Processes)),
		Seed: v.cfg.Seed, Mix: v.cfg.Mix, Keys: v.cfg.Keys, RowSize: v.cfg.RowSize,
		Rate: v.cfg.Rate * float64(s.writers) / float64(v.cfg.Writers), Quota: s.quota,
		Tick: v.record.tick, Begin: v.began, Notes: filepath.Join(v.folder, fmt.Sprintf("notes-%d", number)),
	}
}
