package load

import "time"

// drops are the times at which one table was dropped, in their order.
type drops []stretch

// stretch is a stretch of time since the run's begin. A drop took place somewhere in it.
type stretch struct{ from, to time.Duration }

// took reports whether a row whose creation was begun at a moment can have gone with the table. One that was begun after the last
// drop was acknowledged cannot.
func (d drops) took(begun time.Duration) bool { return len(d) > 0 && begun <= d[len(d)-1].to }

// between reports whether the table can have been dropped between two moments.
func (d drops) between(from, to time.Duration) bool {
	for _, drop := range d {
		if drop.to >= from && drop.from <= to {
			return true
		}
	}
	return false
}
