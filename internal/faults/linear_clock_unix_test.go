//go:build unix

package faults_test

import (
	"time"

	"golang.org/x/sys/unix"
)

// linearClock is the time of the machine's clock that only goes forward, which is the same in every process.
func linearClock() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return time.Now().UnixNano()
	}
	return now.Nano()
}
