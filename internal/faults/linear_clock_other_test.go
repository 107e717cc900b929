//go:build !unix

package faults_test

import "time"

// linearClock is the time of day, which every process shares.
func linearClock() int64 { return time.Now().UnixNano() }
