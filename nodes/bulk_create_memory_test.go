package nodes_test

import (
	"encoding/binary"
	"fmt"
	"iter"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// millionVariable asks for the long version: how many rows the sequence has.
const millionVariable = "SCHEMACTOR_MILLION_ROWS"

// throng is a sequence of people from a number on, each of which is made when it is drawn.
func throng(from, rows int) iter.Seq[person] {
	return func(yield func(person) bool) {
		for i := from; i < from+rows; i++ {
			p := person{Email: strconv.Itoa(i) + "@example.org", Name: "somebody", Age: ptr(i % 90)}
			binary.BigEndian.PutUint64(p.ID[8:], uint64(i))
			if !yield(p) {
				return
			}
		}
	}
}

// TestBulkCreateSeqInConstantMemory stores rows, and then four times as many, in no more memory.
func TestBulkCreateSeqInConstantMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector's own memory is in the way")
	}
	rows, long := 25_000, false
	if given := os.Getenv(millionVariable); given != "" {
		n, err := strconv.Atoi(given)
		require.NoError(t, err)
		rows, long = max(n/4, 1), true
	}
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		first := liveWhile(t, people, 0, rows)
		second := liveWhile(t, people, rows, 4*rows)
		require.Equal(t, 5*rows, count(t, d.Reader(), "people"))
		require.Less(t, float64(second), 1.25*float64(first), "%d rows: %s; %d rows: %s", rows, mega(first), 4*rows, mega(second))
		if long {
			timed(t, people, 5*rows, 4*rows)
		}
	})
}

// liveWhile stores people and gives how much of the heap was in use at most, garbage aside.
func liveWhile(t *testing.T, people *nodes.Node[person, uuid.UUID], from, rows int) (most uint64) {
	var stats runtime.MemStats
	looks := 0
	stored, err := people.BulkCreateSeq(t.Context(), throng(from, rows), nodes.Progress(func(done int64) {
		if looks++; looks%5 != 1 { // each look costs a collection
			return
		}
		runtime.GC()
		runtime.ReadMemStats(&stats)
		most = max(most, stats.HeapAlloc)
	}))
	require.NoError(t, err)
	require.EqualValues(t, rows, stored)
	require.NotZero(t, most)
	t.Logf("%d rows: %s of the heap in use at most", rows, mega(most))
	return most
}

// timed stores people undisturbed and prints how that went.
func timed(t *testing.T, people *nodes.Node[person, uuid.UUID], from, rows int) {
	runtime.GC()
	var stats runtime.MemStats
	var heap, resident uint64
	start := time.Now()
	stored, err := people.BulkCreateSeq(t.Context(), throng(from, rows), nodes.Progress(func(int64) {
		runtime.ReadMemStats(&stats)
		heap, resident = max(heap, stats.HeapAlloc), max(resident, residentNow())
	}))
	took := time.Since(start)
	require.NoError(t, err)
	require.EqualValues(t, rows, stored)
	t.Logf("%d rows in %.1f s: %.0f rows/s; at most %s of heap with its garbage, %s resident",
		rows, took.Seconds(), float64(rows)/took.Seconds(), mega(heap), mega(resident))
}

// residentNow is how much memory the system says the process has, SQLite's own included; 0 where it does not say.
func residentNow() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

func mega(bytes uint64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }
