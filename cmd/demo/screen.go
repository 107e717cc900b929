package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// screen writes the story: plain lines into a pipe, and on a terminal one progress line below them that is written
// over and over. It is safe for concurrent use.
type screen struct {
	out   io.Writer
	live  bool // a terminal
	color bool
	width int

	mu    sync.Mutex
	drawn bool // a progress line stands there
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

// say writes one line.
func (s *screen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	fmt.Fprintf(s.out, format+"\n", args...)
}

// heading opens a chapter.
func (s *screen) heading(text string) {
	s.say("")
	if s.color {
		text = "\x1b[1m" + text + "\x1b[0m"
	}
	s.say("%s", text)
}

// progress writes over the progress line; into a pipe it writes nothing.
func (s *screen) progress(format string, args ...any) {
	if !s.live {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wipe()
	line := []rune("  … " + fmt.Sprintf(format, args...))
	if len(line) >= s.width {
		line = line[:s.width-1]
	}
	fmt.Fprint(s.out, string(line))
	s.drawn = true
}

// clear takes the progress line away.
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

// verdict writes a promise and what became of it.
func (s *screen) verdict(p promise) {
	word, color := "ok    ", "\x1b[32m"
	if !p.kept {
		word, color = "BROKEN", "\x1b[1;31m"
	}
	if s.color {
		word = color + word + "\x1b[0m"
	}
	s.say("  %s  %s", word, p.text)
}

// table writes rows in columns: the first is flush left, the others flush right.
func (s *screen) table(rows ...[]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	s.say("")
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString("  " + cell + pad)
			} else {
				line.WriteString("   " + pad + cell)
			}
		}
		s.say("%s", strings.TrimRight(line.String(), " "))
	}
	s.say("")
}

// number writes a count with a comma between thousands.
func number[N int | int64](n N) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// span writes a duration with the digits that matter.
func span(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 10*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// ratio writes how many times longer a took than b.
func ratio(a, b time.Duration) string {
	times := float64(a) / float64(max(b, 1))
	if times < 10 {
		return fmt.Sprintf("%.1f×", times)
	}
	return fmt.Sprintf("%.0f×", times)
}
