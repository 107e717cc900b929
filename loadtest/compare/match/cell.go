package match

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// Cell is one thing that all contestants do.
type Cell struct {
	Scenario string        `json:"scenario"`
	Database peer.Database `json:"database"`
	Name     string        `json:"name"`
	// Unit is rows/s, calls/s, or ms, of which fewer is better.
	Unit string `json:"unit"`
}

// Milliseconds is the unit of cells that are done once.
const Milliseconds = "ms"

// Sample is what one contestant came to in one round.
type Sample struct {
	Value float64 `json:"value"` // in the cell's unit
	Done  int64   `json:"done"`  // calls that were acknowledged
	// Failed is the number of calls that ended in an error which they should not have, Error the first of them.
	Failed int64  `json:"failed,omitempty"`
	Error  string `json:"error,omitempty"`
	// P50 and P99 are latencies in ms, of cells that keep them.
	P50 float64 `json:"p50_ms,omitempty"`
	P99 float64 `json:"p99_ms,omitempty"`
	// Allocs and Bytes are those of one call, without those of the row that is given; of cells with one goroutine.
	Allocs *float64 `json:"allocs,omitempty"`
	Bytes  *float64 `json:"bytes,omitempty"`
	// DDL is how many CREATE TABLE the server was sent for the tables of the cell, where that is known.
	DDL *int64 `json:"ddl,omitempty"`
}

// sampled makes a sample of what was driven.
func (t *tally) sampled() Sample {
	s := Sample{Value: t.rate(), Done: t.done, Failed: t.failed}
	if t.first != nil {
		s.Error = t.first.Error()
	}
	if t.latencies != nil {
		s.P50 = float64(t.latencies.ValueAtQuantile(50)) / 1000
		s.P99 = float64(t.latencies.ValueAtQuantile(99)) / 1000
	}
	return s
}

// contest is a cell that can be run.
type contest struct {
	Cell
	contestants []peer.Contestant
	// run has a contestant do it for about some time, and checks what has come of it in the database.
	run func(ctx context.Context, c peer.Contestant, length time.Duration) (Sample, error)
}

// stage is the cells of one scenario in one round, and what they stand on.
type stage struct {
	contests []contest
	closing  []func(ctx context.Context) error
}

// scenario makes its stage anew for each round.
type scenario struct {
	name   string
	share  float64       // of the budget
	around time.Duration // about what a run takes beside its time; 0 is a cell that is done once and has none
	build  func(ctx context.Context, g *ground, cfg Config) (*stage, error)
}

// scenarios are all there are, in the order in which they are run: first those that take as long as they take, then those
// that make do with the time that is left.
func scenarios() []scenario {
	return []scenario{
		{name: "start", share: 0.20, build: starts},
		{name: "herd", share: 0.12, build: herds},
		{name: "bulk", share: 0.10, build: bulks},
		{name: "single", share: 0.29, around: 40 * time.Millisecond, build: singles},
		{name: "writers", share: 0.29, around: 120 * time.Millisecond, build: writers},
	}
}

// Scenarios gives the names of all scenarios.
func Scenarios() []string {
	var out []string
	for _, s := range scenarios() {
		out = append(out, s.name)
	}
	return out
}
