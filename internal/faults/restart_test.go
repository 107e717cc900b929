package faults_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/checker"
)

const (
	restartPrograms = 4
	restartCallers  = 20 // of each program
	restartTables   = 10
)

// restartMoment is when and how the server goes away.
type restartMoment struct {
	name string
	end  func(s stoppable)
	come func(h *restartHerd) bool // whether the moment has come
}

// restartMoments are moments of the cold path, by statements that have run, and of the warm one, by rows.
func restartMoments() []restartMoment {
	stop, crash := stoppable.Stop, stoppable.Crash
	cold := func(statements int64) func(h *restartHerd) bool {
		return func(h *restartHerd) bool { return h.applied.Load() >= statements }
	}
	warm := func(rows int64) func(h *restartHerd) bool {
		return func(h *restartHerd) bool { return h.acknowledged.Load() >= rows }
	}
	all := []restartMoment{
		{"crash, cold", crash, cold(3)},
		{"stop, warm", stop, warm(500)},
	}
	if !long() {
		return all
	}
	all = append(all,
		restartMoment{"crash at once", crash, cold(0)},
		restartMoment{"crash, first statement", crash, cold(1)},
		restartMoment{"stop, cold", stop, cold(3)},
		restartMoment{"crash, warm", crash, warm(500)})
	for range 6 {
		statements, rows := rand.Int64N(restartTables+4), rand.Int64N(2000)
		all = append(all,
			restartMoment{fmt.Sprintf("crash after %d statements", statements), crash, cold(statements)},
			restartMoment{fmt.Sprintf("crash after %d rows", rows), crash, warm(rows)})
	}
	return all
}

// A server goes away in the middle of a herd and comes back: each call ends within its deadline with success or an error
// that says to try again, no row that was acknowledged is lost, none that was refused is there, and the programs, which
// nobody restarts, serve every table again.
func TestRestart(t *testing.T) {
	beside(t)
	eachStoppable(t, restarts)
}

func restarts(t *testing.T, server stoppable) {
	for _, moment := range restartMoments() {
		t.Run(moment.name, func(t *testing.T) {
			address := server.Open(t)
			h := newRestartHerd(t, address, restartPrograms, restartTables)
			h.call(t.Context(), restartCallers)
			waitFor(t, "the moment", func() bool { return moment.come(h) })
			moment.end(server)
			before := h.acknowledged.Load()
			waitFor(t, "every program's errors", h.felt)
			server.Start()
			back := time.Now()
			h.back.Store(true)
			waitFor(t, "every program to serve every table", h.served)
			converged := time.Since(back)
			h.end(t)
			h.judge(t, address)
			t.Logf("%d rows acknowledged before, %d in all; after %v every program served every table; errors: %v; calls ended at most %v after their deadline",
				before, h.acknowledged.Load(), converged.Round(time.Millisecond), h.kinds, max(0, h.late).Round(time.Millisecond))
		})
	}
}

// judge compares what callers were told with what is in the database.
func (h *restartHerd) judge(t *testing.T, address string) {
	require.Empty(t, h.wrong)
	require.Less(t, h.late, restartPatience, "a call outlived its deadline by more than all the time it had")
	d := open(t, address)
	var fates []checker.Table
	for i := range h.stored {
		table := herdTable("restart_", i)
		fates = append(fates, herdFate(t, 0, table, 1, h.stored[i]...))
		there := map[int64]bool{}
		rows, err := d.Reader().Query(t.Context(), "SELECT id FROM "+table)
		require.NoError(t, err)
		for rows.Next() {
			var id int64
			require.NoError(t, rows.Scan(&id))
			there[id] = true
		}
		require.NoError(t, rows.Close())
		ghosts := 0
		for _, id := range h.refused[i] {
			if there[id] {
				ghosts++
			}
		}
		require.Zero(t, ghosts, "rows of %s that were refused and are there", table)
		for _, id := range slices.Concat(h.stored[i], h.unknown[i]) {
			delete(there, id)
		}
		require.Empty(t, there, "rows that nobody wrote in %s", table)
	}
	herdVerdict(t, d, fates...)
}
