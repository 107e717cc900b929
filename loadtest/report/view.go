package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// view is what a page says, in words.
type view struct {
	Title    string
	Headline string
	Verdict  Verdict // of all runs together
	Cards    []card
	Several  bool
	Tiles    []tile
	Compared []row
	Promises []row
	Charts   map[string]chart
	Kinds    grid // operations, one by one
	Errors   grid
	Marks    grid
	Settings []row
	Given    int // how many of the settings were given
}

// card is one run in the header.
type card struct {
	Label, About, Load string
	Verdict            Verdict
	Broken             []string
	Interrupted        bool
	// Color is the number of the run's colour, from 1.
	Color int
}

// tile is one number of a single run.
type tile struct{ Name, Value, Note string }

// row is a line of a table that has the runs beside each other.
type row struct {
	Name, Note string
	Cells      []cell
	// Marked: something about the line is to be seen, as that the runs differ.
	Marked bool
}

// cell is one run's part of a row.
type cell struct {
	Text, Note string
	// Tone is "good", "bad" or empty.
	Tone string
}

// grid is a plain table.
type grid struct {
	Head []string
	Rows [][]string
	// Kinds is what each column holds: n for numbers, t for text that may be long, anything else for words.
	Kinds string
	// Note says what was left out; it may be empty.
	Note string
}

// Class is how a column is set.
func (g grid) Class(column int) string {
	if column < len(g.Kinds) {
		return map[byte]string{'n': "number", 't': "text"}[g.Kinds[column]]
	}
	return ""
}

// chart is what stands beside a picture for those who do not see it.
type chart struct {
	Alt  string
	Data grid
}

// colors is how many colours runs have; then they begin again, with broken lines.
const colors = 6

// look finds the words for runs, of which there is at least one.
func look(runs []Run) view {
	v := view{
		Several: len(runs) > 1, Verdict: together(runs), Charts: chartsOf(runs),
		Kinds: kinds(runs), Errors: errorsOf(runs), Marks: marks(runs),
		Promises: promises(runs), Settings: settings(runs),
	}
	for i := range runs {
		v.Cards = append(v.Cards, cardOf(&runs[i], i))
	}
	v.Headline = headline(runs, v.Verdict)
	v.Title = "Load test: " + v.Headline
	if v.Several {
		v.Compared = compared(runs)
	} else {
		v.Tiles = tiles(&runs[0])
	}
	for _, s := range v.Settings {
		if s.Marked {
			v.Given++
		}
	}
	return v
}

// apart gives runs names of their own, where several have the same one.
func apart(runs []Run) []Run {
	named := slices.Clone(runs)
	for _, more := range []func(i int) string{
		func(i int) string { return runs[i].Database.Kind },
		func(i int) string { return "#" + strconv.Itoa(i+1) },
	} {
		times := map[string]int{}
		for i := range named {
			times[named[i].Label()]++
		}
		for i := range named {
			if times[named[i].Label()] > 1 {
				named[i].Name = strings.TrimSpace(named[i].Label() + " " + more(i))
			}
		}
	}
	return named
}

// together is broken if any run is, and kept if all are.
func together(runs []Run) Verdict {
	all := Kept
	for i := range runs {
		switch runs[i].Verdict() {
		case Broken:
			return Broken
		case Unjudged:
			all = Unjudged
		}
	}
	return all
}

func headline(runs []Run, all Verdict) string {
	if len(runs) == 1 {
		broken, promises := len(runs[0].Broken()), len(runs[0].Promises)
		switch {
		case all == Kept:
			return "every promise kept"
		case all == Unjudged:
			return "nobody has judged"
		case promises == 1:
			return "the promise is broken"
		}
		return fmt.Sprintf("%d of %d promises broken", broken, promises)
	}
	by := map[Verdict][]string{}
	for i := range runs {
		verdict := runs[i].Verdict()
		by[verdict] = append(by[verdict], runs[i].Label())
	}
	switch {
	case all == Kept:
		return fmt.Sprintf("every promise kept in all %d runs", len(runs))
	case all == Broken && len(by[Broken]) == len(runs):
		return fmt.Sprintf("promises broken in all %d runs", len(runs))
	case all == Broken && len(by[Kept]) > 0:
		return joinedWords(by[Kept]) + " kept every promise, " + joinedWords(by[Broken]) + " did not"
	case all == Broken:
		return "promises broken by " + joinedWords(by[Broken])
	}
	return fmt.Sprintf("%d runs", len(runs))
}

func cardOf(r *Run, i int) card {
	about := []string{strings.TrimSpace(r.Database.Kind + " " + r.Database.Version)}
	if r.Mode != r.Label() {
		about = append(about, r.Mode)
	}
	if !r.Started.IsZero() {
		about = append(about, r.Started.UTC().Format("2006-01-02 15:04:05")+" UTC")
	}
	c := card{
		Label: r.Label(), About: dotted(about...), Load: r.load(), Verdict: r.Verdict(), Interrupted: r.Interrupted, Color: i%colors + 1,
	}
	for _, p := range r.Broken() {
		c.Broken = append(c.Broken, p.Name)
	}
	return c
}

// load says how much was put on what.
func (r *Run) load() string {
	var words []string
	for _, s := range []struct{ flag, before, noun string }{{"writers", "", "writer"}, {"processes", "in ", "process"}, {"tables", "on ", "table"}} {
		if value := r.setting(s.flag); value != "" {
			words = append(words, s.before+plural(value, s.noun))
		}
	}
	parts := []string{strings.Join(words, " ")}
	if r.Elapsed > 0 {
		parts = append(parts, span(r.Elapsed.Round(100*time.Millisecond)))
	}
	if r.TargetRate > 0 {
		parts = append(parts, perSecond(r.TargetRate)+" asked for")
	}
	return dotted(parts...)
}

func plural(value, noun string) string {
	switch {
	case value == "1":
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return value + " " + noun + "es"
	}
	return value + " " + noun + "s"
}

func (r *Run) setting(flag string) string {
	for _, s := range r.Config {
		if s.Flag == flag {
			return s.Value
		}
	}
	return ""
}

// dotted joins what is not empty.
func dotted(parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, " · ")
}
