package telemetry

import (
	"context"
	"sync"
	"sync/atomic"

	otelmetric "go.opentelemetry.io/otel/metric"

	"github.com/prometheus/client_golang/prometheus"
)

// histogram is one series of a histogram, on both sides.
type histogram struct {
	read *atomic.Bool // Prometheus does
	prom prometheus.Observer
	otel otelmetric.Float64Histogram // nil: nobody
	with []otelmetric.RecordOption
}

// record takes in one value. The context is the one whose span an exemplar may name.
func (h *histogram) record(ctx context.Context, value float64) {
	if h.read.Load() {
		h.prom.Observe(value)
	}
	if h.otel != nil {
		h.otel.Record(ctx, value, h.with...)
	}
}

// histograms are all series of all histograms.
type histograms struct {
	read atomic.Bool // Prometheus does
	prom map[*metric]*prometheus.HistogramVec
	otel map[*metric]otelmetric.Float64Histogram

	mu   sync.RWMutex
	each map[string]*histogram
}

func newHistograms(all *metrics, provider otelmetric.MeterProvider) (*histograms, error) {
	h := &histograms{
		prom: map[*metric]*prometheus.HistogramVec{}, otel: map[*metric]otelmetric.Float64Histogram{}, each: map[string]*histogram{},
	}
	for _, m := range all.all() {
		if m.kind != histogramKind {
			continue
		}
		h.prom[m] = prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: m.promName(), Help: m.help, Buckets: m.bounds}, m.promLabels())
		if provider == nil {
			continue
		}
		made, err := provider.Meter(scope).Float64Histogram(m.name, otelmetric.WithUnit(m.unit), otelmetric.WithDescription(m.help),
			otelmetric.WithExplicitBucketBoundaries(m.bounds...))
		if err != nil {
			return nil, err
		}
		h.otel[m] = made
	}
	return h, nil
}

// of gives the series of some values. Who records often keeps it.
func (h *histograms) of(m *metric, values ...string) *histogram {
	key := seriesKey(m, values)
	h.mu.RLock()
	found := h.each[key]
	h.mu.RUnlock()
	if found != nil {
		return found
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if found := h.each[key]; found != nil {
		return found
	}
	found = &histogram{read: &h.read, prom: h.prom[m].WithLabelValues(values...), otel: h.otel[m]}
	found.with = []otelmetric.RecordOption{otelmetric.WithAttributeSet(m.with(values...).set)}
	h.each[key] = found
	return found
}
