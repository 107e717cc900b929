package faults_test

import (
	"slices"
	"strings"
	"sync"

	"github.com/schemactor/schemactor/internal/faults"
	"github.com/schemactor/schemactor/schema"
)

// Phases of a program beside those of the cold path.
const (
	phaseOpen schema.Phase = "open" // it has not come to its tables yet
	phaseRows schema.Phase = "rows" // a table is ready, and its rows are written
)

// point is one moment that a program passes: what happens, in what phase, for the how-manieth time.
type point struct {
	Phase schema.Phase
	What  string
	Nth   int // from 1; 0 is a point that no program comes to
}

func (p point) String() string {
	if p.What == string(p.Phase) {
		return p.What
	}
	return string(p.Phase) + ": " + p.What
}

// path is the way of a program through its points.
type path struct {
	stop    point
	stopped func()

	mu    sync.Mutex
	phase schema.Phase
	way   []point
	times map[point]int // by the point without its number
}

func newPath(stop point, stopped func()) *path {
	return &path{stop: stop, stopped: stopped, phase: phaseOpen, times: map[point]int{}}
}

// hit notes that the program passes a point. It stops for ever at the one that it is to stop at, and so does everything
// else of it that comes to a point.
func (p *path) hit(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := point{Phase: p.phase, What: what}
	p.times[at]++
	at.Nth = p.times[at]
	p.way = append(p.way, at)
	if at == p.stop {
		p.stopped()
		select {}
	}
}

// listener has the points that the library tells of.
func (p *path) listener() *schema.Listener {
	return schema.Tee(&schema.Listener{Entered: func(e schema.Event) { p.enter(e.Phase) }}, faults.Points(p.hit),
		&schema.Listener{Ready: func(schema.Event) { p.enter(phaseRows) }})
}

func (p *path) enter(phase schema.Phase) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = phase
}

// reads reports whether a statement only reads: then the moments before and after it are the same to everybody else.
func reads(sql string) bool {
	return slices.ContainsFunc([]string{"SELECT", "WITH RECURSIVE", "PRAGMA", "-- "}, func(word string) bool {
		return strings.HasPrefix(sql, word)
	})
}
