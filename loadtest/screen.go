package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/schemactor/schemactor/loadtest/load"
)

const (
	indent = "  "
	// roomy is how wide a terminal must be for lines that are drawn again.
	roomy = 60
)

// screen writes what people see: on a terminal some lines that are drawn again and again, into a pipe a line each second. It is
// safe for concurrent use.
type screen struct {
	out   io.Writer
	tty   bool
	color bool

	mu   sync.Mutex
	live *live // while lines stand there that are drawn again
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.color = os.Getenv("TERM") != "dumb" && os.Getenv("NO_COLOR") == ""
	// A terminal that has no room, or does not say how much, gets lines like a pipe.
	width, height, err := term.GetSize(int(file.Fd()))
	s.tty = os.Getenv("TERM") != "dumb" && err == nil && width >= roomy && height > 4
	return s
}

func (s *screen) interval() time.Duration {
	if s.tty {
		return 250 * time.Millisecond
	}
	return time.Second
}

// say writes one line.
func (s *screen) say(format string, args ...any) {
	fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// clear takes the lines away that are drawn again.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.live != nil {
		s.live.end()
		s.live = nil
	}
}

// opening says what is about to be done.
func (s *screen) opening(cfg *load.Config, database string) {
	text := fmt.Sprintf("%s in %s on %s", counted(int64(cfg.Writers), "writer"),
		counted(int64(cfg.Processes), "process"), counted(int64(cfg.Tables), "table"))
	if cfg.Duration > 0 {
		text += fmt.Sprintf(" for %s", cfg.Duration)
	}
	if cfg.Count > 0 {
		text += fmt.Sprintf(", %s", counted(cfg.Count, "operation"))
	}
	if cfg.WarmUp > 0 {
		text += fmt.Sprintf(", after %s to warm up", cfg.WarmUp)
	}
	if cfg.Rate > 0 {
		text += fmt.Sprintf(", %g begun per second", cfg.Rate)
	}
	if cfg.Changes > 0 {
		text += ", " + counted(int64(cfg.Changes), "change") + " of the model"
	}
	f := &cfg.Faults
	for _, fault := range []struct {
		what  string
		every time.Duration
	}{{"kill", f.Kill}, {"freeze", f.Freeze}, {"drop", f.Drop}, {"cut", f.Cut}, {"restart", f.Restart}} {
		if fault.every > 0 {
			text += fmt.Sprintf(", a %s every %s", fault.what, fault.every)
		}
	}
	s.say("%s", text)
	s.say("%s", database)
	if cfg.Mode != "" && cfg.Mode != load.ModeCoordinator {
		s.say("%s: this is not the library, but what it is compared with", cfg.Mode)
	}
	s.say("")
	if s.tty {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.live = newLive(s.out)
	}
}

// sample shows how the run stands.
func (s *screen) sample(now load.Sample) {
	s.mu.Lock()
	live := s.live
	s.mu.Unlock()
	if live != nil {
		live.show(now)
		return
	}
	s.say("%s", strings.Join(append(append([]string{fmt.Sprintf("%6s", compact(seconds(now.Elapsed)))}, speed(now)...), state(now)...), "  "))
}

// speed is how fast it goes.
func speed(now load.Sample) []string {
	return []string{
		fmt.Sprintf("%8s", number(int64(now.Rate))+"/s"),
		fmt.Sprintf("p50 %6s", compact(span(now.P50))), fmt.Sprintf("p99 %6s", compact(span(now.P99))),
	}
}

// state is what has come of it so far.
func state(now load.Sample) []string {
	out := []string{fmt.Sprintf("tables %d", now.Tables), fmt.Sprintf("migrations %d", now.Migrations), "errors " + number(now.Errors)}
	if now.Explained > 0 {
		out = append(out, "of faults "+number(now.Explained))
	}
	for _, kind := range []string{"kill", "freeze", "drop", "cut", "restart", "change"} {
		if n := now.Faults[kind]; n > 0 {
			out = append(out, fmt.Sprintf("%ss %d", kind, n))
		}
	}
	return out
}

// compact writes a number and its unit as one word.
func compact(text string) string { return strings.ReplaceAll(text, " ", "") }

const (
	green = "\x1b[32m"
	red   = "\x1b[1;31m"
)

func (s *screen) paint(color, text string) string {
	if !s.color {
		return text
	}
	return color + text + "\x1b[0m"
}
