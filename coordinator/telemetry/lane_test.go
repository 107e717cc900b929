package telemetry_test

import (
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
)

// Batches are told by their sizes, and writes by whether they were done in one: both as the lane has counted them.
func TestLanes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, &coordinator.Config{News: coordinator.NewsOff, Lane: coordinator.Lane{MaxBatch: 8}})
		node := people(t, r.c)
		require.NoError(t, node.Create(t.Context(), somebody()))
		const writers, each = 32, 20
		var all sync.WaitGroup
		for range writers {
			all.Go(func() {
				for range each {
					if err := node.Create(t.Context(), somebody()); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		require.Equal(t, writers*each+1, count(t, r.d, "SELECT count(*) FROM people"))
		require.Equal(t, writers*each+1, r.value(t, duration, operation, "create", outcome, "ok"))
		status := r.c.LaneStatus()
		require.Positive(t, status.Together)
		require.EqualValues(t, status.Together, r.value(t, "schemactor.lane.writes", "schemactor.lane.way", "together"))
		require.EqualValues(t, status.Apart, r.value(t, "schemactor.lane.writes", "schemactor.lane.way", "apart"))
		require.EqualValues(t, status.Batches, r.value(t, "schemactor.lane.batches"))
		for i, upTo := range []int{1, 2, 4, 8} {
			require.EqualValues(t, status.Sizes[i], r.value(t, "schemactor.lane.batches", "schemactor.batch.size", strconv.Itoa(upTo)))
		}
		require.Zero(t, r.value(t, "schemactor.lane.batches", "schemactor.batch.size", "16"))
		require.Zero(t, r.value(t, "schemactor.lane.waiting"))
		require.Zero(t, r.value(t, "schemactor.lane.direct"))
	})
}

// Who waits in the lane is seen while it waits.
func TestLaneDepth(t *testing.T) {
	db := sqliteDatabase(t)
	r := observed(t, db, nil, nil)
	node := people(t, r.c)
	require.NoError(t, node.Create(t.Context(), somebody()))
	letGo := hold(t, db.open(t), "people") // SQLite has one writer
	const writers = 10
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			if err := node.Create(t.Context(), somebody()); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "one runs by itself", func() bool { return r.value(t, "schemactor.lane.direct") == 1 })
	eventually(t, "all others wait", func() bool { return r.value(t, "schemactor.lane.waiting") == writers-1 })
	letGo()
	all.Wait()
	require.Equal(t, writers+1, count(t, r.d, "SELECT count(*) FROM people"))
}
