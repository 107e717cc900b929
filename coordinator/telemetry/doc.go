// Package telemetry gives what a coordinator does to OpenTelemetry, as metrics and spans, and to Prometheus.
//
//	tel, err := telemetry.New(&telemetry.Config{MeterProvider: otel.GetMeterProvider(), TracerProvider: otel.GetTracerProvider()})
//	c, err := coordinator.New(db, &coordinator.Config{Observer: tel})
//	tel.Attach(c)
//
// The same Telemetry is a prometheus.Collector: prometheus.MustRegister(tel). Each of the three is optional, and all of
// them give the same figures by the same names.
//
// Calls of nodes are told by the stable conventions of OpenTelemetry for databases: db.client.operation.duration, and a span
// such as "create users". What tables and write lanes do has names that begin with schemactor. docs/telemetry.md lists
// all metrics. No values of rows, no statements for rows and no texts of errors are recorded.
//
// A call that finds its table ready costs two readings of the clock and the recording of one histogram. What is read when
// metrics are collected comes from memory: no database is asked.
package telemetry
