package dynamic

import (
	"context"

	"github.com/schemactor/schemactor/nodes"
)

// read are the columns that a query reads, once the query has been found right.
func (h *handler[T, K]) read(q *nodes.Query) []int {
	if len(q.Only) == 0 {
		return h.all
	}
	out := make([]int, len(q.Only))
	for i, name := range q.Only {
		out[i], _ = h.table.Column(name)
	}
	return out
}

func (h *handler[T, K]) first(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	row, err := n.First(ctx, r.query)
	if err != nil {
		return nil, err
	}
	return h.single(r.op, row, h.read(&r.query))
}

func (h *handler[T, K]) many(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	rows, err := n.List(ctx, r.query)
	if err != nil {
		return nil, err
	}
	out, err := h.several(r.op, rows, h.read(&r.query))
	if err != nil {
		return nil, err
	}
	return map[string]any{"rows": out, "count": int64(len(out))}, nil
}

func (h *handler[T, K]) page(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	page, err := n.Page(ctx, r.query)
	if err != nil {
		return nil, err
	}
	out, err := h.several(r.op, page.Rows, h.read(&r.query))
	if err != nil {
		return nil, err
	}
	return map[string]any{"rows": out, "count": int64(len(out)), "next": string(page.Next)}, nil
}

func (h *handler[T, K]) count(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.Count(ctx, r.query)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": count}, nil
}

func (h *handler[T, K]) exists(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	there, err := n.Exists(ctx, r.query)
	if err != nil {
		return nil, err
	}
	return map[string]any{"exists": there}, nil
}
