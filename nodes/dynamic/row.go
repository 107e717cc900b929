package dynamic

import (
	"context"

	"github.com/schemactor/schemactor/nodes"
)

func (h *handler[T, K]) create(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	if err := n.Create(ctx, &r.row); err != nil {
		return nil, err
	}
	return h.single(r.op, &r.row, h.all)
}

func (h *handler[T, K]) get(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	row, err := n.Get(ctx, r.key)
	if err != nil {
		return nil, err
	}
	return h.single(r.op, row, h.all)
}

func (h *handler[T, K]) update(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	if err := n.Update(ctx, &r.row); err != nil {
		return nil, err
	}
	return h.single(r.op, &r.row, h.all)
}

func (h *handler[T, K]) patch(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	row, err := n.Patch(ctx, r.key, r.set, r.change...)
	if err != nil {
		return nil, err
	}
	return h.single(r.op, row, h.all)
}

func (h *handler[T, K]) delete(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	if err := n.Delete(ctx, r.key, r.change...); err != nil {
		return nil, err
	}
	return h.givenKey(r.key)
}

func (h *handler[T, K]) restore(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	if err := n.Restore(ctx, r.key); err != nil {
		return nil, err
	}
	return h.givenKey(r.key)
}

func (h *handler[T, K]) purge(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	if err := n.Purge(ctx, r.key); err != nil {
		return nil, err
	}
	return h.givenKey(r.key)
}

func (h *handler[T, K]) upsert(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	created, err := n.Upsert(ctx, &r.row, r.upsert...)
	if err != nil {
		return nil, err
	}
	if !created && r.doNothing {
		return map[string]any{"row": nil, "key": nil, "created": false}, nil
	}
	out, err := h.single(r.op, &r.row, h.all)
	if err != nil {
		return nil, err
	}
	out["created"] = created
	return out, nil
}
