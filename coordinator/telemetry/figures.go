package telemetry

import (
	"strconv"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// figures tells of everything that is not a histogram, from memory.
func (t *Telemetry) figures(each func(m *metric, l labels, value float64)) {
	t.counters.read(each)
	source := t.source.Load()
	if source == nil {
		return
	}
	system, namespace := t.labels.here()
	tell := func(m *metric, value float64, more ...string) {
		each(m, m.with(append([]string{system, namespace}, more...)...), value)
	}
	t.tableFigures((*source).Status(), each, tell)
	t.laneFigures((*source).LaneStatus(), tell)
}

type tell func(m *metric, value float64, more ...string)

func (t *Telemetry) tableFigures(all []schema.Status, each func(m *metric, l labels, value float64), tell tell) {
	states := map[schema.State]int{}
	waiters := 0
	backoffs := map[where]float64{}
	for _, s := range all {
		states[s.State]++
		waiters += s.Waiters
		var left float64
		switch s.State {
		case schema.StateFailed:
			left = max(0, time.Until(s.NextRetry).Seconds())
		case schema.StateBlocked:
			left = -1
		default:
			continue
		}
		place := t.labels.table(s.Table).where
		if known, ok := backoffs[place]; !ok || left < 0 || known >= 0 && left > known {
			backoffs[place] = left // of tables that share a label the one that is worst off
		}
	}
	for _, state := range []schema.State{
		schema.StateUnknown, schema.StateEnsuring, schema.StateReady, schema.StateFailed, schema.StateBlocked, schema.StateClosed,
	} {
		tell(t.metrics.tables, float64(states[state]), string(state))
	}
	tell(t.metrics.waiters, float64(waiters))
	for place, left := range backoffs {
		each(t.metrics.backoff, t.metrics.backoff.with(place[:]...), left)
	}
}

func (t *Telemetry) laneFigures(s schema.LaneStatus, tell tell) {
	tell(t.metrics.laneWaiting, float64(s.Waiting))
	tell(t.metrics.laneDirect, float64(s.Direct))
	resting := 0.0
	if s.Resting {
		resting = 1
	}
	tell(t.metrics.laneResting, resting)
	tell(t.metrics.laneWrites, float64(s.Together), "together")
	tell(t.metrics.laneWrites, float64(s.Apart), "apart")
	for i, batches := range s.Sizes {
		upTo := "+Inf"
		if i < len(s.Sizes)-1 {
			upTo = strconv.Itoa(1 << i)
		}
		tell(t.metrics.laneBatches, float64(batches), upTo)
	}
}
