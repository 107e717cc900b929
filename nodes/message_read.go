package nodes

import "context"

// The requests that read rows. Deleted asks to see rows that are marked deleted, too, as WithDeleted does.
type (
	// GetRequest asks for Get; the answer is a RowReply.
	GetRequest[T any, K comparable] struct {
		Key     K
		Deleted bool
	}
	// ListRequest asks for List; the answer is a RowsReply.
	ListRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool
	}
	// FirstRequest asks for First; the answer is a RowReply.
	FirstRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool
	}
	// PageRequest asks for Page; the answer is a Page.
	PageRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool
	}
	// CountRequest asks for Count; the answer is a CountReply.
	CountRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool
	}
	// ExistsRequest asks for Exists; the answer is an ExistsReply.
	ExistsRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool
	}
	// AggregateRequest asks for Aggregate; the answer is a []Group.
	AggregateRequest[T any, K comparable] struct {
		Query   Query
		By      []string
		Terms   []Term
		Deleted bool
	}
)

func (r GetRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return rowReplied(n.viewed(r.Deleted).Get(ctx, r.Key))
}

func (r ListRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	rows, err := n.viewed(r.Deleted).List(ctx, r.Query)
	return replied(RowsReply[T]{rows}, err)
}

func (r FirstRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return rowReplied(n.viewed(r.Deleted).First(ctx, r.Query))
}

func (r PageRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return replied(n.viewed(r.Deleted).Page(ctx, r.Query))
}

func (r CountRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	count, err := n.viewed(r.Deleted).Count(ctx, r.Query)
	return replied(CountReply{count}, err)
}

func (r ExistsRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	exists, err := n.viewed(r.Deleted).Exists(ctx, r.Query)
	return replied(ExistsReply{exists}, err)
}

func (r AggregateRequest[T, K]) serve(ctx context.Context, n *Node[T, K]) (any, error) {
	return replied(n.viewed(r.Deleted).Aggregate(ctx, r.Query, r.By, r.Terms...))
}

// viewed gives the node, or its view of rows that are marked deleted, too.
func (n *Node[T, K]) viewed(deleted bool) *Node[T, K] {
	if deleted {
		return n.WithDeleted()
	}
	return n
}
