package faults_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/fleet"
)

func linearRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"linear": tidy(linearRole)}
}

// linearHaste is the longest time that an impatient caller waits.
const linearHaste = 3 * time.Millisecond

// linearOrder is one history's part for one program.
type linearOrder struct {
	Address, Table string
	Seed           uint64
	First          int // number of its first client
	Clients, Calls int
	Newer          bool // its first client goes over to the newer program halfway
	Impatient      bool // some callers leave before their answer
}

// linearGo is the word to begin.
type linearGo struct{}

// linearRole is a program that takes part in one history after the other. It tells of each call twice, so that one which it
// did not live to see the end of is known.
func linearRole(ctx context.Context, w *fleet.Worker) error {
	for {
		var order linearOrder
		if err := w.Hear(&order); err != nil {
			return nil // the parent has heard enough
		}
		program, err := linearStart(ctx, order)
		if err != nil {
			return err
		}
		err = program.play(ctx, w)
		if err := errors.Join(err, program.close()); err != nil {
			return err
		}
		if err := w.Say(linearRecord{Done: true}); err != nil {
			return err
		}
	}
}

// linearProgram is a program in one history.
type linearProgram struct {
	order   linearOrder
	dialect dialect.Dialect
	door    *linearDoor

	mu    sync.Mutex
	newer *linearDoor // once its first client has gone over
}

func linearStart(ctx context.Context, order linearOrder) (*linearProgram, error) {
	d, err := herdConnect(ctx, order.Address)
	if err != nil {
		return nil, err
	}
	door, err := linearOpen(d, order.Table, false)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return &linearProgram{order: order, dialect: d, door: door}, nil
}

// play waits for the word and then has all clients call.
func (p *linearProgram) play(ctx context.Context, w *fleet.Worker) error {
	if err := w.Say(linearRecord{Ready: true}); err != nil {
		return err
	}
	var word linearGo
	if err := w.Hear(&word); err != nil {
		return err
	}
	var (
		clients sync.WaitGroup
		faults  = make([]error, p.order.Clients)
	)
	for i := range p.order.Clients {
		clients.Go(func() { faults[i] = p.client(ctx, w, i) })
	}
	clients.Wait()
	return errors.Join(faults...)
}

// client makes one call after the other.
func (p *linearProgram) client(ctx context.Context, w *fleet.Worker, i int) (err error) {
	id := p.order.First + i
	random := rand.New(rand.NewPCG(p.order.Seed, uint64(id)))
	door := p.door
	for n := range p.order.Calls {
		in := linearDraw(random, int64(id*1000+n+1))
		if p.order.Newer && i == 0 && n == p.order.Calls/2 {
			if door, err = p.change(); err != nil {
				return err
			}
			in = linearInput{Kind: linearEnsure} // the newer program's first word is that it changes the table
		}
		haste := time.Duration(0)
		if p.order.Impatient && random.IntN(10) == 0 {
			haste = 1 + time.Duration(random.Int64N(int64(linearHaste)))
		}
		if err := linearTold(ctx, w, door, linearRecord{Client: id, N: n, Input: in}, haste); err != nil {
			return err
		}
	}
	return nil
}

// change starts the newer program beside the older one.
func (p *linearProgram) change() (*linearDoor, error) {
	door, err := linearOpen(p.dialect, p.order.Table, true)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.newer = door
	return door, err
}

// linearTold makes a call and tells of it before and after.
func linearTold(ctx context.Context, w *fleet.Worker, door *linearDoor, r linearRecord, haste time.Duration) error {
	r.Call = linearClock()
	if err := w.Say(r); err != nil {
		return err
	}
	var cancel context.CancelFunc
	if haste > 0 {
		ctx, cancel = context.WithTimeout(ctx, haste)
	} else {
		ctx, cancel = context.WithTimeout(ctx, 30*time.Second)
	}
	defer cancel()
	out, err := door.act(ctx, r.Input)
	r.Return = linearClock()
	outcome, fault := linearOutcomeOf(ctx.Err(), err)
	if outcome == linearUnknown && haste == 0 && ctx.Err() != nil {
		outcome, fault = linearWrong, "half a minute was not enough: "+err.Error()
	}
	r.Output, r.Fault = linearOutput{Outcome: outcome}, fault
	if err == nil {
		r.Output.Value, r.Output.Rows = out.Value, out.Rows
	}
	return w.Say(r)
}

// linearDraw chooses a call. The value is what it writes, if it writes one.
func linearDraw(random *rand.Rand, value int64) linearInput {
	all := []linearKind{
		linearCreate, linearCreate, linearCreate, linearPair, linearPair, linearGet, linearGet, linearUpdate, linearPatch,
		linearDelete, linearList, linearList, linearCount, linearEnsure,
	}
	in := linearInput{Kind: all[random.IntN(len(all))], Key: random.IntN(linearKeys)}
	switch in.Kind {
	case linearPair:
		in.Key, in.Value = random.IntN(linearKeys-1), value
	case linearCreate, linearUpdate, linearPatch:
		in.Value = value
	}
	return in
}

func (p *linearProgram) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	err := p.door.close(ctx)
	if p.newer != nil {
		err = errors.Join(err, p.newer.close(ctx))
	}
	return errors.Join(err, p.dialect.Close())
}
