package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/stretchr/testify/require"
	otelmetric "go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func withOpenTelemetry(db dialect.Dialect, meters otelmetric.MeterProvider, tracers trace.TracerProvider) (*coordinator.Coordinator, *telemetry.Telemetry, error) {
	tel, err := telemetry.New(&telemetry.Config{MeterProvider: meters, TracerProvider: tracers, Namespace: "shop"})
	if err != nil {
		return nil, nil, err
	}
	c, err := coordinator.New(db, &coordinator.Config{Observer: tel})
	if err != nil {
		return nil, nil, errors.Join(err, tel.Close())
	}
	tel.Attach(c)
	return c, tel, nil // close the coordinator, then the telemetry
}

func withPrometheus(mux *http.ServeMux, tel *telemetry.Telemetry) error {
	registry := prometheus.NewRegistry()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return registry.Register(tel)
}

// observedFamily is one metric as it is really emitted.
type observedFamily struct {
	otel, unit, kind string
	labels           map[string]bool
}

// emitted gives all metrics of a coordinator that has done some of everything, by their names for Prometheus.
func emitted(t *testing.T) map[string]*observedFamily {
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	path := filepath.Join(t.TempDir(), "observed.db")
	program := func() dialect.Dialect {
		db, err := sqlite.Open(t.Context(), path, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	}
	db := program()
	c, tel, err := withOpenTelemetry(db, provider, noop.NewTracerProvider())
	require.NoError(t, err)
	ctx := context.WithoutCancel(t.Context())
	defer func() {
		require.NoError(t, c.Close(ctx))
		require.NoError(t, tel.Close())
		require.NoError(t, provider.Shutdown(ctx))
	}()
	mux := http.NewServeMux()
	require.NoError(t, withPrometheus(mux, tel))
	users, err := coordinator.Register[User, uuid.UUID](c)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, users.Create(ctx, &User{ID: uuid.New(), Email: uuid.NewString()}))
	}
	_, err = users.List(ctx, nodes.Query{})
	require.NoError(t, err)
	someOfEverything(t, program(), c, users)

	found := map[string]*observedFamily{}
	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(ctx, &all))
	for _, m := range all.ScopeMetrics[0].Metrics {
		name := strings.ReplaceAll(m.Name, ".", "_")
		if m.Unit == "s" {
			name += "_seconds"
		}
		kind := "histogram"
		switch data := m.Data.(type) {
		case metricdata.Sum[int64]:
			kind = "up-down counter"
			if data.IsMonotonic {
				kind, name = "counter", name+"_total"
			}
		case metricdata.Gauge[float64]:
			kind = "gauge"
		}
		found[name] = &observedFamily{otel: m.Name, unit: m.Unit, kind: kind, labels: map[string]bool{}}
	}

	answer := httptest.NewRecorder()
	mux.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, answer.Code)
	label := regexp.MustCompile(`([a-z_]+)="`)
	for line := range strings.Lines(answer.Body.String()) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, labels, _ := strings.Cut(line, "{")
		family := found[name]
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			if family == nil {
				family = found[strings.TrimSuffix(name, suffix)]
			}
		}
		require.NotNil(t, family, "%s is known to Prometheus alone", name)
		for _, l := range label.FindAllStringSubmatch(labels, -1) {
			family.labels[l[1]] = true
		}
	}
	return found
}

// someOfEverything leads to each of the metrics that do not come by themselves, by way of another program's connections.
func someOfEverything(t *testing.T, db dialect.Dialect, c *coordinator.Coordinator, users *nodes.Node[User, uuid.UUID]) {
	ctx := context.WithoutCancel(t.Context())
	drop := func() {
		_, err := db.Writer().Exec(ctx, "DROP TABLE users")
		require.NoError(t, err)
	}
	drop()
	require.NoError(t, users.Create(ctx, &User{ID: uuid.New()})) // healed
	drop()
	_, err := db.Writer().Exec(ctx, "CREATE TABLE users (id INTEGER)")
	require.NoError(t, err)
	require.Error(t, users.Create(ctx, &User{ID: uuid.New()})) // blocked

	type Latecomer struct {
		ID uuid.UUID `db:"id" schema:"pk"`
	}
	late, err := coordinator.Register[Latecomer, uuid.UUID](c)
	require.NoError(t, err)
	waiting := make(chan struct{}, 100)
	defer c.Listen(lockWaiting(waiting))()
	tx, err := db.BeginTx(ctx, dialect.TxOptions{})
	require.NoError(t, err)
	_, err = tx.Exec(ctx, "CREATE TABLE in_the_way (id INTEGER)")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- late.Create(ctx, &Latecomer{ID: uuid.New()}) }()
	<-waiting
	require.NoError(t, tx.Rollback(ctx))
	require.NoError(t, <-done)
}

// The page lists what is emitted, all of it and nothing else: names, types, units and labels.
func TestTelemetryPage(t *testing.T) {
	real := emitted(t)
	row := regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\| `([a-z_]+)` \\| ([a-z-]+ ?[a-z]*) \\| (\\S*) \\|([^|]*)\\|")
	word := regexp.MustCompile("`([a-z_.]+)`")
	where := []string{"db_namespace", "db_system_name"}
	listed := map[string]bool{}
	for _, m := range row.FindAllStringSubmatch(read(t, "telemetry.md"), -1) {
		family := real[m[2]]
		require.NotNil(t, family, "%s is on the page and nowhere else", m[2])
		listed[m[2]] = true
		require.Equal(t, []string{family.otel, family.kind, family.unit}, []string{m[1], m[3], m[4]}, m[2])
		labels := slices.Clone(where)
		for _, l := range word.FindAllStringSubmatch(m[5], -1) {
			labels = append(labels, strings.ReplaceAll(l[1], ".", "_"))
		}
		var got []string
		for l := range family.labels {
			if l != "le" {
				got = append(got, l)
			}
		}
		require.ElementsMatch(t, got, labels, m[2])
	}
	for name := range real {
		require.True(t, listed[name], "%s is not on the page", name)
	}
}

// Every query of the dashboard, and of the page's alerts, asks for metrics and labels that there are.
func TestTelemetryQueries(t *testing.T) {
	real := emitted(t)
	data, err := os.ReadFile(filepath.Join("grafana", "schemactor.json"))
	require.NoError(t, err)
	var dashboard any
	require.NoError(t, json.Unmarshal(data, &dashboard))
	queries := expressions(dashboard)
	require.Greater(t, len(queries), 15)
	alerts := regexp.MustCompile(`(?m)^\s+expr: (?:>-\n)?((?:.|\n {10})*)$`).FindAllStringSubmatch(read(t, "telemetry.md"), -1)
	require.GreaterOrEqual(t, len(alerts), 5)
	for _, a := range alerts {
		queries = append(queries, a[1])
	}
	asked := map[string]bool{}
	for _, q := range queries {
		asked = checkQuery(t, q, real, asked)
	}
	for name := range real {
		require.True(t, asked[name], "no query asks for %s", name)
	}
}

// expressions finds all queries in a dashboard: of panels, and of variables.
func expressions(node any) (out []string) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			out = append(out, expressions(child)...)
		}
	case map[string]any:
		for key, child := range node {
			if text, ok := child.(string); ok && (key == "expr" || key == "definition") {
				out = append(out, text)
				continue
			}
			out = append(out, expressions(child)...)
		}
	}
	return out
}

var (
	promQuoted   = regexp.MustCompile(`"[^"]*"`)
	promMetric   = regexp.MustCompile(`\b(?:db_client|schemactor)_[a-z_]+`)
	promMatchers = regexp.MustCompile(`([a-z_]+)\{([^}]*)\}`)
	promGrouping = regexp.MustCompile(`\b(?:by|without)\s*\(([^)]*)\)`)
	promNames    = regexp.MustCompile(`[a-z_]+`)
)

func checkQuery(t *testing.T, query string, real map[string]*observedFamily, asked map[string]bool) map[string]bool {
	bare := promQuoted.ReplaceAllString(query, `""`)
	of := func(name string) *observedFamily {
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			if family := real[strings.TrimSuffix(name, suffix)]; family != nil && (suffix == "" || family.kind == "histogram") {
				asked[strings.TrimSuffix(name, suffix)] = true
				return family
			}
		}
		return nil
	}
	known := map[string]bool{"le": true}
	for _, m := range promMatchers.FindAllStringSubmatch(bare, -1) {
		family := of(m[1])
		require.NotNil(t, family, "there is no metric %s: %s", m[1], query)
		for label := range family.labels {
			known[label] = true
		}
		for _, part := range strings.Split(m[2], ",") {
			label, _, _ := strings.Cut(part, "=")
			label = strings.TrimRight(strings.TrimSpace(label), "!")
			require.True(t, label == "" || family.labels[label], "%s has no label %q: %s", m[1], label, query)
		}
	}
	rest := promMatchers.ReplaceAllString(bare, "")
	groups := ""
	for _, g := range promGrouping.FindAllStringSubmatch(rest, -1) {
		groups += g[1] + " "
	}
	rest = promGrouping.ReplaceAllString(rest, "")
	for _, name := range promMetric.FindAllString(rest, -1) {
		if known[name] { // label_values(metric, label)
			continue
		}
		family := of(name)
		require.NotNil(t, family, "there is no metric %s: %s", name, query)
		for label := range family.labels {
			known[label] = true
		}
	}
	for _, label := range promNames.FindAllString(groups, -1) {
		require.True(t, known[label], "nothing here has the label %s: %s", label, query)
	}
	return asked
}

func lockWaiting(told chan<- struct{}) *schema.Listener {
	return &schema.Listener{LockWaiting: func(schema.Event) { told <- struct{}{} }}
}
