package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/schemactor/schemactor/loadtest/load"
	"github.com/schemactor/schemactor/loadtest/report"
)

// report writes the totals, the errors and the verdict.
func (s *screen) report(r *load.Result) {
	s.say("")
	for _, row := range totals(r) {
		s.say("%s%-12s%s", indent, row[0], row[1])
	}
	for _, e := range r.Run.Errors {
		if e.Fault == "" {
			s.say("%s%-12s%s × %s, first: %s", indent, "error", number(e.Count), e.Class, e.Example)
		} else {
			s.say("%s%-12s%s × %s", indent, "of a "+e.Fault, number(e.Count), e.Class)
		}
	}
	s.say("")
	for line := range strings.Lines(r.Verdict.String()) {
		s.say("%s%s", indent, s.painted(strings.TrimRight(line, "\n")))
	}
	s.say("")
	for _, row := range s.promises(&r.Run) {
		s.say("%s%s", indent, row)
	}
	s.say("")
	if r.Kept != "" {
		s.say("Kept: %s", r.Kept)
	}
	s.say("%s", s.conclusion(r))
}

// totals are the numbers of the whole run, with their names.
func totals(r *load.Result) [][2]string {
	run := &r.Run
	elapsed := seconds(run.Elapsed)
	if run.Warmup > 0 {
		elapsed += fmt.Sprintf(", %s of it to warm up", seconds(run.Warmup))
	}
	if run.Interrupted {
		elapsed += ", interrupted"
	}
	rows := [][2]string{
		{"elapsed", elapsed},
		{"operations", fmt.Sprintf("%s, %s/s; %s", number(run.All.Count), number(int64(run.Throughput())), latency(&run.All))},
	}
	for i := range run.Operations {
		op := &run.Operations[i]
		rows = append(rows, [2]string{indent + op.Name, fmt.Sprintf("%s; %s", number(op.Count), latency(op))})
	}
	migrations := fmt.Sprintf("%s of %s", number(run.Migrations), counted(run.Tables, "table"))
	if run.Mode == report.ModeIfNotExists {
		migrations = fmt.Sprintf("not known of %s: there is no history", counted(run.Tables, "table"))
	}
	rows = append(rows, [2]string{"migrations", migrations})
	return append(append(rows, faults(r)...), errorsRow(run)...)
}

// faults are what was done to the run, and what went with it.
func faults(r *load.Result) (rows [][2]string) {
	counts := map[string]int64{}
	for _, m := range r.Run.Faults {
		counts[m.Kind]++
	}
	for _, kind := range []string{"change", "kill", "freeze", "drop", "cut", "restart"} {
		if counts[kind] == 0 {
			continue
		}
		text := number(counts[kind])
		if kind == "drop" {
			text += fmt.Sprintf("; %s went with their tables", counted(r.Lost, "acknowledged row"))
		}
		rows = append(rows, [2]string{kind + "s", text})
	}
	if r.Run.Unsaid > 0 {
		rows = append(rows, [2]string{"unsaid", counted(r.Run.Unsaid, "row") + " stored that nobody was left to acknowledge"})
	}
	return rows
}

func errorsRow(run *report.Run) [][2]string {
	if run.ErrorTotal() > 0 {
		return nil
	}
	return [][2]string{{"errors", "none"}}
}

func latency(op *report.Operation) string {
	at := func(q float64) string { return span(op.At(q).Round(time.Microsecond)) }
	return fmt.Sprintf("p50 %s, p99 %s, p99.9 %s, longest %s", at(0.5), at(0.99), at(0.999), at(1))
}

// promised is how many promises are shown with their numbers: those that people ask for first.
const promised = 3

// promises are the lines of the promises: the first ones, and of the others those that were broken.
func (s *screen) promises(run *report.Run) (rows []string) {
	for i, p := range run.Promises {
		if i >= promised && p.Kept {
			continue
		}
		word, color := "kept", green
		if !p.Kept {
			word, color = "BROKEN", red
		}
		row := s.paint(color, fmt.Sprintf("%-8s", word)) + fmt.Sprintf("%s: %s", p.Name, p.Got)
		if !p.Kept && p.Detail != "" {
			row += fmt.Sprintf(" (%s)", p.Detail)
		}
		rows = append(rows, row)
	}
	return rows
}

// conclusion is the last line.
func (s *screen) conclusion(r *load.Result) string {
	failed, errors := len(r.Verdict.Failed()), r.Run.ErrorTotal() > 0
	switch {
	case r.OK():
		return s.paint(green, "Every promise kept.")
	case failed == 0:
		return s.paint(red, "BROKEN: callers got errors.")
	case !errors:
		return s.paint(red, "BROKEN: "+counted(int64(failed), "check")+" failed.")
	}
	return s.paint(red, "BROKEN: "+counted(int64(failed), "check")+" failed, and callers got errors.")
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
