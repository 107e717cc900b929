package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"
)

var _ prometheus.Collector = (*Telemetry)(nil)

// Describe implements prometheus.Collector. A registry calls it when t is registered there, and from then on histograms are
// kept for Prometheus, too: register t before calls are made.
func (t *Telemetry) Describe(ch chan<- *prometheus.Desc) {
	t.histograms.read.Store(true)
	for _, m := range t.metrics.all() {
		if m.kind == histogramKind {
			t.histograms.prom[m].Describe(ch)
			continue
		}
		ch <- m.desc()
	}
}

// Collect implements prometheus.Collector. It reads memory, never a database.
func (t *Telemetry) Collect(ch chan<- prometheus.Metric) {
	for _, vec := range t.histograms.prom {
		vec.Collect(ch)
	}
	t.figures(func(m *metric, l labels, value float64) {
		kind := prometheus.GaugeValue
		if m.kind == counterKind {
			kind = prometheus.CounterValue
		}
		ch <- prometheus.MustNewConstMetric(m.desc(), kind, value, l.values...)
	})
}

func (m *metric) desc() *prometheus.Desc {
	return prometheus.NewDesc(m.promName(), m.help, m.promLabels(), nil)
}
