package shop

import (
	"fmt"
	"runtime"
	"testing"
)

// Recorder is a test whose failure is wanted.
type Recorder struct {
	testing.TB
	Text string // of the failure that ended it
}

// Fatal notes the failure and ends the goroutine.
func (r *Recorder) Fatal(args ...any) {
	r.Text = fmt.Sprint(args...)
	runtime.Goexit()
}

// Fatalf is Fatal with a format.
func (r *Recorder) Fatalf(format string, args ...any) { r.Fatal(fmt.Sprintf(format, args...)) }

// Failure runs a part of a test and gives the failure that ended it, empty if there was none.
func Failure(tb testing.TB, part func(tb testing.TB)) string {
	r := &Recorder{TB: tb}
	done := make(chan struct{})
	go func() {
		defer close(done)
		part(r)
	}()
	<-done
	return r.Text
}
