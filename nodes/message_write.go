package nodes

import "context"

// The requests that write one row.
type (
	// CreateRequest asks for Create; the reply is a RowReply.
	CreateRequest[T any, K comparable] struct{ Row T }
	// UpdateRequest asks for Update; the reply is a RowReply.
	UpdateRequest[T any, K comparable] struct{ Row T }
	// PatchRequest asks for Patch; the reply is a RowReply.
	PatchRequest[T any, K comparable] struct {
		Key     K
		Set     Set
		Options []ChangeOption
	}
	// UpsertRequest asks for Upsert; the reply is an UpsertReply.
	UpsertRequest[T any, K comparable] struct {
		Row     T
		Options []UpsertOption
	}
	// DeleteRequest asks for Delete; the reply is a DoneReply.
	DeleteRequest[T any, K comparable] struct {
		Key     K
		Options []ChangeOption
	}
	// RestoreRequest asks for Restore; the reply is a DoneReply.
	RestoreRequest[T any, K comparable] struct{ Key K }
	// PurgeRequest asks for Purge; the reply is a DoneReply.
	PurgeRequest[T any, K comparable] struct{ Key K }
)

func (r CreateRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	row := r.Row
	err := n.Create(ctx, &row)
	return replied(RowReply[T]{row}, err)
}

func (r UpdateRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	row := r.Row
	err := n.Update(ctx, &row)
	return replied(RowReply[T]{row}, err)
}

func (r PatchRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return rowReplied(n.Patch(ctx, r.Key, r.Set, r.Options...))
}

func (r UpsertRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	row := r.Row
	created, err := n.Upsert(ctx, &row, r.Options...)
	return replied(UpsertReply[T]{row, created}, err)
}

func (r DeleteRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return replied(DoneReply{}, n.Delete(ctx, r.Key, r.Options...))
}

func (r RestoreRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return replied(DoneReply{}, n.Restore(ctx, r.Key))
}

func (r PurgeRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return replied(DoneReply{}, n.Purge(ctx, r.Key))
}
