package actors

import (
	"context"
	"runtime"
	"sync"
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

// Lane puts writes of many callers together: those that wait at a moment are one batch, and one goroutine does batch after
// batch until nobody waits. A caller who finds the lane idle runs its write itself, at once.
type Lane struct {
	system  *System
	by      dialect.Batcher
	config  LaneConfig
	abreast int // how many go by themselves at most

	patience time.Duration // lanePatience

	mu      sync.Mutex
	direct  int          // how many do
	busy    bool         // the goroutine is there
	slow    bool         // its batch has tried the patience of those who wait
	line    []*laneBatch // who waits; the last one takes in more
	waiting int          // all of these
	room    chan struct{}
	rest    time.Duration
	resting time.Time // until when all go by themselves; zero is not

	batches, together, apart atomic.Int64
	sizes                    [schema.LaneSizes]atomic.Int64
}

var _ dialect.Lane = (*Lane)(nil)

// laneBatch is what is done in one transaction.
type laneBatch struct {
	writes []*dialect.Write
	done   chan struct{} // closed once each write is settled, or left to its caller
}

// Lane makes a lane to a database. Its goroutine is the System's: Close waits for it, and writes go by themselves from then
// on. It is nil where the database gains nothing by it, or config says so.
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
	return &Lane{system: s, by: by, config: config, abreast: max(1, by.Abreast()), patience: lanePatience, room: make(chan struct{})}
}

// Pass implements dialect.Lane.
func (l *Lane) Pass(ctx context.Context, q dialect.Querier, w *dialect.Write, alone func() error) error {
	w.Reset()
	done, err := l.join(ctx, w)
	switch {
	case err != nil:
		return err
	case done == nil:
		defer l.leave()
		return apart(ctx, q, w, alone)
	}
	select {
	case <-done:
	case <-ctx.Done():
		if err := abandon(ctx, w, done); err != nil {
			return err
		}
	}
	if ok, err := w.Settled(); ok {
		return err
	}
	l.apart.Add(1)
	return apart(ctx, q, w, alone)
}

// apart does a write by itself.
func apart(ctx context.Context, q dialect.Querier, w *dialect.Write, alone func() error) error {
	if alone != nil {
		return alone()
	}
	return w.Run(ctx, q)
}

// join has a write wait for the next batch, and gives what tells that it was done. It gives nil where the caller is to go by
// itself, and to leave afterwards.
func (l *Lane) join(ctx context.Context, w *dialect.Write) (<-chan struct{}, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	lent := ctx.Done() != nil && w.Lent() // the call may return before the batch does
	l.mu.Lock()
	for {
		if l.rests() || !l.busy && l.direct < l.abreast {
			l.direct++
			l.mu.Unlock()
			return nil, nil
		}
		if lent {
			l.mu.Unlock()
			w.Own()
			lent = false
			l.mu.Lock()
			continue
		}
		if l.waiting < l.config.MaxWaiting {
			break
		}
		room := l.room
		l.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	b := l.last()
	b.writes = append(b.writes, w)
	l.waiting++
	if !l.busy {
		l.busy = l.start()
	}
	return b.done, nil
}

// last gives the batch that takes in more. The caller holds the lock.
func (l *Lane) last() *laneBatch {
	if n := len(l.line); n > 0 && len(l.line[n-1].writes) < l.config.MaxBatch {
		return l.line[n-1]
	}
	b := &laneBatch{done: make(chan struct{})}
	l.line = append(l.line, b)
	return b
}

// rests reports whether all go by themselves for now. The caller holds the lock.
func (l *Lane) rests() bool {
	if l.slow || l.system.ctx.Err() != nil {
		return true
	}
	if l.resting.IsZero() {
		return false
	}
	if time.Now().Before(l.resting) {
		return true
	}
	l.resting = time.Time{}
	return false
}

func (l *Lane) leave() {
	l.mu.Lock()
	l.direct--
	l.mu.Unlock()
}

// abandon ends the wait of a caller whose context has ended. A write that was not taken is taken back; of one that was the
// outcome is waited for a moment longer. It gives nil where there is one.
func abandon(ctx context.Context, w *dialect.Write, done <-chan struct{}) error {
	if w.Withdraw() {
		return ctx.Err()
	}
	timer := time.NewTimer(laneGrace)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return &schema.Error{Kind: schema.ErrOutcomeUnknown, Cause: ctx.Err()}
	}
}

