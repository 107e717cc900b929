package faults_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/internal/mysqltest"
)

const (
	linearPrograms = 3
	linearClients  = 2  // of each program
	linearCalls    = 15 // of each client
	linearDrops    = 3  // of the outsider
	// linearSeed is the variable that has one history repeated.
	linearSeed = "SCHEMACTOR_LINEAR_SEED"
)

// Programs ensure, create, read, change, delete and count rows of one table that an outsider drops meanwhile and that a
// newer program changes, and there is an order of all calls that explains every answer. Disturbed means that connections are
// cut, callers leave, and a program is killed.
func TestLinearizable(t *testing.T) {
	beside(t)
	for _, disturbed := range []bool{false, true} {
		name := map[bool]string{false: "calm", true: "disturbed"}[disturbed]
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, address string) {
				l := &linear{t: t, disturbed: disturbed, outcomes: tally{}, refused: tally{}}
				l.run(address, size(6, 80))
			})
		})
	}
}

// linear is one configuration over all its histories.
type linear struct {
	t         *testing.T
	disturbed bool

	workers []*fleet.Process

	histories, calls  int
	outcomes, refused tally
	slowest           time.Duration   // of the calls
	took              []time.Duration // by the checker
	began             time.Time
}

// run makes the histories, or the one that the environment names.
func (l *linear) run(address string, histories int) {
	l.began = time.Now()
	l.workers = make([]*fleet.Process, linearPrograms)
	l.t.Cleanup(func() {
		for _, p := range l.workers {
			if p != nil {
				_ = p.Kill()
			}
		}
	})
	d := open(l.t, linearOutsider(address))
	if d.Name() == "mysql" {
		address = mysqltest.Account(l.t, address, "ALL")
	}
	if given, err := strconv.ParseUint(os.Getenv(linearSeed), 10, 64); err == nil {
		for range 50 { // the seed gives the calls, and not their moments
			l.history(address, d, given)
		}
	} else {
		for range histories {
			l.history(address, d, rand.Uint64N(1_000_000))
		}
	}
	var ends sync.WaitGroup
	for _, p := range l.workers {
		if p == nil {
			continue // killed
		}
		ends.Go(func() {
			if err := p.End(); err != nil {
				l.t.Errorf("a program did not end well: %v", err)
			}
		})
	}
	ends.Wait()
	verdict, err := checker.Check(l.t.Context(), d, nil)
	require.NoError(l.t, err)
	require.NoError(l.t, verdict.Err())
	l.report()
}

// history makes one, judges it and counts.
func (l *linear) history(address string, d dialect.Dialect, seed uint64) {
	h := &linearGame{
		t: l.t, outsider: d, random: rand.New(rand.NewPCG(seed, 1<<32)), disturbed: l.disturbed,
		order: linearOrder{
			Address: address, Table: fmt.Sprintf("linear_%03d", l.histories), Seed: seed, Clients: linearClients, Calls: linearCalls,
			Impatient: l.disturbed,
		},
	}
	h.play(l.workers)
	again := fmt.Sprintf("%s=%d go test ./internal/faults -count 1 -artifacts -run '^%s$'", linearSeed, seed, l.t.Name())
	for _, r := range h.records {
		l.count(r, again)
	}
	began := time.Now()
	linearRequire(l.t, h.records, again)
	l.took = append(l.took, time.Since(began))
	l.histories++
}

// count adds a call to the sums, and refuses errors that nobody may get. Undisturbed, the only excuse is a table that was
// dropped twice under one call.
func (l *linear) count(r linearRecord, again string) {
	l.calls++
	outcome := r.Output.Outcome
	if r.Return == 0 {
		outcome = linearUnknown
	}
	l.outcomes[string(outcome)]++
	l.slowest = max(l.slowest, time.Duration(r.Return-r.Call))
	switch {
	case outcome == linearWrong:
		require.Fail(l.t, "an error that nobody may get", "%s %s: %s\nAgain: %s", r.Input.Kind, l.t.Name(), r.Fault, again)
	case outcome == linearRefused:
		l.refused[r.Fault]++
	}
	if l.disturbed {
		return
	}
	require.NotEqual(l.t, linearUnknown, outcome, "%s\nAgain: %s", r.Input.Kind, again)
	if outcome == linearRefused {
		excuses := []string{"table or column is missing, or its type has changed", "table not ensured before the transaction"}
		require.Contains(l.t, excuses, r.Fault, "%s\nAgain: %s", r.Input.Kind, again)
	}
}

func (l *linear) report() {
	slices.Sort(l.took)
	l.t.Logf("%d histories of %d calls, %d programs × %d clients and an outsider: %v, refused %v; the slowest call %v; the checker took %v, at most %v; %.1f s in all",
		l.histories, l.calls, linearPrograms, linearClients, l.outcomes, l.refused, l.slowest.Round(time.Millisecond),
		l.took[len(l.took)/2].Round(time.Microsecond), l.took[len(l.took)-1].Round(time.Microsecond), time.Since(l.began).Seconds())
}
