package telemetry_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"

	"github.com/google/uuid"
)

// BenchmarkTelemetry has a node with telemetry and one without do the same on one table, in turns of some calls, so that both
// meet the same noise: "ratio" is the median over the turns of how many times as fast the node with telemetry is.
func BenchmarkTelemetry(b *testing.B) {
	for _, db := range []struct {
		name string
		open func(t testing.TB) database
	}{{"sqlite", sqliteDatabase}, {"postgres", postgresDatabase}} {
		b.Run(db.name, func(b *testing.B) {
			for _, with := range []struct {
				name            string
				metrics, traces bool
			}{{"prometheus", false, false}, {"metrics", true, false}, {"metrics+traces", true, true}} {
				b.Run(with.name, func(b *testing.B) {
					ctx, on, off := rivals(b, db.open(b), with.metrics, with.traces)
					b.Run("create", func(b *testing.B) {
						contest(b, ctx, on, off, func(ctx context.Context, n *nodes.Node[person, uuid.UUID], p *person) error {
							return n.Create(ctx, p)
						})
					})
					known := somebody()
					require.NoError(b, off.Create(b.Context(), known))
					b.Run("get", func(b *testing.B) {
						contest(b, ctx, on, off, func(ctx context.Context, n *nodes.Node[person, uuid.UUID], _ *person) error {
							_, err := n.Get(ctx, known.ID)
							return err
						})
					})
				})
			}
		})
	}
}

// rivals gives nodes of one table in one coordinator, and the context of a request, whose trace is not sampled, as most are not
// in a program with much to do.
func rivals(b *testing.B, db database, metrics, traces bool) (ctx context.Context, on, off *nodes.Node[person, uuid.UUID]) {
	config, ctx := &telemetry.Config{}, b.Context()
	if metrics {
		config.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	}
	if traces {
		config.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.NeverSample())))
		ctx, _ = config.TracerProvider.Tracer("program").Start(ctx, "request")
	}
	tel, err := telemetry.New(config)
	require.NoError(b, err)
	if !metrics {
		require.NoError(b, prometheus.NewRegistry().Register(tel))
	}
	d := db.open(b)
	c, err := coordinator.New(d, &coordinator.Config{Observer: tel})
	require.NoError(b, err)
	tel.Attach(c)
	b.Cleanup(func() {
		require.NoError(b, c.Close(context.WithoutCancel(b.Context())))
		require.NoError(b, tel.Close())
	})
	on = people(b, c)
	require.NoError(b, c.EnsureAll(b.Context()))
	return ctx, on, on.Observed(nil)
}

// contest makes the calls of both sides in turns.
func contest(
	b *testing.B, ctx context.Context, on, off *nodes.Node[person, uuid.UUID],
	call func(context.Context, *nodes.Node[person, uuid.UUID], *person) error,
) {
	const turn = 8
	sides := [...]*nodes.Node[person, uuid.UUID]{on, off}
	var took [2][]float64
	for calls, turns := 0, 0; calls < b.N; turns++ {
		n := min(turn, b.N-calls)
		for k := range sides {
			side := (k + turns) % 2
			rows := make([]*person, n)
			for i := range rows {
				rows[i] = somebody()
			}
			began := time.Now()
			for _, row := range rows {
				if err := call(ctx, sides[side], row); err != nil {
					b.Fatal(err)
				}
			}
			took[side] = append(took[side], float64(time.Since(began).Nanoseconds())/float64(n))
		}
		calls += n
	}
	ratios := make([]float64, len(took[0]))
	for i := range ratios {
		ratios[i] = took[1][i] / took[0][i]
	}
	b.ReportMetric(median(took[0]), "ns/op")
	b.ReportMetric(median(took[1]), "off-ns/op")
	b.ReportMetric(median(ratios), "ratio")
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// TestWarmCallsAllocateNothingMore counts what a call allocates with telemetry and without.
func TestWarmCallsAllocateNothingMore(t *testing.T) {
	tel, err := telemetry.New(&telemetry.Config{
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
	})
	require.NoError(t, err)
	by := tel.Calls("sqlite", schema.Ref{Name: "people"})
	done := schema.Call{Method: schema.MethodGet, Duration: time.Millisecond, Returned: 1}
	by.End(t.Context(), done) // the first one has to make the series
	require.Zero(t, testing.AllocsPerRun(100, func() { by.End(by.Begin(t.Context(), schema.MethodGet), done) }))
}

// BenchmarkCall is what being told of a warm call takes by itself.
func BenchmarkCall(b *testing.B) {
	for name, config := range map[string]*telemetry.Config{
		"metrics":        {MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))},
		"metrics+traces": {MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())), TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))},
	} {
		b.Run(name, func(b *testing.B) {
			tel, err := telemetry.New(config)
			require.NoError(b, err)
			by, ctx := tel.Calls("sqlite", schema.Ref{Name: "people"}), b.Context()
			b.ReportAllocs()
			for b.Loop() {
				by.End(by.Begin(ctx, schema.MethodCreate), schema.Call{Method: schema.MethodCreate, Duration: time.Millisecond})
			}
		})
	}
}
