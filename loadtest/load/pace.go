package load

import (
	"context"
	"sync/atomic"
	"time"
)

// pace says when the writers of one worker begin their operations. It is safe for concurrent use.
type pace struct {
	// begin is when the first operation was to begin, and measured when operations begin to count.
	begin, measured time.Time
	// rate is how many operations are to be begun in a second, whether others have ended or not. 0 is as many as the writers can do
	// one after another.
	rate float64
	// quota is how many operations are to be begun after the warm-up; negative is no limit.
	quota int64
	stop  <-chan struct{}

	turn  atomic.Int64 // of the operations at a rate
	begun atomic.Int64 // of the quota
}

// next waits for a turn, and gives the moment at which the operation is to begin, from which its latency is counted: a writer that comes
// late to a turn, because the database kept it waiting, does not make the wait look shorter. ok is false when no operation is to
// be begun any more.
func (p *pace) next(ctx context.Context) (intended time.Time, ok bool) {
	if closed(p.stop) || ctx.Err() != nil {
		return intended, false
	}
	intended = time.Now()
	if p.rate > 0 {
		turn := p.turn.Add(1) - 1
		intended = p.begin.Add(time.Duration(float64(turn) / p.rate * float64(time.Second)))
		if wait := time.Until(intended); wait > 0 {
			timer := time.NewTimer(wait)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-p.stop:
				return intended, false
			case <-ctx.Done():
				return intended, false
			}
		}
	}
	if p.quota >= 0 && !intended.Before(p.measured) && p.begun.Add(1) > p.quota {
		p.begun.Add(-1)
		return intended, false
	}
	return intended, true
}

// counted is how many operations of the quota have been begun.
func (p *pace) counted() int64 { return p.begun.Load() }
