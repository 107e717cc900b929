package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/schemactor/schemactor/loadtest/load"
)

const (
	defaultDuration = 10 * time.Second
	indent          = "  "
)

// screen writes what people see: on a terminal one line that is written over, into a pipe a line each second. It is safe for
// concurrent use.
type screen struct {
	out   io.Writer
	live  bool // a terminal
	color bool
	width int

	mu    sync.Mutex
	drawn bool // the line that is written over stands there
}

func newScreen(out io.Writer) *screen {
	s := &screen{out: out, width: 80}
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return s
	}
	s.live = os.Getenv("TERM") != "dumb"
	s.color = s.live && os.Getenv("NO_COLOR") == ""
	if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
		s.width = width
	}
	return s
}

func (s *screen) interval() time.Duration {
	if s.live {
		return 250 * time.Millisecond
	}
	return time.Second
}

// say writes one line.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// clear takes the line away that is written over.
func (s *screen) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
}

func (s *screen) wipe() {
	if s.drawn {
		fmt.Fprint(s.out, "\r\x1b[2K")
		s.drawn = false
	}
}

// opening says what is about to be done.
func (s *screen) opening(cfg *load.Config, database string) {
	text := fmt.Sprintf("%s in %s on %s for %s", counted(int64(cfg.Writers), "writer"),
		counted(int64(cfg.Processes), "process"), counted(int64(cfg.Tables), "table"), cfg.Duration)
	if cfg.KillEvery > 0 {
		text += fmt.Sprintf(", a kill every %s", cfg.KillEvery)
	}
	s.say("%s", text)
	s.say("%s", database)
	s.say("")
}

// roomy is how wide a terminal must be for two blanks between the numbers of a sample.
const roomy = 92

// sample shows how the run stands.
func (s *screen) sample(now load.Sample) {
	gap := "  "
	if s.live && s.width < roomy {
		gap = " "
	}
	line := strings.Join([]string{
		fmt.Sprintf("%6s", compact(seconds(now.Elapsed))), fmt.Sprintf("%8s", number(int64(now.Rate))+"/s"),
		fmt.Sprintf("p50 %6s", compact(span(now.P50))), fmt.Sprintf("p99 %6s", compact(span(now.P99))),
		fmt.Sprintf("tables %d", now.Tables), fmt.Sprintf("migrations %d", now.Migrations),
		"errors " + number(now.Errors), fmt.Sprintf("kills %d", now.Kills),
	}, gap)
	if !s.live {
		s.say("%s", line)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	if letters := []rune(line); len(letters) >= s.width {
		line = string(letters[:s.width-1])
	}
	fmt.Fprint(s.out, line)
	s.drawn = true
}

// compact writes a number and its unit as one word.
func compact(text string) string { return strings.ReplaceAll(text, " ", "") }

// report writes the totals, the errors and the verdict.
func (s *screen) report(r *load.Report) {
	s.say("")
	for _, row := range totals(r) {
		s.say("%s%-12s%s", indent, row[0], row[1])
	}
	for _, f := range r.Faults {
		s.say("%s%-12s%s × %s, first: %s", indent, "error", number(f.Count), f.Kind, f.First)
	}
	s.say("")
	for line := range strings.Lines(r.Verdict.String()) {
		s.say("%s%s", indent, s.painted(strings.TrimRight(line, "\n")))
	}
	s.say("")
	if r.Kept != "" {
		s.say("Kept: %s", r.Kept)
	}
	s.say("%s", s.conclusion(r))
}

// totals are the numbers of the whole run, with their names.
func totals(r *load.Report) [][2]string {
	elapsed := seconds(r.Elapsed)
	if r.Interrupted {
		elapsed += ", interrupted"
	}
	rows := [][2]string{
		{"elapsed", elapsed},
		{"creates", fmt.Sprintf("%s, %s/s; p50 %s, p99 %s, longest %s", number(r.Counts.Creates),
			number(int64(float64(r.Counts.Creates)/r.Elapsed.Seconds())), span(r.P50), span(r.P99), span(r.Max))},
		{"pairs", number(r.Counts.Pairs) + ", two of these rows each, in one transaction"},
		{"reads", number(r.Counts.Reads)},
		{"updates", number(r.Counts.Updates)},
		{"deletes", number(r.Counts.Deletes)},
		{"migrations", fmt.Sprintf("%s of %s", number(r.Migrations), counted(r.Ready, "table"))},
	}
	if r.Kills > 0 {
		rows = append(rows, [2]string{"kills", fmt.Sprintf("%s; %s stored that nobody lived to acknowledge",
			number(r.Kills), counted(r.Unsaid, "row"))})
	}
	if len(r.Faults) == 0 {
		rows = append(rows, [2]string{"errors", "none"})
	}
	return rows
}

// conclusion is the last line.
func (s *screen) conclusion(r *load.Report) string {
	failed := len(r.Verdict.Failed())
	switch {
	case r.OK():
		return s.paint(green, "Every promise kept.")
	case failed == 0:
		return s.paint(red, "BROKEN: callers got errors.")
	case len(r.Faults) == 0:
		return s.paint(red, "BROKEN: "+counted(int64(failed), "check")+" failed.")
	}
	return s.paint(red, "BROKEN: "+counted(int64(failed), "check")+" failed, and callers got errors.")
}

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

// painted gives the verdict's words their colours.
func (s *screen) painted(line string) string {
	if before, after, ok := strings.Cut(line, " BROKEN "); ok {
		return before + " " + s.paint(red, "BROKEN") + " " + after
	}
	if before, ok := strings.CutSuffix(line, " ok"); ok {
		return before + " " + s.paint(green, "ok")
	}
	return line
}

// number writes a count with a comma between thousands.
func number(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted writes a count with its noun.
func counted(n int64, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return number(n) + " " + noun + "es"
	}
	return number(n) + " " + noun + "s"
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// span writes a duration with the digits that matter; nothing was measured where it is 0.
func span(d time.Duration) string {
	switch {
	case d == 0:
		return "–"
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}
