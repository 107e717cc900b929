package load

import (
	"sync"
	"time"

	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// moment is when a worker came to a phase of a table; an empty phase is the end of the one before.
type moment struct {
	Table int
	At    time.Duration // since the run's begin
	Phase report.Phase
	Note  string `json:",omitempty"`
}

// timeline collects how one worker makes its tables ready. It is safe for concurrent use.
type timeline struct {
	byName map[string]int

	mu      sync.Mutex
	begin   time.Time // of the run; nothing happens before it
	last    map[int]report.Phase
	moments []moment
}

func newTimeline(t *task) *timeline {
	line := &timeline{begin: t.Begin, byName: map[string]int{}, last: map[int]report.Phase{}}
	for i := range t.Tables {
		line.byName[t.ref(i).Name] = i
	}
	return line
}

func (l *timeline) from(begin time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.begin = begin
}

// note notes that a table has come to a phase, unless it is in it already.
func (l *timeline) note(table int, phase report.Phase, note string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last[table] == phase && phase != report.PhaseFailed {
		return
	}
	l.last[table] = phase
	l.moments = append(l.moments, moment{Table: table, At: time.Since(l.begin), Phase: phase, Note: note})
}

// take gives what has come together.
func (l *timeline) take() []moment {
	l.mu.Lock()
	defer l.mu.Unlock()
	moments := l.moments
	l.moments = nil
	return moments
}

// phases are what the steps of an attempt look like from outside; those that are not named change nothing.
func phaseOf(step schema.Phase) (phase report.Phase, known bool) {
	switch step {
	case schema.PhaseLock:
		return report.PhaseWaiting, true
	case schema.PhaseSurvey:
		return report.PhaseLooking, true
	case schema.PhaseInspect, schema.PhasePlan:
		return report.PhaseLocked, true
	case schema.PhaseApply, schema.PhaseVerify, schema.PhaseRecord, schema.PhaseCommit:
		return report.PhaseApplying, true
	}
	return "", false
}

// listener hears of all that happens to the tables.
func (l *timeline) listener() *schema.Listener {
	to := func(phase report.Phase) func(schema.Event) {
		return func(e schema.Event) {
			if table, ok := l.byName[e.Table.Name]; ok {
				note := ""
				if e.Err != nil {
					note = kindOf(e.Err)
				}
				l.note(table, phase, note)
			}
		}
	}
	return &schema.Listener{
		Ensuring: to(report.PhaseLooking), LockWaiting: to(report.PhaseWaiting), Ready: to(report.PhaseReady),
		Failed: to(report.PhaseFailed), Invalidated: to(""),
		Entered: func(e schema.Event) {
			if phase, known := phaseOf(e.Phase); known {
				to(phase)(e)
			}
		},
	}
}

// maxMoments bounds what is kept of all workers together.
const maxMoments = 50_000

// ensures puts the moments of all workers together. It is for one goroutine at a time.
type ensures struct {
	of      []report.Ensure
	index   map[ensureKey]int
	moments int
	leftOut int64
}

type ensureKey struct {
	process int64
	table   int
}

func newEnsures() *ensures { return &ensures{index: map[ensureKey]int{}} }

// add takes in what one worker has told.
func (e *ensures) add(process int64, moments []moment, nameOf func(table int) string) {
	for _, m := range moments {
		if e.moments++; e.moments > maxMoments {
			e.leftOut++
			continue
		}
		key := ensureKey{process, m.Table}
		at, known := e.index[key]
		if !known {
			at = len(e.of)
			e.index[key] = at
			e.of = append(e.of, report.Ensure{Table: nameOf(m.Table), Process: process})
		}
		of := &e.of[at]
		if n := len(of.Spans); n > 0 && of.Spans[n-1].To == 0 {
			of.Spans[n-1].To = max(m.At, of.Spans[n-1].From)
		}
		if m.Phase != "" {
			of.Spans = append(of.Spans, report.Span{Phase: m.Phase, From: m.At, Note: m.Note})
		}
	}
}

// end ends what goes on in a process.
func (e *ensures) end(process int64, at time.Duration) {
	for i := range e.of {
		spans := e.of[i].Spans
		if n := len(spans); e.of[i].Process == process && n > 0 && spans[n-1].To == 0 {
			spans[n-1].To = max(at, spans[n-1].From)
		}
	}
}
