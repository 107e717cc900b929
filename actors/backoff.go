package actors

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff is how long to leave something alone after the n-th failure in a row, n from 1: least, doubled each time up
// to most, then varied by a fifth to either side.
func backoff(n int, least, most time.Duration) time.Duration {
	pause := least
	for ; n > 1 && pause < most; n-- {
		pause *= 2
	}
	pause = min(pause, most)
	return time.Duration(float64(pause) * (0.8 + 0.4*rand.Float64()))
}

// pause waits without holding anything, at most until rung is closed (nil is never), and reports whether it came to its
// end before the context did.
func pause(ctx context.Context, d time.Duration, rung <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-rung:
		return true
	case <-ctx.Done():
		return false
	}
}
