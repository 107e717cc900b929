package nodes_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/schema"
)

const (
	// fewOperations is what a plain run does on each database, allOperations a full one.
	fewOperations, allOperations = 8_000, 20_000
	// programMoves is how many moves a program has; it begins with empty tables.
	programMoves = 90
)

// TestRandomOperations does the same on the reference and on each database, and compares every answer, every error and,
// behind each write, every row. What equals the reference on all databases is equal between them; and that all were asked for the
// same, as the seed is the same, their counts tell.
//
// Every second program goes through batches, as writes of many callers do. Most of its creates come in two, of which one is
// refused; two lines of the journal may well be alike.
//
// SCHEMACTOR_OPERATIONS is how many operations there are; with all 20,000 of them, each kind must have been done and
// refused. SCHEMACTOR_SEED plays the programs of an earlier run again, SCHEMACTOR_PROGRAM one of them.
func TestRandomOperations(t *testing.T) {
	wanted, seed := fewOperations, uint64(time.Now().UnixNano())
	if testing.Short() {
		wanted /= 4
	}
	if text := os.Getenv("SCHEMACTOR_OPERATIONS"); text != "" {
		var err error
		wanted, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	if text := os.Getenv("SCHEMACTOR_SEED"); text != "" {
		var err error
		seed, err = strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
	}
	var first map[string]*outcomes // of the first database
	each(t, func(t *testing.T, d dialect.Dialect) {
		batches := nodetest.BatchesOf(t, d, func(w *dialect.Write) bool { return w.Many.Table() != d.Quote("journal") })
		x, batched := newMachine(t, d, nil), newMachine(t, d, batches)
		batched.tally = x.tally
		machines := []*machine{x, batched}
		if text := os.Getenv("SCHEMACTOR_PROGRAM"); text != "" {
			program, err := strconv.ParseUint(text, 10, 64)
			require.NoError(t, err)
			machines[program%2].program(t, seed, program)
			return
		}
		begin, total := time.Now(), 0
		for program := uint64(0); total < wanted; program++ {
			machines[program%2].program(t, seed, program)
			total = 0
			for label, o := range x.tally {
				if !strings.HasPrefix(label, "transaction") {
					total += o.done + o.refused
				}
			}
		}
		x.report(t, total, time.Since(begin), wanted >= allOperations)
		t.Logf("seed %d", seed)
		if first == nil {
			first = x.tally
		}
		require.Equal(t, first, x.tally, "seed %d: other operations than on the database before", seed)
	})
}

// program plays one program. One that fails is told by its shortest form that does, and by how to play it again.
func (x *machine) program(t *testing.T, seed, program uint64) {
	d := dice{rand.New(rand.NewPCG(seed, program))}
	moves := slices.Concat(d.start(), d.moves(programMoves, 0, false))
	err := x.play(t.Context(), moves)
	if err == nil {
		return
	}
	fails := func(moves []move) bool { return t.Context().Err() == nil && x.play(t.Context(), moves) != nil }
	if !fails(moves) {
		t.Fatalf("once, and not again: %v", err)
	}
	short := shrunk(moves, fails)
	var text strings.Builder
	for i, m := range short {
		fmt.Fprintf(&text, "%d: %s\n", i, m)
	}
	again := x.play(t.Context(), short)
	t.Fatalf("%v\n\nthe shortest program that fails: %v\n%s\nagain:\nSCHEMACTOR_SEED=%d SCHEMACTOR_PROGRAM=%d go test ./nodes -run '^%s$'",
		err, again, &text, seed, program, t.Name())
}

// shrunk leaves out of a program all that it fails without: moves, parts of transactions, and rows.
func shrunk(moves []move, fails func([]move) bool) []move {
	moves = fewer(moves, fails)
	for i := range moves {
		with := func(m move) []move {
			out := slices.Clone(moves)
			out[i] = m
			return out
		}
		m := moves[i]
		m.moves = shrunk(m.moves, func(parts []move) bool { m := m; m.moves = parts; return fails(with(m)) })
		m.rows = fewer(m.rows, func(rows []record) bool {
			m := m
			m.rows = rows
			return (len(rows) > 0 || strings.HasPrefix(m.kind, "bulk ")) && fails(with(m))
		})
		moves[i] = m
	}
	return moves
}

// fewer leaves out what something holds without, in smaller and smaller parts.
func fewer[V any](values []V, holds func([]V) bool) []V {
	for size := len(values); size > 0; size /= 2 {
		for at := 0; at < len(values); {
			rest := slices.Concat(values[:at], values[min(at+size, len(values)):])
			if holds(rest) {
				values = rest
			} else {
				at += size
			}
		}
	}
	return values
}

// String tells all that is set in a move.
func (m move) String() string {
	var parts []string
	v := reflect.ValueOf(m)
	for i := range v.NumField() {
		if f, name := v.Field(i), v.Type().Field(i).Name; !f.IsZero() && name != "moves" {
			parts = append(parts, fmt.Sprintf("%s=%+v", name, f))
		}
	}
	for i, part := range m.moves {
		parts = append(parts, fmt.Sprintf("\n    %d: %s", i, part))
	}
	return strings.Join(parts, " ")
}

// report tells what was done; each kind must have been done and refused where there was time for it.
func (x *machine) report(t *testing.T, total int, took time.Duration, full bool) {
	var text strings.Builder
	for _, label := range slices.Sorted(maps.Keys(x.tally)) {
		o := x.tally[label]
		fmt.Fprintf(&text, "%-50s %6d done %6d refused\n", label, o.done, o.refused)
		if full && label != "transaction, read-only" {
			require.Positive(t, o.done, "%s was never done", label)
			require.Positive(t, o.refused, "%s was never refused", label)
		}
	}
	t.Logf("%d operations in %.1f s\n%s", total, took.Seconds(), &text)
}

// parse reads what the database gives as text.
func (c refColumn) parse(text *string) (any, error) {
	switch {
	case text == nil:
		return nil, nil
	case c.kind.Integer():
		return strconv.ParseInt(*text, 10, 64)
	case c.kind == schema.KindBool:
		return strconv.ParseBool(*text)
	case c.kind == schema.KindTime:
		return time.Parse("2006-01-02 15:04:05.000000", *text)
	}
	return *text, nil
}
