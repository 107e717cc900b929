package actors

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// LaneConfig tunes a Lane. The zero value works.
type LaneConfig struct {
	// Off has no lane at all.
	Off bool
	// MaxBatch is how many writes one transaction holds at most; 0 is 1,024.
	MaxBatch int
	// MaxWaiting is how many writes wait at most; further callers wait for a place, no longer than their contexts. 0 is 8,192.
	MaxWaiting int
}

const (
	maxBatch   = 1024
	maxWaiting = 8192
	// laneGrace is how long a caller whose context has ended waits for the outcome of a write that was taken.
	laneGrace = 50 * time.Millisecond
	// lanePatience is how long a batch may take before those who wait behind it go by themselves, where that helps them.
	lanePatience = 200 * time.Millisecond
	// batchTimeout is how long the database may take for a batch.
	batchTimeout = time.Minute
	// restMin and restMax bound how long writes go by themselves after a batch that was of no use.
	restMin, restMax = 10 * time.Millisecond, time.Second
)

// Lane puts writes of many callers together. Its mailbox is a channel, and one goroutine drains it: what waits at a moment is
// one batch. A caller who finds the lane idle runs its write itself, at once.
type Lane struct {
	system *System
	by     dialect.Batcher
	config LaneConfig

	mailbox  chan *entry
	abreast  int64         // how many go by themselves at most
	patience time.Duration // lanePatience
	direct   atomic.Int64  // how many do
	running  atomic.Bool   // the goroutine is there
	busy     atomic.Bool   // it has a batch
	slow     atomic.Bool   // which has tried the patience of those who wait
	resting  atomic.Int64  // until when all go by themselves, in Unix nanoseconds; 0 is not
	rest     time.Duration

	batches, together, alone atomic.Int64
}

var _ dialect.Lane = (*Lane)(nil)

// entry is a write in the mailbox.
type entry struct {
	write *dialect.Write
	state atomic.Int32  // waiting, taken or gone
	done  chan struct{} // closed once it is settled, or left to its caller
}

const (
	waiting int32 = iota
	taken
	gone
)

// Lane makes a lane to a database, whose goroutine is the System's: Close waits for it. nil where the database gains nothing
// by it.
func (s *System) Lane(d dialect.Dialect, config LaneConfig) *Lane {
	by, ok := d.(dialect.Batcher)
	if !ok || config.Off {
		return nil
	}
	if config.MaxBatch <= 0 {
		config.MaxBatch = maxBatch
	}
	if config.MaxWaiting <= 0 {
		config.MaxWaiting = maxWaiting
	}
	return &Lane{
		system: s, by: by, config: config, abreast: int64(max(1, by.Abreast())), patience: lanePatience,
		mailbox: make(chan *entry, config.MaxWaiting),
	}
}

// Pass implements dialect.Lane.
func (l *Lane) Pass(ctx context.Context, w *dialect.Write, alone func() error) error {
	if l.enter() {
		defer l.direct.Add(-1)
		return alone()
	}
	w.Reset()
	e := &entry{write: w, done: make(chan struct{})}
	if err := l.post(ctx, e); err != nil {
		return err
	}
	select {
	case <-e.done:
	case <-ctx.Done():
		if err := l.left(ctx, e); err != nil {
			return err
		}
	}
	if ok, err := w.Settled(); ok {
		return err
	}
	l.alone.Add(1)
	return alone()
}

// enter reports whether the caller goes by itself: while few do and nobody waits, or where the lane rests.
func (l *Lane) enter() bool {
	if until := l.resting.Load(); until != 0 && time.Now().UnixNano() < until || l.slow.Load() || l.system.ctx.Err() != nil {
		l.direct.Add(1)
		return true
	}
	if l.busy.Load() || len(l.mailbox) > 0 {
		return false
	}
	if l.direct.Add(1) <= l.abreast {
		return true
	}
	l.direct.Add(-1)
	return false
}

// post puts a write into the mailbox, and sees to it that somebody drains that.
func (l *Lane) post(ctx context.Context, e *entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l.mailbox <- e:
	default:
		select {
		case l.mailbox <- e:
		case <-ctx.Done():
			return ctx.Err()
		case <-l.system.ctx.Done():
			close(e.done) // its caller runs it
			return nil
		}
	}
	l.wake()
	if l.slow.Load() { // since it looked
		l.dismiss()
	}
	return nil
}

