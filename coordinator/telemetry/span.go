package telemetry

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/schemactor/schemactor/schema"
)

// spans makes the spans of the calls of one table's node.
type spans struct {
	by     *Telemetry
	table  schema.Ref
	common []attribute.KeyValue
	starts [schema.Methods]atomic.Pointer[start]
}

// start is what the span of a method begins with.
type start struct {
	name    string
	options []trace.SpanStartOption
}

// spans gives nil where nobody takes them.
func (t *Telemetry) spans(table schema.Ref) *spans {
	if t.tracer == nil {
		return nil
	}
	return &spans{by: t, table: table, common: t.common(table)}
}

// common are the attributes of all spans of a table, which has its name there even where it has no label.
func (t *Telemetry) common(table schema.Ref) []attribute.KeyValue {
	system, _ := t.labels.here()
	var out []attribute.KeyValue
	for _, a := range []attribute.KeyValue{
		semconv.DBSystemNameKey.String(system),
		semconv.DBNamespaceKey.String(t.labels.namespace(table)),
		semconv.DBCollectionNameKey.String(label(table.Name)),
	} {
		if a.Value.AsString() != "" {
			out = append(out, a)
		}
	}
	return out
}

// begin starts a span, unless it was decided already that the trace is not kept: then it costs next to nothing.
func (s *spans) begin(ctx context.Context, m schema.Method) context.Context {
	parent := trace.SpanFromContext(ctx)
	if decided := parent.SpanContext(); decided.IsValid() && !decided.IsSampled() && !parent.IsRecording() {
		return ctx
	}
	at := s.starts[m].Load()
	if at == nil {
		at = s.start(m)
	}
	ctx, _ = s.by.tracer.Start(ctx, at.name, at.options...)
	return ctx
}

// start is made once for each method. A name tells its table only as labels do: there must not be too many.
func (s *spans) start(m schema.Method) *start {
	made := &start{name: m.String()}
	if place := s.by.labels.table(s.table); place.ownsLabels {
		made.name += " " + label(s.table.Name)
	}
	made.options = []trace.SpanStartOption{
		trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(append(s.common[:len(s.common):len(s.common)], semconv.DBOperationNameKey.String(m.String()))...),
	}
	s.starts[m].CompareAndSwap(nil, made)
	return s.starts[m].Load()
}

func (s *spans) again(ctx context.Context, c class) {
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.AddEvent("retry", trace.WithAttributes(semconv.ErrorTypeKey.String(c.errorType())))
	}
}

// end ends the span. One that is not recording may be the caller's, and is left alone.
func (s *spans) end(ctx context.Context, call *schema.Call, c class) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	defer span.End()
	span.SetAttributes(outcomeKey.String(c.outcome()))
	if call.Cold {
		span.SetAttributes(coldKey.Bool(true))
	}
	if call.Given > 0 {
		span.SetAttributes(semconv.DBOperationBatchSizeKey.Int(call.Given))
	}
	if call.Method.Reads() && c <= notFound {
		span.SetAttributes(semconv.DBResponseReturnedRowsKey.Int(call.Returned))
	}
	if kind := c.errorType(); kind != "" {
		span.SetAttributes(semconv.ErrorTypeKey.String(kind))
		span.SetStatus(codes.Error, kind)
	}
}
