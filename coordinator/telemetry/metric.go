package telemetry

import (
	"strings"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
)

// The attributes that are the library's own.
const (
	outcomeKey = attribute.Key("schemactor.outcome")
	stateKey   = attribute.Key("schemactor.table.state")
	wayKey     = attribute.Key("schemactor.lane.way")
	sizeKey    = attribute.Key("schemactor.batch.size")
	coldKey    = attribute.Key("schemactor.cold")
)

// kind is how the values of a metric add up.
type kind uint8

const (
	counterKind   kind = iota // it only grows
	sumKind                   // it goes up and down; those of several programs add up
	gaugeKind                 // it goes up and down; those of several programs do not
	histogramKind             // a distribution
)

// metric is one metric as both sides know it.
type metric struct {
	name, unit, help string
	kind             kind
	bounds           []float64       // of a histogram's buckets
	keys             []attribute.Key // in the order in which values are given
}

// metrics are all metrics there are.
type metrics struct {
	duration, rows *metric // of the conventions

	warm, cold, again                                *metric
	ensures, coalesced, migrations, invalidated      *metric
	lockWait, lockBusy, ddl                          *metric
	tables, waiters, backoff                         *metric
	laneWaiting, laneDirect, laneResting, laneWrites *metric
	laneBatches                                      *metric
}

// all gives them in the order of the page that describes them.
func (m *metrics) all() []*metric {
	return []*metric{
		m.duration, m.rows, m.warm, m.cold, m.again, m.ensures, m.coalesced, m.migrations, m.invalidated,
		m.lockWait, m.lockBusy, m.ddl, m.tables, m.waiters, m.backoff,
		m.laneWaiting, m.laneDirect, m.laneResting, m.laneWrites, m.laneBatches,
	}
}

func list() *metrics {
	where := []attribute.Key{semconv.DBSystemNameKey, semconv.DBNamespaceKey}
	of := func(keys ...attribute.Key) []attribute.Key { return append(where[:2:2], keys...) }
	table := func(keys ...attribute.Key) []attribute.Key { return append(of(semconv.DBCollectionNameKey), keys...) }
	// The conventions' own buckets.
	calls := []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10}
	rows := []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}
	// Ensures wait for other processes, and DDL may take minutes.
	long := []float64{0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300}

	m := &metrics{}
	m.duration = &metric{
		"db.client.operation.duration", "s", "Duration of database client operations.", histogramKind, calls,
		table(semconv.DBOperationNameKey, semconv.ErrorTypeKey, outcomeKey),
	}
	m.rows = &metric{
		"db.client.response.returned_rows", "{row}", "The actual number of records returned by the database operation.",
		histogramKind, rows, table(semconv.DBOperationNameKey),
	}
	m.warm = &metric{"schemactor.warm.calls", "{call}", "Calls whose table was remembered as ready.", counterKind, nil, table()}
	m.cold = &metric{
		"schemactor.cold.call.duration", "s", "Duration of calls whose table was not remembered as ready.", histogramKind, long, table(),
	}
	m.again = &metric{
		"schemactor.retries", "{retry}", "Statements and transactions that were run again.", counterKind, nil,
		table(semconv.ErrorTypeKey),
	}
	m.ensures = &metric{
		"schemactor.ensure.duration", "s", "Duration of attempts to make a table ready.", histogramKind, long,
		table(semconv.ErrorTypeKey, outcomeKey),
	}
	m.coalesced = &metric{"schemactor.coalesced.calls", "{call}", "Callers that were answered by another one's attempt.", counterKind, nil, table()}
	m.migrations = &metric{"schemactor.migrations", "{migration}", "Attempts that made or changed a table.", counterKind, nil, table()}
	m.invalidated = &metric{
		"schemactor.invalidations", "{table}", "Memories of a table that were given up.", counterKind, nil, table(semconv.ErrorTypeKey),
	}
	m.lockWait = &metric{"schemactor.lock.wait.duration", "s", "How long attempts waited for the lock of a table.", histogramKind, long, table()}
	m.lockBusy = &metric{"schemactor.lock.conflicts", "{conflict}", "Times that somebody else's lock was in the way.", counterKind, nil, table()}
	m.ddl = &metric{"schemactor.ddl.duration", "s", "Duration of single DDL statements.", histogramKind, long, table()}
	m.tables = &metric{"schemactor.tables", "{table}", "Registered tables by state.", sumKind, nil, of(stateKey)}
	m.waiters = &metric{"schemactor.waiters", "{call}", "Callers that wait for a table to become ready.", sumKind, nil, of()}
	m.backoff = &metric{
		"schemactor.backoff", "s", "Time until a failed table is tried again; -1 until it is ensured by hand.", gaugeKind, nil, table(),
	}
	m.laneWaiting = &metric{"schemactor.lane.waiting", "{write}", "Writes that wait for the next batch.", sumKind, nil, of()}
	m.laneDirect = &metric{"schemactor.lane.direct", "{write}", "Writes that run by themselves now.", sumKind, nil, of()}
	m.laneResting = &metric{"schemactor.lane.resting", "{lane}", "Whether all writes run by themselves for a while.", sumKind, nil, of()}
	m.laneWrites = &metric{"schemactor.lane.writes", "{write}", "Writes that waited for a batch, by how they were done.", counterKind, nil, of(wayKey)}
	m.laneBatches = &metric{"schemactor.lane.batches", "{batch}", "Batches by the most writes that their size stands for.", counterKind, nil, of(sizeKey)}
	return m
}

// promName is the metric's name as OpenTelemetry's exporters to Prometheus write it.
func (m *metric) promName() string {
	name := strings.ReplaceAll(m.name, ".", "_")
	if m.unit == "s" {
		name += "_seconds"
	}
	if m.kind == counterKind {
		name += "_total"
	}
	return name
}

// promLabels are the names of its labels, likewise.
func (m *metric) promLabels() []string {
	out := make([]string, len(m.keys))
	for i, key := range m.keys {
		out[i] = strings.ReplaceAll(string(key), ".", "_")
	}
	return out
}

// labels are the values of a metric's labels.
type labels struct {
	values []string // by position in its keys
	set    attribute.Set
}

// with gives the labels of some values, in the order of the keys. What is empty is no attribute.
func (m *metric) with(values ...string) labels {
	var kept []attribute.KeyValue
	for i, value := range values {
		if value != "" {
			kept = append(kept, m.keys[i].String(value))
		}
	}
	return labels{values, attribute.NewSet(kept...)}
}
