package telemetry_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/stretchr/testify/require"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// busy has a coordinator do something of everything.
func (r *rig) busy(t *testing.T) {
	ctx, node := t.Context(), people(t, r.c)
	require.NoError(t, node.Create(ctx, somebody()))
	_, err := node.Get(ctx, uuid.New())
	require.ErrorIs(t, err, schema.ErrNotFound)
	_, err = node.List(ctx, nodes.Query{Where: nodes.Eq("nothing", 1)})
	require.ErrorIs(t, err, schema.ErrInvalid)
	_, err = node.List(ctx, nodes.Query{})
	require.NoError(t, err)
	exec(t, r.d, "DROP TABLE people")
	require.NoError(t, node.Create(ctx, somebody()))
	blocked := people(t, r.c, schema.Named("blocked"))
	exec(t, r.d, "CREATE TABLE blocked (id INTEGER)")
	require.Error(t, blocked.Create(ctx, somebody()))
	letGo := hold(t, r.db.open(t), "late")
	late := people(t, r.c, schema.Named("late"))
	done := make(chan error, 1)
	go func() { done <- late.Create(ctx, somebody()) }()
	eventually(t, "it waits for the lock", func() bool { return r.value(t, "schemactor.lock.conflicts") > 0 })
	letGo()
	require.NoError(t, <-done)
}

// What a registry of Prometheus gives is what OpenTelemetry's exporter to Prometheus gives: names, types, texts, labels, values.
func TestBothSidesAreTheSame(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		theirs := prometheus.NewPedanticRegistry()
		reader, err := exporter.New(exporter.WithRegisterer(theirs), exporter.WithoutScopeInfo(), exporter.WithoutTargetInfo())
		require.NoError(t, err)
		r := observed(t, db, nil, &coordinator.Config{News: coordinator.NewsOff}, reader)
		r.busy(t)
		mine, others := gathered(t, r.prom), gathered(t, theirs)
		require.NotEmpty(t, mine)
		require.Equal(t, others, mine)
	})
}

// gathered gives all series as lines, in their order, without sums, which depend on the order of what was added up.
func gathered(t *testing.T, from prometheus.Gatherer) []string {
	families, err := from.Gather()
	require.NoError(t, err)
	var out []string
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				if l.GetValue() != "" { // to Prometheus that is none
					labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
				}
			}
			slices.Sort(labels)
			value := ""
			switch f.GetType() {
			case dto.MetricType_COUNTER:
				value = fmt.Sprint(m.Counter.GetValue())
			case dto.MetricType_GAUGE:
				value = fmt.Sprint(m.Gauge.GetValue())
			default:
				for _, b := range m.Histogram.Bucket {
					if b.GetUpperBound() < 1e300 {
						value += fmt.Sprint(b.GetUpperBound(), ":", b.GetCumulativeCount(), " ")
					}
				}
				value += fmt.Sprint(m.Histogram.GetSampleCount())
			}
			out = append(out, fmt.Sprint(f.GetName(), " ", f.GetType(), " ", f.GetHelp(), " {", strings.Join(labels, ","), "} ", value))
		}
	}
	slices.Sort(out)
	return out
}

// Prometheus' own rules for names find nothing.
func TestLint(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, nil)
	r.busy(t)
	problems, err := testutil.GatherAndLint(r.prom)
	require.NoError(t, err)
	require.Empty(t, problems)
}

// Metrics are read over HTTP while calls are made and tables come.
func TestScrapesWhileBusy(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, nil)
	server := httptest.NewServer(promhttp.HandlerFor(r.prom, promhttp.HandlerOpts{ErrorHandling: promhttp.HTTPErrorOnError}))
	defer server.Close()
	const writers, each = 4, 15
	var all sync.WaitGroup
	for i := range writers {
		all.Go(func() {
			node, err := coordinator.Register[person, uuid.UUID](r.c, schema.Named(fmt.Sprintf("people_%d", i)))
			if err != nil {
				t.Error(err)
				return
			}
			for range each {
				if err := node.Create(t.Context(), somebody()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		all.Wait()
	}()
	var body string
	for over := false; !over; {
		select {
		case <-done:
			over = true // once more, when all is done
		default:
		}
		body = get(t, server)
	}
	for i := range writers {
		require.Contains(t, body, fmt.Sprintf("db_client_operation_duration_seconds_count{db_collection_name=\"people_%d\","+
			"db_namespace=\"\",db_operation_name=\"create\",db_system_name=\"sqlite\",error_type=\"\",schemactor_outcome=\"ok\"} %d\n", i, each))
	}
}

func get(t *testing.T, server *httptest.Server) string {
	answer, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, string(body))
	return string(body)
}

// A name that nobody would give is a label like any other.
func TestStrangeNames(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, nil)
	name := `<script>"\n'` + "\n" + `ünïcode{}`
	require.NoError(t, people(t, r.c, schema.Named(name)).Create(t.Context(), somebody()))
	require.Equal(t, 1, r.value(t, duration, table, name))
	_, err := r.prom.Gather()
	require.NoError(t, err)
}

// A table that is called as the label of those that have none shares their series: there are no two alike, which would fail a
// whole scrape.
func TestTableOfTheCommonName(t *testing.T) {
	r := observed(t, sqliteDatabase(t), &telemetry.Config{MaxTables: 1, Namespace: "not UTF-8: \xff"}, nil)
	for _, name := range []string{"_OTHER", "beyond"} {
		exec(t, r.d, `CREATE TABLE "`+name+`" (id INTEGER)`)
		require.Error(t, people(t, r.c, schema.Named(name)).Create(t.Context(), somebody()))
	}
	require.Equal(t, -1, r.value(t, backoffs, table, "_OTHER"))
	_, err := r.prom.Gather()
	require.NoError(t, err)
}

// Whoever registers late has no histograms of what was before, and all of what comes.
func TestLateRegistration(t *testing.T) {
	tel, err := telemetry.New(nil)
	require.NoError(t, err)
	by := tel.Calls("sqlite", schema.Ref{Name: "people"})
	by.End(t.Context(), schema.Call{Method: schema.MethodGet})
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(tel))
	by.End(t.Context(), schema.Call{Method: schema.MethodGet})
	n, err := testutil.GatherAndCount(registry, "db_client_operation_duration_seconds", "schemactor_warm_calls_total")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	lines := gathered(t, registry)
	require.Contains(t, lines[0], " 10:1 1")
	require.Contains(t, lines[len(lines)-1], "schemactor_warm_calls_total COUNTER")
	require.Contains(t, lines[len(lines)-1], "} 2")
}
