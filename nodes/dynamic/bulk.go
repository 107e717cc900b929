package dynamic

import (
	"context"

	"github.com/schemactor/schemactor/nodes"
)

func (h *handler[T, K]) bulkCreate(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.BulkCreate(ctx, r.rows, r.bulkOptions()...)
	return h.bulkOut(r, err, map[string]any{"count": count})
}

func (h *handler[T, K]) bulkUpdate(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.BulkUpdate(ctx, r.query, r.set)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": count}, nil
}

func (h *handler[T, K]) bulkDelete(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.BulkDelete(ctx, r.query)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": count}, nil
}

func (h *handler[T, K]) bulkPurge(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.BulkPurge(ctx, r.query)
	if err != nil {
		return nil, err
	}
	return map[string]any{"count": count}, nil
}

func (h *handler[T, K]) bulkUpdateRows(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	count, err := n.BulkUpdateRows(ctx, r.rows, r.bulkOptions()...)
	return h.bulkOut(r, err, map[string]any{"count": count})
}

func (h *handler[T, K]) bulkUpsert(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	var options []nodes.BulkUpsertOption
	for _, o := range r.upsert {
		options = append(options, o)
	}
	for _, o := range r.bulkOptions() {
		options = append(options, o)
	}
	done, err := n.BulkUpsert(ctx, r.rows, options...)
	return h.bulkOut(r, err, map[string]any{
		"inserted": done.Inserted, "updated": done.Updated, "skipped": done.Skipped,
	})
}

func (r *request[T, K]) bulkOptions() (options []nodes.BulkOption) {
	if r.perRow {
		options = append(options, nodes.PerRow())
	}
	return options
}