// wake starts the goroutine that drains the mailbox, unless it is there.
func (l *Lane) wake() {
	if l.running.Load() || !l.running.CompareAndSwap(false, true) {
		return
	}
	if !l.system.launch(l.drain) {
		l.running.Store(false)
		l.dismiss()
	}
}

// left ends the wait of a caller whose context has ended. A write that was not taken is taken back; of one that was the outcome
// is waited for a moment longer. It gives nil where there is one.
func (l *Lane) left(ctx context.Context, e *entry) error {
	if e.state.CompareAndSwap(waiting, gone) {
		return ctx.Err()
	}
	timer := time.NewTimer(laneGrace)
	defer timer.Stop()
	select {
	case <-e.done:
		return nil
	case <-timer.C:
		return &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: ctx.Err()}
	}
}

// drain does what waits, batch after batch, until nothing does.
func (l *Lane) drain() {
	patience := time.AfterFunc(time.Hour, func() { l.slow.Store(true); l.dismiss() })
	ended := false
	defer func() {
		patience.Stop()
		if !ended { // what somebody's row is read into has ended the goroutine
			l.busy.Store(false)
			l.running.Store(false)
			l.wake()
		}
	}()
	for {
		l.busy.Store(true)
		for len(l.mailbox) > 0 && l.system.ctx.Err() == nil {
			if l.abreast > 1 {
				patience.Reset(l.patience)
			}
			l.batch()
			l.slow.Store(false)
			// Those who were answered have their next writes ready before the next batch is taken.
			runtime.Gosched()
		}
		patience.Stop()
		l.busy.Store(false)
		l.running.Store(false)
		if l.system.ctx.Err() != nil {
			l.dismiss()
			ended = true
			return
		}
		// Somebody may have come in between, and found the goroutine still there. The first look keeps the second one from being
		// taken before the store, which the length of a channel alone does not.
		if l.running.Load() || len(l.mailbox) == 0 || !l.running.CompareAndSwap(false, true) {
			ended = true
			return
		}
	}
}

// batch does what waits now.
func (l *Lane) batch() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.system.ctx), batchTimeout)
	defer cancel()
	var entries []*entry
	defer func() {
		value := recover()
		if value != nil {
			_ = l.system.caught("a write lane", "", value)
		}
		l.settle(entries)
	}()
	l.by.Batch(ctx, func() []*dialect.Write {
		entries = l.take()
		writes := make([]*dialect.Write, len(entries))
		for i, e := range entries {
			writes[i] = e.write
		}
		return writes
	})
	if entries == nil { // it could not even begin
		entries = l.take()
	}
}

// take takes what waits, and forgets those who have left.
func (l *Lane) take() []*entry {
	entries := make([]*entry, 0, min(len(l.mailbox), l.config.MaxBatch))
	for len(entries) < l.config.MaxBatch {
		select {
		case e := <-l.mailbox:
			if e.state.CompareAndSwap(waiting, taken) {
				entries = append(entries, e)
			}
		default:
			return entries
		}
	}
	return entries
}

// settle answers the callers of a batch. Where a good part of it came to nothing, writes go by themselves for a while.
func (l *Lane) settle(entries []*entry) {
	undone := 0
	for _, e := range entries {
		if !e.write.Done() {
			undone++
		}
	}
	l.batches.Add(1)
	l.together.Add(int64(len(entries) - undone))
	if 4*undone > len(entries) {
		l.rest = min(max(2*l.rest, restMin), restMax)
		l.resting.Store(time.Now().Add(l.rest).UnixNano())
	} else if l.rest > 0 {
		l.rest = 0
		l.resting.Store(0)
	}
	for _, e := range entries {
		close(e.done)
	}
}

// dismiss lets all who wait run their writes themselves.
func (l *Lane) dismiss() {
	for {
		select {
		case e := <-l.mailbox:
			if e.state.CompareAndSwap(waiting, taken) {
				close(e.done)
			}
		default:
			return
		}
	}
}
