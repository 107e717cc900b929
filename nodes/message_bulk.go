package nodes

import (
	"context"
	"slices"
)

// The requests that write many rows. Progress has no place in a message.
type (
	// BulkCreateRequest asks for BulkCreate; the reply is a StoredReply.
	BulkCreateRequest[T any, K comparable] struct {
		Rows   []T
		PerRow bool // leave out rows that cannot be stored, as the option of that name
	}
	// BulkUpdateRowsRequest asks for BulkUpdateRows; the reply is a StoredReply.
	BulkUpdateRowsRequest[T any, K comparable] struct {
		Rows   []T
		PerRow bool // leave out rows that cannot be stored, as the option of that name
	}
	// BulkUpsertRequest asks for BulkUpsert; the reply is a BulkUpsertReply.
	BulkUpsertRequest[T any, K comparable] struct {
		Rows    []T
		PerRow  bool // leave out rows that cannot be stored, as the option of that name
		Options []UpsertOption
	}
	// BulkUpdateRequest asks for BulkUpdate; the reply is a CountReply.
	BulkUpdateRequest[T any, K comparable] struct {
		Query Query
		Set   Set
	}
	// BulkDeleteRequest asks for BulkDelete; the reply is a CountReply.
	BulkDeleteRequest[T any, K comparable] struct{ Query Query }
	// BulkPurgeRequest asks for BulkPurge; the reply is a CountReply.
	BulkPurgeRequest[T any, K comparable] struct{ Query Query }
)

func (r BulkCreateRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	rows := slices.Clone(r.Rows)
	count, err := n.BulkCreate(ctx, rows, bulkOptions(r.PerRow)...)
	failed, err := leftOut(r.PerRow, err)
	return replied(StoredReply[T]{rows, count, failed}, err)
}

func (r BulkUpdateRowsRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	rows := slices.Clone(r.Rows)
	count, err := n.BulkUpdateRows(ctx, rows, bulkOptions(r.PerRow)...)
	failed, err := leftOut(r.PerRow, err)
	return replied(StoredReply[T]{rows, count, failed}, err)
}

func (r BulkUpsertRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	rows := slices.Clone(r.Rows)
	var options []BulkUpsertOption
	for _, o := range r.Options {
		options = append(options, o)
	}
	if r.PerRow {
		options = append(options, PerRow())
	}
	result, err := n.BulkUpsert(ctx, rows, options...)
	failed, err := leftOut(r.PerRow, err)
	return replied(BulkUpsertReply[T]{rows, result, failed}, err)
}

func (r BulkUpdateRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	count, err := n.BulkUpdate(ctx, r.Query, r.Set)
	return replied(CountReply{count}, err)
}

func (r BulkDeleteRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	count, err := n.BulkDelete(ctx, r.Query)
	return replied(CountReply{count}, err)
}

func (r BulkPurgeRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	count, err := n.BulkPurge(ctx, r.Query)
	return replied(CountReply{count}, err)
}

func bulkOptions(perRow bool) []BulkOption {
	if perRow {
		return []BulkOption{PerRow()}
	}
	return nil
}
