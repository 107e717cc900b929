package report

import (
	"fmt"
	"slices"
	"time"
)

// tiles are the numbers of a single run.
func tiles(r *Run) []tile {
	throughput := tile{"Throughput", perSecond(r.Throughput()), counted(r.All.Count, "operation")}
	if r.Warmup > 0 {
		throughput.Note += " after " + span(r.Warmup) + " of warm-up"
	}
	tables := tile{"Migrations", number(r.Migrations), "of " + counted(r.Tables, "table")}
	return []tile{
		throughput,
		{"Latency p50", span(r.All.At(0.5)), "half are quicker"},
		{"Latency p99", span(r.All.At(0.99)), "1 of 100 is slower"},
		{"Latency p99.9", span(r.All.At(0.999)), "longest " + span(r.All.Max())},
		{"Errors", number(r.ErrorTotal()), errorNote(r)},
		tables,
	}
}

func errorNote(r *Run) string {
	switch explained := r.explained(); {
	case explained > 0:
		return number(explained) + " more, of faults"
	case len(r.Errors) == 0:
		return "no caller got one"
	}
	return "that callers got"
}

// measure is one number by which runs are compared.
type measure struct {
	name, note string
	value      func(*Run) float64
	text       func(*Run) string
	// better is 1 where more is better, -1 where less is, and 0 where neither is.
	better int
}

// measures are the lines of the comparison.
func measures() []measure {
	latency := func(name, note string, quantile float64) measure {
		return measure{
			name, note, func(r *Run) float64 { return float64(r.All.At(quantile)) },
			func(r *Run) string { return span(r.All.At(quantile)) }, -1,
		}
	}
	count := func(name, note string, value func(*Run) int64) measure {
		return measure{name, note, func(r *Run) float64 { return float64(value(r)) }, func(r *Run) string { return number(value(r)) }, 0}
	}
	return []measure{
		{"Throughput", "acknowledged operations", (*Run).Throughput, func(r *Run) string { return perSecond(r.Throughput()) }, 1},
		latency("Latency p50", "half are quicker", 0.5),
		latency("Latency p99", "1 of 100 is slower", 0.99),
		latency("Latency p99.9", "1 of 1,000 is slower", 0.999),
		latency("Longest", "", 1),
		count("Operations", "after the warm-up", func(r *Run) int64 { return r.All.Count }),
		count("Errors", "that callers got, without cause", (*Run).ErrorTotal),
		count("Errors of faults", "while something was done to the run", (*Run).explained),
		count("Migrations", "", func(r *Run) int64 { return r.Migrations }),
		count("Tables", "at the end", func(r *Run) int64 { return r.Tables }),
	}
}

// compared puts runs beside each other.
func compared(runs []Run) []row {
	var rows []row
	for _, m := range measures() {
		line := row{Name: m.name, Note: m.note}
		first := m.value(&runs[0])
		for i := range runs {
			value := m.value(&runs[i])
			c := cell{Text: m.text(&runs[i])}
			if i > 0 && m.better != 0 {
				c.Note, c.Tone = ratio(value, first), tone(value, first, m.better)
			}
			line.Cells = append(line.Cells, c)
		}
		rows = append(rows, line)
	}
	return append(rows, row{Name: "Elapsed", Cells: each(runs, func(r *Run) cell {
		c := cell{Text: span(r.Elapsed.Round(time.Millisecond))}
		if r.Interrupted {
			c.Note = "interrupted"
		}
		return c
	})})
}

// notable is the part by which a number must differ to be called better or worse.
const notable = 0.1

func tone(value, first float64, better int) string {
	if value <= 0 || first <= 0 {
		return ""
	}
	x := value / first
	if x > 1-notable && x < 1+notable {
		return ""
	}
	if (x > 1) == (better > 0) {
		return "good"
	}
	return "bad"
}

func each(runs []Run, of func(*Run) cell) []cell {
	var cells []cell
	for i := range runs {
		cells = append(cells, of(&runs[i]))
	}
	return cells
}

// promises has a line for each promise that any run has; those that are broken in some come first.
func promises(runs []Run) []row {
	type key struct {
		name string
		nth  int // a name may come more than once
	}
	var order []key
	lines := map[key]*row{}
	for i := range runs {
		times := map[string]int{}
		for _, p := range runs[i].Promises {
			k := key{p.Name, times[p.Name]}
			times[p.Name]++
			line := lines[k]
			if line == nil {
				line = &row{Name: p.Name, Note: p.Want, Cells: make([]cell, len(runs))}
				lines[k] = line
				order = append(order, k)
			}
			line.Cells[i] = found(&p, line.Note)
			line.Marked = line.Marked || !p.Kept
		}
	}
	var rows []row
	for _, k := range order {
		line := lines[k]
		if !slices.ContainsFunc(line.Cells, func(c cell) bool { return c.Tone != "" && c.Text != line.Note }) {
			line.Note = "" // all found what was wanted
		}
		rows = append(rows, *line)
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.Marked == b.Marked:
			return 0
		case a.Marked:
			return -1
		}
		return 1
	})
	return rows
}

// found is what a promise came to; want is what the line says of it already.
func found(p *Promise, want string) cell {
	c := cell{Text: p.Got, Note: p.Detail, Tone: "good"}
	if !p.Kept {
		c.Tone = "bad"
	}
	if c.Text == "" {
		c.Text = map[bool]string{true: "kept", false: "broken"}[p.Kept]
	}
	if p.Want != want {
		c.Note = dotted("wanted "+p.Want, c.Note)
	}
	return c
}

// settings has a line for each setting that any run has, and for the machine.
func settings(runs []Run) []row {
	var order []string
	for i := range runs {
		for _, s := range runs[i].Config {
			if !slices.Contains(order, s.Flag) {
				order = append(order, s.Flag)
			}
		}
	}
	var rows []row
	for _, flag := range order {
		line := row{Name: "--" + flag, Cells: each(runs, func(r *Run) cell { return cell{Text: r.setting(flag)} })}
		for i := range runs {
			line.Marked = line.Marked || slices.ContainsFunc(runs[i].Config, func(s Setting) bool { return s.Flag == flag && s.Given })
		}
		line.Note = differing(line.Cells)
		rows = append(rows, line)
	}
	for _, of := range []struct {
		name string
		text func(*Run) string
	}{
		{"Mode", func(r *Run) string { return r.Mode }},
		{"Database", func(r *Run) string { return r.Database.Kind + " " + r.Database.Version }},
		{"System", func(r *Run) string { return r.Machine.OS }},
		{"Processor", func(r *Run) string {
			if r.Machine.CPUs == 0 {
				return r.Machine.CPU
			}
			return dotted(r.Machine.CPU, fmt.Sprintf("%d usable", r.Machine.CPUs))
		}},
		{"Go", func(r *Run) string { return r.Machine.Go }},
		{"Library", func(r *Run) string { return r.Machine.Library }},
	} {
		line := row{Name: of.name, Cells: each(runs, func(r *Run) cell { return cell{Text: of.text(r)} })}
		line.Note = differing(line.Cells)
		rows = append(rows, line)
	}
	return rows
}

// differing says so where the runs do.
func differing(cells []cell) string {
	if slices.ContainsFunc(cells, func(c cell) bool { return c.Text != cells[0].Text }) {
		return "differs"
	}
	return ""
}
