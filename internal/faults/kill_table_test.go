package faults_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// toll is what killing has come to, by where it was done.
type toll struct {
	head []string

	mu    sync.Mutex
	lines []*tollLine
}

// tollLine is the toll of one place.
type tollLine struct {
	place         []string
	points, kills int
	midway        int // of the kills, those before the program had its tables
	recovered     []time.Duration
}

// line gives the line of a place, which is made where it is new.
func (k *toll) line(place ...string) *tollLine {
	for _, l := range k.lines {
		if slices.Equal(l.place, place) {
			return l
		}
	}
	l := &tollLine{place: place}
	k.lines = append(k.lines, l)
	return l
}

// note changes the line of a place.
func (k *toll) note(change func(l *tollLine), place ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	change(k.line(place...))
}

// by gives the toll of larger places: what has the first n names in common.
func (k *toll) by(n int) *toll {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := &toll{head: k.head[:n]}
	for _, l := range k.lines {
		out.line(l.place[:n]...).add(l)
	}
	return out
}

func (l *tollLine) add(other *tollLine) {
	l.points, l.kills, l.midway = l.points+other.points, l.kills+other.kills, l.midway+other.midway
	l.recovered = append(l.recovered, other.recovered...)
}

// String gives a table with a line for each place and one for all of it.
func (k *toll) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := &tollLine{place: append([]string{"all"}, make([]string, len(k.head)-1)...)}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, strings.Join(append(slices.Clone(k.head), "points", "kills", "midway", "recovered", "median", "most"), "\t"))
	for _, l := range k.lines {
		all.add(l)
		fmt.Fprintln(w, l)
	}
	fmt.Fprintln(w, all)
	_ = w.Flush() // a strings.Builder takes everything
	return b.String()
}

func (l *tollLine) String() string {
	slices.Sort(l.recovered)
	median, most := "-", "-"
	if n := len(l.recovered); n > 0 {
		median, most = l.recovered[n/2].Round(time.Millisecond).String(), l.recovered[n-1].Round(time.Millisecond).String()
	}
	return strings.Join(append(slices.Clone(l.place), fmt.Sprint(l.points), fmt.Sprint(l.kills), fmt.Sprint(l.midway),
		fmt.Sprint(len(l.recovered)), median, most), "\t")
}
