package shop

import (
	"slices"
	"testing"
	"time"
)

// scope is a part of a test with an end of its own.
type scope struct {
	testing.TB
	ends []func()
}

// Cleanup keeps what is to be done at the end of the part.
func (s *scope) Cleanup(end func()) { s.ends = append(s.ends, end) }

// During runs a part of a test, and then what it wants done at its end.
func During(tb testing.TB, part func(tb testing.TB)) {
	s := &scope{TB: tb}
	defer func() {
		for _, end := range slices.Backward(s.ends) {
			end()
		}
	}()
	part(s)
}

// Compare reports the milliseconds that a copy takes, and how many times as long it takes to make the tables anew, in turns.
func Compare(b *testing.B, copied, anew func()) {
	b.Helper()
	copied() // makes the template
	var one, other time.Duration
	for b.Loop() {
		start := time.Now()
		copied()
		between := time.Now()
		anew()
		one, other = one+between.Sub(start), other+time.Since(between)
	}
	b.ReportMetric(one.Seconds()*1000/float64(b.N), "ms/database")
	b.ReportMetric(other.Seconds()*1000/float64(b.N), "ms/anew")
	b.ReportMetric(other.Seconds()/one.Seconds(), "ratio")
}
