package telemetry

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	otelmetric "go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"github.com/schemactor/schemactor/schema"
)

// scope is the name that OpenTelemetry knows the library by.
const scope = "github.com/schemactor/schemactor/coordinator/telemetry"

// Config tunes a Telemetry. The zero value, and a nil pointer, work: they are for Prometheus. New copies it.
type Config struct {
	// MeterProvider is who takes the metrics; otel.GetMeterProvider() is that of the program. nil is nobody. It stays the caller's.
	MeterProvider otelmetric.MeterProvider
	// TracerProvider is who takes the spans; otel.GetTracerProvider() is that of the program. nil is nobody. It stays the caller's.
	TracerProvider trace.TracerProvider
	// Namespace is the name of the database, which goes into db.namespace, before the table's own namespace if it has one
	// ("shop|billing"). Where one program has several databases of a kind it tells them apart. Empty is none.
	Namespace string
	// MaxTables is how many tables have a label of their own, those that are used first. All others share the label _OTHER,
	// so that thousands of tables, as one for each tenant, are no thousands of series. 0 is 100; negative has no label for tables.
	MaxTables int
	// StatementText has the spans of ensures carry the text of the DDL that was run. The text of statements for rows is never
	// recorded.
	StatementText bool
}

// maxTables is how many tables have a label of their own. With some twenty series for each of them, OpenTelemetry's usual limit
// of 2,000 for one metric is kept.
const maxTables = 100

// Source is what a Telemetry looks at: a *coordinator.Coordinator.
type Source interface {
	Listen(l *schema.Listener) (stop func())
	Status() []schema.Status
	LaneStatus() schema.LaneStatus
}

// Telemetry turns what one coordinator does into metrics and spans. It is the coordinator's Config.Observer, it is attached to
// the coordinator, and it is a prometheus.Collector. It is safe for concurrent use. Several coordinators have one each.
type Telemetry struct {
	config Config
	tracer trace.Tracer // nil: no spans

	metrics    *metrics
	histograms *histograms
	counters   *counters
	labels     shelf

	mu       sync.Mutex
	stop     func() // of the source; nil: none
	source   atomic.Pointer[Source]
	meters   otelmetric.Registration // nil: none
	attempts sync.Map                // schema.Ref → *attempt
}

// New makes a Telemetry that counts from now on. It starts nothing and touches no database. Errors are those of a
// MeterProvider that does not take the metrics.
func New(cfg *Config) (*Telemetry, error) {
	t := &Telemetry{}
	if cfg != nil {
		t.config = *cfg
		t.config.Namespace = label(cfg.Namespace)
	}
	t.labels.of, t.labels.most = t, t.config.MaxTables
	if t.config.MaxTables == 0 {
		t.labels.most = maxTables
	}
	if t.config.TracerProvider != nil {
		t.tracer = t.config.TracerProvider.Tracer(scope)
	}
	t.metrics = list()
	t.counters = &counters{each: map[string]*counter{}}
	var err error
	if t.histograms, err = newHistograms(t.metrics, t.config.MeterProvider); err != nil {
		return nil, err
	}
	if t.config.MeterProvider != nil {
		if t.meters, err = t.observe(t.config.MeterProvider.Meter(scope)); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Attach has t told what happens to the tables of a coordinator, and lets it look at them whenever metrics are collected: call it
// right after coordinator.New. What was attached before is so no more.
func (t *Telemetry) Attach(c Source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.detach()
	t.stop = c.Listen(t.listener())
	t.source.Store(&c)
}

// detach leaves the source. The caller holds the lock.
func (t *Telemetry) detach() {
	if t.stop != nil {
		t.stop()
		t.stop = nil
		t.source.Store(nil)
	}
}

// Close leaves the coordinator and the MeterProvider: what was counted is handed out no more by the latter, and by a Prometheus
// registry until it is unregistered there. A second Close does nothing.
func (t *Telemetry) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.detach()
	if t.meters == nil {
		return nil
	}
	err := t.meters.Unregister()
	t.meters = nil
	return err
}

// observe makes the instruments that are read when metrics are collected.
func (t *Telemetry) observe(meter otelmetric.Meter) (otelmetric.Registration, error) {
	var (
		faults []error
		all    []otelmetric.Observable
		counts = map[*metric]otelmetric.Int64Observable{}
		levels = map[*metric]otelmetric.Float64Observable{}
	)
	for _, m := range t.metrics.all() {
		var err error
		switch unit, help := otelmetric.WithUnit(m.unit), otelmetric.WithDescription(m.help); m.kind {
		case histogramKind:
			continue
		case counterKind:
			counts[m], err = meter.Int64ObservableCounter(m.name, unit, help)
		case sumKind:
			counts[m], err = meter.Int64ObservableUpDownCounter(m.name, unit, help)
		case gaugeKind:
			levels[m], err = meter.Float64ObservableGauge(m.name, unit, help)
		}
		faults = append(faults, err)
		if m.kind == gaugeKind {
			all = append(all, levels[m])
		} else {
			all = append(all, counts[m])
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return meter.RegisterCallback(func(_ context.Context, o otelmetric.Observer) error {
		t.figures(func(m *metric, l labels, value float64) {
			if with := otelmetric.WithAttributeSet(l.set); m.kind == gaugeKind {
				o.ObserveFloat64(levels[m], value, with)
			} else {
				o.ObserveInt64(counts[m], int64(value), with)
			}
		})
		return nil
	}, all...)
}
