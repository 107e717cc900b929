package telemetry

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/schemactor/schemactor/schema"
)

// ensureSpan tells of an attempt that has ended. It has no parent: many callers wait for one attempt, and it outlives each of
// them.
func (t *Telemetry) ensureSpan(e schema.Event, outcome, errorType string, ran []applied) {
	name := "ensure"
	if place := t.labels.table(e.Table); place.ownsLabels {
		name += " " + label(e.Table.Name)
	}
	now := time.Now()
	ctx, span := t.tracer.Start(context.Background(), name, trace.WithNewRoot(), trace.WithTimestamp(now.Add(-e.Duration)),
		trace.WithAttributes(t.common(e.Table)...), trace.WithAttributes(outcomeKey.String(outcome)))
	defer span.End(trace.WithTimestamp(now))
	if !span.IsRecording() {
		return
	}
	if errorType != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(errorType))
		span.SetStatus(codes.Error, errorType)
	}
	for _, a := range ran {
		t.statementSpan(ctx, e.Table, a)
	}
}

// statementSpan tells of one statement of DDL.
func (t *Telemetry) statementSpan(ctx context.Context, table schema.Ref, a applied) {
	var text []attribute.KeyValue
	if t.config.StatementText {
		text = append(text, semconv.DBQueryTextKey.String(a.sql))
	}
	_, span := t.tracer.Start(ctx, "ddl", trace.WithSpanKind(trace.SpanKindClient), trace.WithTimestamp(a.at.Add(-a.took)),
		trace.WithAttributes(t.common(table)...), trace.WithAttributes(text...))
	span.End(trace.WithTimestamp(a.at))
}
