package main

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/schemactor/schemactor/loadtest/load"
)

// live is what stands on a terminal while a run goes on: a bar of how much of it is over, and two lines. The terminal stays in its
// usual mode, so that an interrupt is one.
type live struct {
	lines *mpb.Progress
	bar   *mpb.Bar

	mu  sync.Mutex
	now load.Sample
}

// steps is how fine the bar is.
const steps = 1000

func newLive(out io.Writer, options ...mpb.ContainerOption) *live {
	l := &live{}
	l.lines = mpb.New(append([]mpb.ContainerOption{mpb.WithOutput(out)}, options...)...)
	l.bar = l.lines.New(steps, mpb.BarStyle().Lbound("").Filler("█").Tip("█").Padding("░").Rbound(""),
		mpb.BarWidth(40),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return fmt.Sprintf("%7s ", seconds(l.sample().Elapsed)) })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return fmt.Sprintf("%3.0f%%", 100*l.sample().Progress) })),
		mpb.BarBtmExtender(l.line(speed), l.line(state)),
	)
	return l
}

// line is a line below the bar, which is never wider than the terminal.
func (l *live) line(words func(load.Sample) []string) mpb.BarFiller {
	return mpb.BarFillerFunc(func(w io.Writer, s decor.Statistics) error {
		text := []rune(strings.Repeat(" ", 8) + strings.Join(words(l.sample()), "  "))
		_, err := fmt.Fprintln(w, string(text[:min(len(text), max(0, s.AvailableWidth-1))]))
		return err
	})
}

func (l *live) sample() load.Sample {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.now
}

func (l *live) show(now load.Sample) {
	l.mu.Lock()
	l.now = now
	l.mu.Unlock()
	// A bar that is full is over, and this one is over when end says so.
	l.bar.SetCurrent(min(steps-1, int64(now.Progress*steps)))
}

// end takes the lines away.
func (l *live) end() {
	l.bar.Abort(true)
	l.lines.Wait()
}
