package nodes

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// Observed gives the same node with somebody who is told of its calls, and of those of nodes made from it; nil is nobody. A
// coordinator gives its nodes whom its Config.Observer names.
func (n *Node[T, K]) Observed(by schema.Calls) *Node[T, K] {
	other := *n
	other.calls = by
	return &other
}

// call is one call of a node on its way. It is kept on the stack of its method: where nobody is told it costs a look at a nil.
type call struct {
	ctx   context.Context // that the call goes on with
	by    schema.Calls    // nil: nobody is told
	began time.Time
	told  schema.Call
}

// begin begins a call. Whoever begins one defers its end.
func (d *door) begin(ctx context.Context, m schema.Method) call {
	if d.calls == nil {
		return call{ctx: ctx}
	}
	return beginCall(ctx, d.calls, m, d.gate.Peek() == nil)
}

func beginCall(ctx context.Context, by schema.Calls, m schema.Method, cold bool) call {
	c := call{by: by, began: time.Now()}
	c.told = schema.Call{Method: m, Cold: cold, Err: schema.ErrUnfinished}
	c.ctx = by.Begin(ctx, m)
	return c
}

// came notes what has come of the call: how many rows were given, and how many came back.
func (c *call) came(given, returned int, err error) {
	c.told.Given, c.told.Returned, c.told.Err = given, returned, err
}

// end ends the call. What did not come to its end is told as ErrUnfinished.
func (c *call) end() {
	if c.by != nil {
		c.told.Duration = time.Since(c.began)
		c.by.End(c.ctx, c.told)
	}
}

// again tells that something is done once more.
func again(ctx context.Context, by schema.Calls, cause error) {
	if by != nil {
		by.Again(ctx, cause)
	}
}

// one is how many rows a reading of a single row gave.
func one[T any](row *T) int {
	if row == nil {
		return 0
	}
	return 1
}
