package faults_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

func freezeRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"freeze": tidy(freezeRole)}
}

const freezeTable = "frozen"

// freezeTask is a program that wants one table. With Hold it stops in the middle of making it, with the lock in its hands,
// says so, and goes on after the next word from its parent.
type freezeTask struct {
	Address string
	Version int // of the model
	Hold    bool
}

// freezeOrder has several goroutines create one row each.
type freezeOrder struct {
	First     int64 // key of the first row
	Patient   int
	Impatient int
	Patience  time.Duration // of the impatient
}

// What a worker says, beside its sums.
const (
	freezeInside = "inside" // it holds the lock, and a statement has run
	freezeLeft   = "left"   // the impatient have returned
	freezeServed = "served" // the patient have
)

type freezeWord struct {
	Event   string
	Stored  []int64 // keys
	Faults  tally   // errors that nobody may get
	Expired int     // calls that ended with their context's error
	Late    time.Duration
	Ran     int // statements that this program has run to make or change the table
}

// freezer is a worker at work.
type freezer struct {
	worker *fleet.Worker
	door   herdDoor
	ran    atomic.Int64
	held   bool

	mu   sync.Mutex
	word freezeWord
}

func freezeRole(ctx context.Context, w *fleet.Worker) (err error) {
	var task freezeTask
	if err := w.Task(&task); err != nil {
		return err
	}
	d, err := herdConnect(ctx, task.Address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	f := &freezer{worker: w, held: !task.Hold}
	c, err := coordinator.New(d, &coordinator.Config{Listener: &schema.Listener{Applied: f.applied}})
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		err = errors.Join(err, c.Close(end))
	}()
	if f.door, err = herdVersions[task.Version].register(c, freezeTable); err != nil {
		return err
	}
	return fleet.Obey(w, func(order freezeOrder) (freezeWord, error) { return f.create(ctx, order) })
}

// applied is the place to freeze: a statement has run in the transaction that holds the lock.
func (f *freezer) applied(e schema.Event) {
	if e.Phase != schema.PhaseApply {
		return
	}
	f.ran.Add(1)
	if f.held {
		return
	}
	f.held = true
	_ = f.worker.Say(freezeWord{Event: freezeInside}) // a parent that is gone hears nothing, and the context ends
	var again freezeOrder
	_ = f.worker.Hear(&again)
}

// create has all goroutines create their rows, tells when the impatient have left, and answers when all are served.
func (f *freezer) create(ctx context.Context, order freezeOrder) (freezeWord, error) {
	var patient, impatient sync.WaitGroup
	f.word = freezeWord{Event: freezeServed, Faults: tally{}}
	for i := range order.Patient {
		patient.Go(func() { f.call(ctx, order.First+int64(i), 10*time.Minute) })
	}
	for i := range order.Impatient {
		impatient.Go(func() { f.call(ctx, order.First+int64(order.Patient+i), order.Patience) })
	}
	impatient.Wait()
	if order.Impatient > 0 {
		f.mu.Lock()
		left := f.word
		f.mu.Unlock()
		left.Event = freezeLeft
		if err := f.worker.Say(left); err != nil {
			return freezeWord{}, err
		}
	}
	patient.Wait()
	f.word.Ran = int(f.ran.Load())
	return f.word, nil
}

// call creates one row within a time.
func (f *freezer) call(ctx context.Context, id int64, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := f.door.create(ctx, id, "frozen")
	end, _ := ctx.Deadline()
	late := time.Since(end)
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case err == nil:
		f.word.Stored = append(f.word.Stored, id)
	case ctx.Err() != nil && errors.Is(err, context.DeadlineExceeded):
		f.word.Expired++
		f.word.Late = max(f.word.Late, late)
	default:
		f.word.Faults.add(err)
	}
}