// run does batch after batch until nobody waits.
func (l *Lane) run() {
	patience := time.AfterFunc(time.Hour, l.lose)
	ended := false
	defer func() {
		patience.Stop()
		if !ended { // what somebody's row is read into has ended the goroutine
			l.more()
			l.mu.Lock()
			defer l.mu.Unlock()
			l.busy = len(l.line) > 0 && l.start()
		}
	}()
	for l.more() {
		if l.abreast > 1 {
			patience.Reset(l.patience)
		}
		l.do()
		patience.Stop()
		// Those who were answered have their next writes ready before the next batch is taken.
		runtime.Gosched()
	}
	ended = true
}

// lose is the end of the patience with a batch: all others go by themselves until it is done.
func (l *Lane) lose() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slow = true
	l.dismiss()
}

// more reports whether somebody waits. Otherwise the goroutine is as good as gone.
func (l *Lane) more() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slow = false; l.system.ctx.Err() != nil {
		l.dismiss()
	}
	l.busy = len(l.line) > 0
	return l.busy
}

// start starts the goroutine. Once the System is closed there is none, and all who wait go by themselves. The caller holds the
// lock.
func (l *Lane) start() bool {
	if l.system.launch(l.run) {
		return true
	}
	l.dismiss()
	return false
}

// do does the first batch.
func (l *Lane) do() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.system.ctx), batchTimeout)
	defer cancel()
	var b *laneBatch
	var writes []*dialect.Write
	defer func() {
		if value := recover(); value != nil {
			_ = l.system.caught("a write lane", "", value)
		}
		if b == nil { // it could not even begin
			b, _ = l.take()
		}
		l.settle(b, writes)
	}()
	l.by.Batch(ctx, func() []*dialect.Write {
		b, writes = l.take()
		return writes
	})
}

// take takes the first batch, and gives those of its writes whose callers have not left.
func (l *Lane) take() (*laneBatch, []*dialect.Write) {
	l.mu.Lock()
	if len(l.line) == 0 { // patience was at an end
		l.mu.Unlock()
		return &laneBatch{done: make(chan struct{})}, nil
	}
	b := l.line[0]
	l.line[0] = nil
	l.line = l.line[1:]
	l.went(b)
	l.mu.Unlock()
	kept := make([]*dialect.Write, 0, len(b.writes))
	for _, w := range b.writes {
		if w.Take() {
			kept = append(kept, w)
		}
	}
	return b, kept
}

// went makes room for those who wait for it. The caller holds the lock.
func (l *Lane) went(b *laneBatch) {
	if l.waiting >= l.config.MaxWaiting {
		close(l.room)
		l.room = make(chan struct{})
	}
	l.waiting -= len(b.writes)
}

// settle answers the callers of a batch. Where more than half of it came to nothing, writes go by themselves for a while:
// that is no longer a matter of single rows.
func (l *Lane) settle(b *laneBatch, writes []*dialect.Write) {
	done := 0
	for _, w := range writes {
		if w.Done() {
			done++
		}
	}
	l.batches.Add(1)
	l.sizes[schema.LaneSize(len(writes))].Add(1)
	l.together.Add(int64(done))
	l.mu.Lock()
	if 2*(len(writes)-done) > len(writes) {
		l.rest = min(max(2*l.rest, restMin), restMax)
		l.resting = time.Now().Add(l.rest)
	} else if done > 0 {
		l.rest = 0
	}
	l.mu.Unlock()
	close(b.done)
}

// dismiss lets all who wait run their writes themselves. The caller holds the lock.
func (l *Lane) dismiss() {
	for _, b := range l.line {
		l.went(b)
		for _, w := range b.writes {
			w.Take()
		}
		close(b.done)
	}
	l.line = nil
}

// Status tells how the lane stands and what has come of it so far. The zero value is that of no lane. It touches no database.
func (l *Lane) Status() schema.LaneStatus {
	if l == nil {
		return schema.LaneStatus{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	status := schema.LaneStatus{
		Waiting: l.waiting, Direct: l.direct, Resting: !l.resting.IsZero() && time.Now().Before(l.resting),
		Batches: l.batches.Load(), Together: l.together.Load(), Apart: l.apart.Load(),
	}
	for i := range l.sizes {
		status.Sizes[i] = l.sizes[i].Load()
	}
	return status
}
