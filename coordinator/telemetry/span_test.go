package telemetry_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/schemactor/schemactor/coordinator/telemetry"
)

func named(name string) func(s sdktrace.ReadOnlySpan) bool {
	return func(s sdktrace.ReadOnlySpan) bool { return s.Name() == name }
}

func attrs(s sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

// A trace that is not kept has no spans of ours, and the caller's own is left alone; who has no trace begins one.
func TestSpansOfTracesThatAreNotKept(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, nil)
	node := people(t, r.c)
	require.NoError(t, r.c.EnsureAll(t.Context()))
	kept := sdktrace.NewTracerProvider().Tracer("program")
	for _, c := range []struct {
		name    string
		sampler sdktrace.Sampler
		spans   int
	}{
		{"dropped", sdktrace.NeverSample(), 0},
		{"recorded only", sdktrace.AlwaysRecord(sdktrace.NeverSample()), 0},
		{"kept", sdktrace.AlwaysSample(), 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := tracetest.NewSpanRecorder()
			tracer := sdktrace.NewTracerProvider(sdktrace.WithSampler(c.sampler), sdktrace.WithSpanProcessor(own)).Tracer("program")
			ctx, request := tracer.Start(t.Context(), "request")
			before := len(r.spans.Ended())
			require.NoError(t, node.Create(ctx, somebody()))
			require.Len(t, r.spans.Ended(), before+c.spans)
			require.Empty(t, own.Ended(), "the caller ends its span itself")
			request.End()
		})
	}
	_, remote := kept.Start(t.Context(), "elsewhere")
	ctx := trace.ContextWithRemoteSpanContext(t.Context(), remote.SpanContext())
	before := len(r.spans.Ended())
	require.NoError(t, node.Create(ctx, somebody()))
	require.NoError(t, node.Create(t.Context(), somebody()))
	require.Len(t, r.spans.Ended(), before+2)
}

// Spans are those of the conventions, below the caller's, and hold no values.
func TestSpans(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, &telemetry.Config{Namespace: "shop", StatementText: true}, nil)
		node := people(t, r.c)
		tracer := sdktrace.NewTracerProvider().Tracer("program")
		ctx, parent := tracer.Start(t.Context(), "request")
		secret := somebody()
		secret.Name = "a name that is nobody's business"
		require.NoError(t, node.Create(ctx, secret))
		_, err := node.Get(ctx, uuid.New())
		require.Error(t, err)
		require.Error(t, node.Create(ctx, secret))
		_, err = node.BulkCreate(ctx, []person{*somebody(), *somebody()})
		require.NoError(t, err)
		parent.End()

		common := map[string]string{"db.system.name": db.system, "db.namespace": "shop", table: "people"}
		with := func(more ...string) map[string]string {
			out := map[string]string{}
			for k, v := range common {
				out[k] = v
			}
			for i := 0; i < len(more); i += 2 {
				out[more[i]] = more[i+1]
			}
			return out
		}
		var calls, ensures, ddl []sdktrace.ReadOnlySpan
		for _, s := range r.spans.Ended() {
			require.NotContains(t, fmt.Sprint(s.Attributes(), s.Events(), s.Status()), secret.Name)
			switch s.Name() {
			case "ensure people":
				ensures = append(ensures, s)
			case "ddl":
				ddl = append(ddl, s)
			default:
				require.Equal(t, trace.SpanKindClient, s.SpanKind())
				require.Equal(t, parent.SpanContext().SpanID(), s.Parent().SpanID())
				require.NotContains(t, attrs(s), "db.query.text")
				calls = append(calls, s)
			}
		}
		require.Len(t, calls, 4)
		require.Equal(t, "create people", calls[0].Name())
		require.Equal(t, with(operation, "create", outcome, "ok", "schemactor.cold", "true"), attrs(calls[0]))
		require.Equal(t, "get people", calls[1].Name())
		require.Equal(t, with(operation, "get", outcome, "not_found", "db.response.returned_rows", "0"), attrs(calls[1]))
		require.Equal(t, codes.Unset, calls[1].Status().Code)
		require.Equal(t, with(operation, "create", outcome, "error", errorType, "duplicate"), attrs(calls[2]))
		require.Equal(t, codes.Error, calls[2].Status().Code)
		require.Equal(t, "bulk create people", calls[3].Name())
		require.Equal(t, with(operation, "bulk create", outcome, "ok", "db.operation.batch.size", "2"), attrs(calls[3]))

		require.Len(t, ensures, 1)
		require.False(t, ensures[0].Parent().IsValid())
		require.Equal(t, with(outcome, "changed"), attrs(ensures[0]))
		history, err := r.c.History(t.Context(), "people")
		require.NoError(t, err)
		require.Len(t, ddl, len(history[0].Statements))
		for i, statement := range history[0].Statements {
			require.Equal(t, statement, attrs(ddl[i])["db.query.text"])
			require.Equal(t, ensures[0].SpanContext().SpanID(), ddl[i].Parent().SpanID())
			require.False(t, ddl[i].EndTime().Before(ddl[i].StartTime()))
		}
	})
}
