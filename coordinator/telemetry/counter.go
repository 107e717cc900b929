package telemetry

import (
	"strings"
	"sync"
	"sync/atomic"
)

// counter is one series of a counter.
type counter struct {
	metric *metric
	labels labels
	n      atomic.Int64
}

// counters are all series of all counters that are counted here. Both sides read them.
type counters struct {
	mu   sync.RWMutex
	each map[string]*counter
}

// of gives the series of some values.
func (c *counters) of(m *metric, values ...string) *counter {
	key := seriesKey(m, values)
	c.mu.RLock()
	found := c.each[key]
	c.mu.RUnlock()
	if found != nil {
		return found
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.each[key]; found != nil {
		return found
	}
	found = &counter{metric: m, labels: m.with(values...)}
	c.each[key] = found
	return found
}

// read tells of all of them.
func (c *counters) read(each func(m *metric, l labels, value float64)) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, counter := range c.each {
		each(counter.metric, counter.labels, float64(counter.n.Load()))
	}
}

func seriesKey(m *metric, values []string) string {
	return m.name + "\x00" + strings.Join(values, "\x00")
}
