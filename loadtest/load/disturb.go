package load

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// errFault is a fault that was to be caused and could not be.
var errFault = errors.New("fault could not be caused")

const (
	// firstKill is the longest time from the beginning to the first kill: tables take some milliseconds each to be made.
	firstKill = 60 * time.Millisecond
	// faultTimeout bounds what a fault asks the database for.
	faultTimeout = 20 * time.Second
)

// The kinds of faults, as the result has them.
const (
	faultKill    = "kill"
	faultRestart = "restart"
	faultCut     = "cut"
	faultDrop    = "drop"
	faultFreeze  = "freeze"
	faultChange  = "change"
)

// disturb causes all faults that are asked for until the context ends, and ends what it has begun.
func (v *supervisor) disturb(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	f := &v.cfg.Faults
	dice := func(kind uint64) *rand.Rand { return rand.New(rand.NewPCG(v.cfg.Seed, kind)) }
	cause := func(every, first time.Duration, strike func(context.Context) error) {
		if every > 0 {
			all.Go(func() { v.again(ctx, every, first, strike) })
		}
	}
	kills, freezes, drops := dice(0), dice(1), dice(2)
	cause(f.Kill, time.Duration(kills.Int64N(int64(firstKill))), func(context.Context) error { return v.kill(kills) })
	cause(f.Freeze, f.Freeze, func(ctx context.Context) error { return v.freeze(ctx, freezes) })
	cause(f.Drop, f.Drop, func(ctx context.Context) error { return v.drop(ctx, drops.IntN(v.cfg.Tables)) })
	cause(f.Cut, f.Cut, v.cut)
	restarts := 0
	cause(f.Restart, f.Restart, func(context.Context) error { restarts++; return v.restart(restarts%2 == 0) })
	if v.cfg.Changes > 0 {
		all.Go(func() { v.deploy(ctx) })
	}
}

// again causes one kind of fault again and again.
func (v *supervisor) again(ctx context.Context, every, wait time.Duration, strike func(context.Context) error) {
	for rest(ctx, wait) {
		wait = every
		// What the load itself has kept from happening, as a lock that was not to be had, happens the next time.
		if err := strike(ctx); err != nil && !schema.Transient(err) {
			v.record.failed(fmt.Errorf("%w: %w", errFault, err))
		}
	}
}

// rest waits, and reports whether the context has let it.
func rest(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// victim chooses one of the workers that live.
func (v *supervisor) victim(dice *rand.Rand, kill bool) (p *fleet.Process, number int64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var alive []*slot
	for _, s := range v.slots {
		if s.process != nil && !s.killed {
			alive = append(alive, s)
		}
	}
	if len(alive) == 0 {
		return nil, 0
	}
	s := alive[dice.IntN(len(alive))]
	s.killed = s.killed || kill
	return s.process, s.number
}

func processName(number int64) string { return fmt.Sprintf("process %d", number) }

// kill kills one of the workers.
func (v *supervisor) kill(dice *rand.Rand) error {
	v.strike.Lock()
	defer v.strike.Unlock()
	p, number := v.victim(dice, true)
	if p == nil {
		return nil
	}
	at := v.record.now()
	if err := p.Kill(); err != nil {
		return err
	}
	v.record.mark(faultKill, processName(number), at, 0)
	return nil
}

// freeze stops one of the workers for a while.
func (v *supervisor) freeze(ctx context.Context, dice *rand.Rand) error {
	v.strike.Lock()
	p, number := v.victim(dice, false)
	if p == nil {
		v.strike.Unlock()
		return nil
	}
	at := v.record.now()
	err := p.Freeze()
	v.strike.Unlock()
	if err != nil {
		return err
	}
	rest(ctx, v.cfg.Faults.FreezeFor)
	v.strike.Lock()
	defer v.strike.Unlock()
	v.record.mark(faultFreeze, processName(number), at, v.record.now())
	_ = p.Thaw() // one that was killed meanwhile has no use for it
	return nil
}

// drop drops a table, if it is there.
func (v *supervisor) drop(ctx context.Context, table int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	v.server.Lock()
	defer v.server.Unlock()
	ref := v.site.ref(table)
	from := v.record.now()
	there, err := v.site.there(ctx, ref)
	if err != nil || !there {
		return err
	}
	v.record.expect(faultDrop)
	if err := v.site.exec(ctx, "DROP TABLE "+v.site.QuoteTable(ref)); err != nil {
		return err
	}
	v.record.dropped(table, ref.String(), from, v.record.now())
	return nil
}

// there reports whether a table is there.
func (s *site) there(ctx context.Context, ref schema.Ref) (bool, error) {
	lives, err := s.Inspect(ctx, s.Reader(), ref)
	if err != nil {
		return false, s.Classify(err)
	}
	return lives[0] != nil, nil
}

// cut ends all sessions of the workers.
func (v *supervisor) cut(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), faultTimeout)
	defer cancel()
	v.server.Lock()
	defer v.server.Unlock()
	at := v.record.now()
	defer v.record.expect(faultCut)()
	ended, err := v.site.endSessions(ctx)
	if err != nil {
		return v.site.Classify(err)
	}
	v.record.mark(faultCut, fmt.Sprintf("%d sessions", ended), at, 0)
	return nil
}

// restart stops the server and starts it again.
func (v *supervisor) restart(crash bool) error {
	end, how := v.site.server.Stop, "in order"
	if crash {
		end, how = v.site.server.Crash, "by a crash"
	}
	v.server.Lock()
	defer v.server.Unlock()
	at := v.record.now()
	over := v.record.expect(faultRestart) // errors come before it is up again, and as long as it is not
	end()
	if err := v.site.server.Start(); err != nil {
		return err
	}
	over()
	v.record.mark(faultRestart, how, at, v.record.now())
	return nil
}

// deploy deploys one newer version of the program after the other: each process is told to end and is followed by a new one, while
// the others go on with the old version.
func (v *supervisor) deploy(ctx context.Context) {
	parts := float64(v.cfg.Changes + 1)
	for version := 1; version <= v.cfg.Changes; version++ {
		for i, s := range v.slots {
			// The first half of a version's time is for its deployment.
			if !v.until(ctx, (float64(version)+float64(i)/float64(2*len(v.slots)))/parts) {
				return
			}
			if i == 0 {
				v.record.mark(faultChange, fmt.Sprintf("version %d", version), v.record.now(), 0)
			}
			if !v.replace(ctx, s, version) {
				return
			}
		}
	}
}

// until waits until a part of the load is over.
func (v *supervisor) until(ctx context.Context, part float64) bool {
	for v.record.progress() < part {
		if !rest(ctx, v.record.tick/4) {
			return false
		}
	}
	return true
}

// replace has a worker of a newer version take the place of the one in a slot, and waits for it.
func (v *supervisor) replace(ctx context.Context, s *slot, version int) bool {
	v.mu.Lock()
	arrived := make(chan struct{})
	s.version, s.leaving, s.arrived = version, true, arrived
	if s.greeted {
		_ = s.process.Say(order{Stop: true}) // one that was just killed is followed by a newer one as well
	}
	v.mu.Unlock()
	for {
		v.mu.Lock()
		done := s.done
		v.mu.Unlock()
		select {
		case <-arrived:
			return true
		default:
		}
		if done {
			return true
		}
		if !rest(ctx, v.record.tick/4) {
			return false
		}
	}
}
