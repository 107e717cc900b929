package report

import (
	"fmt"
	"strings"

	"github.com/schemactor/schemactor/loadtest/compare/match"
	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// section is one table.
type section struct {
	title  string
	header []string
	rows   [][]string
}

// sections are the tables of a result: one for each scenario on each database, and beside it latencies and allocations
// where they are known.
func sections(r *match.Result) []section {
	var out []section
	for _, rows := range grouped(r) {
		title := fmt.Sprintf("%s, %s", databaseName(rows[0].Database), scenarioName(rows[0].Scenario))
		out = append(out, figures(title, rows))
		out = append(out, beside(title+": latency p50 / p99, ms", rows, latency)...)
		out = append(out, beside(title+": allocations of a call (bytes)", rows, allocations)...)
	}
	return out
}

// grouped puts the cells of one scenario and database together, in their order.
func grouped(r *match.Result) [][]*match.Row {
	var out [][]*match.Row
	at := map[string]int{}
	for _, row := range r.Rows {
		key := row.Scenario + " " + string(row.Database)
		n, there := at[key]
		if !there {
			n = len(out)
			at[key], out = n, append(out, nil)
		}
		out[n] = append(out[n], row)
	}
	return out
}

func databaseName(d peer.Database) string {
	switch d {
	case peer.Postgres:
		return "PostgreSQL"
	case peer.MySQL:
		return "MariaDB"
	}
	return "SQLite"
}

func scenarioName(name string) string {
	switch name {
	case "single":
		return "single rows"
	case "writers":
		return "parallel writers"
	case "bulk":
		return "many rows by one call"
	case "start":
		return "start with many tables"
	case "herd":
		return "first use by many at once"
	default:
		return name
	}
}

// names are the contestants that took part in any of the cells.
func names(rows []*match.Row) []string {
	var out []string
	for _, c := range peer.All() {
		for _, row := range rows {
			if len(row.Samples[c.Name]) > 0 {
				out = append(out, c.Name)
				break
			}
		}
	}
	return out
}

// figures shows how all stand to the bare driver.
func figures(title string, rows []*match.Row) section {
	s := section{title: title, header: []string{"cell"}}
	all := names(rows)
	s.header = append(s.header, all...)
	s.header = append(s.header, "best peer", "of the limit", "spread of bare", "spread of "+peer.Own)
	for _, row := range rows {
		line := []string{row.Name}
		for _, name := range all {
			line = append(line, figure(row, name))
		}
		best := dash
		if name := row.Best(); name != "" {
			best = fmt.Sprintf("%s %s", name, times(row.Ratio(name, peer.Bare)))
		}
		limit := dash
		if ratio := row.Ratio(peer.Own, peer.Limit); ratio > 0 {
			limit = fmt.Sprintf("%.2f", ratio)
		}
		s.rows = append(s.rows, append(line, best, limit, spread(row, peer.Bare), spread(row, peer.Own)))
	}
	return s
}

const dash = "–"

// figure is the bare driver's figure in full, that of others as a ratio to it; what is counted in ms is shown in full.
func figure(row *match.Row, name string) string {
	f, there := row.Figure(name)
	if !there {
		return dash
	}
	text := times(row.Ratio(name, peer.Bare))
	switch {
	case row.Unit == match.Milliseconds && name != peer.Bare:
		text = value(row, f.Median) + " (" + text + ")"
	case name == peer.Bare:
		text = value(row, f.Median)
	}
	if f.DDL >= 0 {
		text += fmt.Sprintf(", %d DDL", f.DDL)
	}
	if f.Failed > 0 {
		text += fmt.Sprintf(", %.2g %% errors", 100*f.Failed)
	}
	return text
}

func times(ratio float64) string {
	switch {
	case ratio == 0:
		return dash
	case ratio >= 10:
		return fmt.Sprintf("%.1f×", ratio)
	case ratio < 0.095:
		return fmt.Sprintf("%.3f×", ratio)
	default:
		return fmt.Sprintf("%.2f×", ratio)
	}
}

func value(row *match.Row, v float64) string {
	if row.Unit == match.Milliseconds {
		if v < 100 {
			return fmt.Sprintf("%.1f ms", v)
		}
		return thousands(v) + " ms"
	}
	return thousands(v) + "/s"
}

func thousands(v float64) string {
	digits := fmt.Sprintf("%.0f", v)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

func spread(row *match.Row, name string) string {
	f, there := row.Figure(name)
	if !there {
		return dash
	}
	return fmt.Sprintf("%s–%s (%d)", strings.TrimRight(value(row, f.Min), " ms/"), value(row, f.Max), len(row.Samples[name]))
}

// beside shows something else of the same cells, if any has it.
func beside(title string, rows []*match.Row, show func(match.Figure) string) []section {
	all := names(rows)
	s := section{title: title, header: append([]string{"cell"}, all...)}
	for _, row := range rows {
		line, any := []string{row.Name}, false
		for _, name := range all {
			text := ""
			if f, there := row.Figure(name); there {
				text = show(f)
			}
			any = any || text != ""
			if text == "" {
				text = dash
			}
			line = append(line, text)
		}
		if any {
			s.rows = append(s.rows, line)
		}
	}
	if len(s.rows) == 0 {
		return nil
	}
	return []section{s}
}

func latency(f match.Figure) string {
	if f.P99 == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f / %.2f", f.P50, f.P99)
}

func allocations(f match.Figure) string {
	if f.Allocs < 0 {
		return ""
	}
	return fmt.Sprintf("%.0f (%s)", f.Allocs, thousands(f.Bytes))
}
