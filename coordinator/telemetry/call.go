package telemetry

import (
	"context"
	"sync/atomic"

	"github.com/schemactor/schemactor/schema"
)

var (
	_ schema.Observer = (*Telemetry)(nil)
	_ schema.Calls    = (*calls)(nil)
)

// Calls implements schema.Observer: t is to be the Config.Observer of a coordinator, which calls it.
func (t *Telemetry) Calls(database string, table schema.Ref) schema.Calls {
	t.labels.setSystem(database)
	return &calls{by: t, table: table, spans: t.spans(table)}
}

// calls is told of the calls of one table's node, or of transactions. A table that is not used costs no more than this.
type calls struct {
	by    *Telemetry
	table schema.Ref
	place atomic.Pointer[shelved] // nil before the first call
	spans *spans                  // nil: none
}

// recorded is what is recorded of one method of one table.
type recorded struct {
	of       *shelved
	method   string
	duration [classCount]atomic.Pointer[histogram]
	rows     *histogram // nil where no more than one row comes back
}

// Begin implements schema.Calls.
func (c *calls) Begin(ctx context.Context, m schema.Method) context.Context {
	if c.spans == nil {
		return ctx
	}
	return c.spans.begin(ctx, m)
}

// Again implements schema.Calls.
func (c *calls) Again(ctx context.Context, cause error) {
	class := classOf(cause)
	c.shelved().count(c.by.metrics.again, 1, class.errorType())
	if c.spans != nil {
		c.spans.again(ctx, class)
	}
}

// End implements schema.Calls.
func (c *calls) End(ctx context.Context, call schema.Call) {
	place := c.shelved()
	class, seconds := classOf(call.Err), call.Duration.Seconds()
	f := place.recorded(call.Method)
	f.durationOf(class).record(ctx, seconds)
	if f.rows != nil && class <= notFound {
		f.rows.record(ctx, float64(call.Returned))
	}
	switch {
	case call.Cold:
		c.by.histograms.of(c.by.metrics.cold, place.values()...).record(ctx, seconds)
	case call.Method != schema.MethodTransaction:
		place.warmCalls().n.Add(1)
	}
	if c.spans != nil {
		c.spans.end(ctx, &call, class)
	}
}

func (c *calls) shelved() *shelved {
	if place := c.place.Load(); place != nil {
		return place
	}
	place := c.by.labels.table(c.table)
	c.place.Store(place)
	return place
}

// recorded gives what is recorded of a method.
func (p *shelved) recorded(m schema.Method) *recorded {
	at := &p.byMethod[m]
	if f := at.Load(); f != nil {
		return f
	}
	f := &recorded{of: p, method: m.String()}
	if m.Reads() && m != schema.MethodGet && m != schema.MethodFirst { // of these the outcome tells as much
		f.rows = p.by.histograms.of(p.by.metrics.rows, p.values(f.method)...)
	}
	at.CompareAndSwap(nil, f)
	return at.Load()
}

// durationOf gives the durations of calls that ended with a class of errors.
func (f *recorded) durationOf(c class) *histogram {
	at := &f.duration[c]
	if h := at.Load(); h != nil {
		return h
	}
	by := f.of.by
	h := by.histograms.of(by.metrics.duration, f.of.values(f.method, c.errorType(), c.outcome())...)
	at.Store(h)
	return h
}
