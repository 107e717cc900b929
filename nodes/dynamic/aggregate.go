package dynamic

import (
	"context"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func (h *handler[T, K]) aggregate(ctx context.Context, n *nodes.Node[T, K], r *request[T, K]) (map[string]any, error) {
	groups, err := n.Aggregate(ctx, r.query, r.by, r.terms...)
	if err != nil {
		return nil, err
	}
	kinds := h.figures(r)
	out := make([]any, len(groups))
	for i, group := range groups {
		object := make(map[string]any, len(group))
		for name, value := range group {
			if column := kinds[name]; column != nil {
				value = column.Plain(value)
			}
			object[name] = value
		}
		out[i] = object
	}
	return map[string]any{"groups": out, "count": int64(len(out))}, nil
}

// figures gives the columns whose values stand in groups as they are; the others are numbers.
func (h *handler[T, K]) figures(r *request[T, K]) map[string]*schema.Column {
	out := make(map[string]*schema.Column, len(r.by)+len(r.terms))
	for _, name := range r.by {
		at, _ := h.table.Column(name)
		out[name] = &h.columns[at]
	}
	for _, term := range r.terms {
		if slices.Contains([]dialect.Func{dialect.FuncMin, dialect.FuncMax}, term.Func) {
			at, _ := h.table.Column(term.Column)
			out[term.Label()] = &h.columns[at]
		}
	}
	return out
}
