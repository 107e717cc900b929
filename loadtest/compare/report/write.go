package report

import (
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// Text writes the tables for a terminal.
func (r *Report) Text(w io.Writer) error {
	for _, s := range sections(r.Result) {
		if _, err := fmt.Fprintf(w, "\n%s\n%s", s.title, s.text()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n%s\n", r.where())
	return err
}

// Markdown writes the same with all that is needed to run it again.
func (r *Report) Markdown(w io.Writer) error {
	_, err := fmt.Fprintf(w, "```\n%s\n```\n\n%s\n", r.Command, r.where())
	for _, s := range sections(r.Result) {
		if err == nil {
			_, err = fmt.Fprintf(w, "\n**%s**\n\n%s", s.title, s.markdown())
		}
	}
	return err
}

// where is a sentence about the machine.
func (r *Report) where() string {
	m := r.Machine
	text := fmt.Sprintf("%s, in %s, seed %d, %s keys: %d cores (%s), %s, %s, SQLite %s", r.Date.Format("2006-01-02"), r.Took, r.Seed,
		r.Keys, m.Cores, m.Processor, m.System, m.Go, m.SQLite)
	if m.Postgres != "" {
		text += ", PostgreSQL " + m.Postgres
	}
	if m.MariaDB != "" {
		text += ", MariaDB " + m.MariaDB
	}
	for _, name := range slices.Sorted(maps.Keys(m.Modules)) {
		short := path.Base(name)
		if path.Base(path.Dir(name)) == "driver" {
			short = "gorm's " + short + " driver"
		}
		if short == "v5" {
			short = path.Base(path.Dir(name))
		}
		text += ", " + short + " " + m.Modules[name]
	}
	return text + fmt.Sprintf(". Pools: %d connections to a server, 1 and %d to SQLite.", peer.Conns, peer.Readers())
}

func (s section) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(s.header, " | "), strings.Repeat("---|", len(s.header)))
	for _, row := range s.rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	return b.String()
}

func (s section) text() string {
	widths := make([]int, len(s.header))
	for _, row := range append([][]string{s.header}, s.rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range append([][]string{s.header}, s.rows...) {
		for i, cell := range row {
			gap := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				b.WriteString("  " + cell + gap)
			} else {
				b.WriteString("  " + gap + cell)
			}
		}
		b.WriteString("\n")
	}
	return b.String()
}
