package telemetry_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m))) }

// patience is how long a test waits for what must come.
const patience = time.Minute

type person = nodetest.Person

// database is a fresh one, which several programs may open.
type database struct {
	system string // as the conventions have it
	open   func(t testing.TB) dialect.Dialect
}

func eachDatabase(t *testing.T, test func(t *testing.T, db database)) {
	t.Run("sqlite", func(t *testing.T) { test(t, sqliteDatabase(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgresDatabase(t)) })
	t.Run("mysql", func(t *testing.T) { test(t, mysqlDatabase(t)) })
}

func sqliteDatabase(t testing.TB) database {
	path := filepath.Join(t.TempDir(), "test.db")
	return database{"sqlite", func(t testing.TB) dialect.Dialect {
		d, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func postgresDatabase(t testing.TB) database {
	url := postgrestest.Open(t)
	return database{"postgresql", func(t testing.TB) dialect.Dialect {
		d, err := postgres.Open(t.Context(), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

func mysqlDatabase(t testing.TB) database {
	url := mysqltest.Open(t)
	return database{"mariadb", func(t testing.TB) dialect.Dialect {
		d, err := mysql.Open(t.Context(), url, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}}
}

// rig is a coordinator that is observed by everybody there is.
type rig struct {
	db  database
	d   dialect.Dialect
	c   *coordinator.Coordinator
	tel *telemetry.Telemetry

	provider *sdkmetric.MeterProvider
	reader   *sdkmetric.ManualReader
	spans    *tracetest.SpanRecorder
	prom     *prometheus.Registry
}

// observed starts one. Others' changes are not looked for, unless cfg says so: a test knows what is asked.
func observed(t testing.TB, db database, cfg *telemetry.Config, with *coordinator.Config, readers ...sdkmetric.Reader) *rig {
	r := &rig{db: db, d: db.open(t), reader: sdkmetric.NewManualReader(), spans: tracetest.NewSpanRecorder(), prom: prometheus.NewPedanticRegistry()}
	options := []sdkmetric.Option{sdkmetric.WithReader(r.reader)}
	for _, other := range readers {
		options = append(options, sdkmetric.WithReader(other))
	}
	r.provider = sdkmetric.NewMeterProvider(options...)
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r.spans))
	if cfg == nil {
		cfg = &telemetry.Config{}
	}
	own := *cfg
	own.MeterProvider, own.TracerProvider = r.provider, tracers
	var err error
	r.tel, err = telemetry.New(&own)
	require.NoError(t, err)
	require.NoError(t, r.prom.Register(r.tel))
	if with == nil {
		with = &coordinator.Config{News: coordinator.NewsOff}
	}
	config := *with
	config.Observer = r.tel
	r.c, err = coordinator.New(r.d, &config)
	require.NoError(t, err)
	r.tel.Attach(r.c)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, r.c.Close(ctx))
		require.NoError(t, r.tel.Close())
		require.NoError(t, r.provider.Shutdown(ctx))
		require.NoError(t, tracers.Shutdown(ctx))
	})
	return r
}

func register[T any, K comparable](t testing.TB, c *coordinator.Coordinator, opts ...schema.TableOption) *nodes.Node[T, K] {
	node, err := coordinator.Register[T, K](c, opts...)
	require.NoError(t, err)
	return node
}

func people(t testing.TB, c *coordinator.Coordinator, opts ...schema.TableOption) *nodes.Node[person, uuid.UUID] {
	return register[person, uuid.UUID](t, c, opts...)
}

func somebody() *person {
	p := nodetest.NewPerson("Ada", nil)
	return &p
}

// count runs a query for one number.
func count(t testing.TB, d dialect.Dialect, sql string) int {
	var n int64
	found, err := dialect.QueryRow(t.Context(), d.Reader(), sql, nil, &n)
	require.NoError(t, err)
	require.True(t, found)
	return int(n)
}

// exec runs a statement as somebody else would.
func exec(t testing.TB, d dialect.Dialect, sql string) {
	_, err := d.Writer().Exec(t.Context(), sql)
	require.NoError(t, err)
}

// series is one series as OpenTelemetry has it.
type series struct {
	name  string
	attrs attribute.Set
	value float64 // of a histogram how many values there were
	sum   float64 // of a histogram
}

// collect gives all series.
func (r *rig) collect(t testing.TB) []series {
	var all metricdata.ResourceMetrics
	require.NoError(t, r.reader.Collect(context.WithoutCancel(t.Context()), &all))
	var out []series
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out = append(out, series{m.Name, p.Attributes, float64(p.Value), 0})
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					out = append(out, series{m.Name, p.Attributes, p.Value, 0})
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out = append(out, series{m.Name, p.Attributes, float64(p.Count), p.Sum})
				}
			default:
				require.Failf(t, "unknown data", "%s: %T", m.Name, data)
			}
		}
	}
	return out
}

// value adds up the series of a metric that have some attributes: "name", "value", … of them.
func (r *rig) value(t testing.TB, metric string, attrs ...string) int {
	sum := 0.0
	for _, s := range r.collect(t) {
		if s.name == metric && has(s.attrs, attrs) {
			sum += s.value
		}
	}
	return int(sum)
}

func has(set attribute.Set, attrs []string) bool {
	for i := 0; i < len(attrs); i += 2 {
		if value, _ := set.Value(attribute.Key(attrs[i])); value.String() != attrs[i+1] {
			return false
		}
	}
	return true
}
