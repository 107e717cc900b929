package actors

import (
	"context"

	"github.com/schemactor/schemactor/schema"
)

// ask sends the table's actor a request and waits for its answer, for the end of the caller's context, or for Close.
func (t *Table) ask(ctx context.Context, byHand bool) (*schema.Snapshot, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	pid := t.start()
	if pid == nil {
		return nil, t.closedError()
	}
	// Never from a pool: an answer may still come after the caller has left.
	message := &ask{ctx: ctx, byHand: byHand, reply: make(chan answer, 1)}
	t.asks.Add(1)
	t.waiters.Add(1)
	defer t.waiters.Add(-1)
	t.system.actors.Root.Send(pid, message)
	select {
	case a := <-message.reply:
		return a.snapshot, a.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-t.system.ctx.Done():
		// An actor that stopped before the message came never answers.
		return nil, t.closedError()
	}
}

// closedError is what everyone gets once Close was called.
func (t *Table) closedError() error {
	return &schema.Error{Op: "ensure", Table: t.model.String(), Kind: schema.ErrClosed}
}
