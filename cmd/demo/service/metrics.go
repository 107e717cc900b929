package service

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/schemactor/schemactor/coordinator/telemetry"
)

// metrics is what Prometheus reads of one service: its tables and calls, its requests, and the process.
type metrics struct {
	telemetry *telemetry.Telemetry
	registry  *prometheus.Registry
	requests  *prometheus.HistogramVec
}

func newMetrics() (*metrics, error) {
	t, err := telemetry.New(nil)
	if err != nil {
		return nil, err
	}
	m := &metrics{telemetry: t, registry: prometheus.NewRegistry(), requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "http_server_request_duration_seconds", Help: "Duration of HTTP requests, by route.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
	}, []string{"http_route", "http_response_status_code"})}
	var faults error
	for _, c := range []prometheus.Collector{
		t, m.requests, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		faults = errors.Join(faults, m.registry.Register(c))
	}
	return m, faults
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// count counts a request, by its route: there are as many of these as patterns, whatever is asked for.
func (m *metrics) count(route string, code int, took time.Duration) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Observe(took.Seconds())
}
