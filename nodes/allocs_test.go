//go:build !race

package nodes_test

import (
	"context"
	"testing"

	"github.com/schemactor/schemactor/dialect"
)

// spare is how many allocations a call of a node may make beyond those of the driver used by hand, and spareWriting how many
// more one may whose statement is written anew each time.
// spareMySQL is for what MariaDB's driver is given as texts and bytes, times and UUIDs, each in a box of its own.
const spare, spareWriting, spareMySQL = 2, 10, 12

// TestCallsAllocateHardlyMoreThanByHand counts what a call allocates by a node and by hand. The race detector allocates, too,
// so that it is not run under it.
func TestCallsAllocateHardlyMoreThanByHand(t *testing.T) {
	onEach(t, func(t *testing.T, d dialect.Dialect, hand bare) {
		node, people := rivals(t, d, hand)
		cancelable, cancel := context.WithCancel(t.Context())
		defer cancel()
		for name, c := range calls() {
			for under, ctx := range map[string]context.Context{"background": context.Background(), "cancelable": cancelable} {
				t.Run(name+"/"+under, func(t *testing.T) {
					mine, theirs := c.allocs(t, ctx, node, node, people), c.allocs(t, ctx, hand, node, people)
					t.Logf("%.0f by the node, %.0f by hand", mine, theirs)
					most := theirs + spare
					if c.writes {
						most += spareWriting
					}
					if d.Name() == "mysql" {
						most += spareMySQL
					}
					if mine > most {
						t.Errorf("%.0f allocations by the node, %.0f by hand", mine, theirs)
					}
				})
			}
		}
	})
}

// allocs is how many allocations one call makes.
func (c contest) allocs(t *testing.T, ctx context.Context, by, node bare, people []person) float64 {
	const runs = 100
	work, i := c.work(t, node, people, 0, runs+1), 0 // AllocsPerRun makes one run before it counts
	return testing.AllocsPerRun(runs, func() {
		if err := c.call(ctx, by, &work[i]); err != nil {
			t.Fatal(err)
		}
		i++
	})
}
