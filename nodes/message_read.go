package nodes

import "context"

// The requests that read rows. Deleted asks for WithDeleted.
type (
	// GetRequest asks for Get; the reply is a RowReply.
	GetRequest[T any, K comparable] struct {
		Key     K
		Deleted bool // see rows that are marked deleted, too
	}
	// ListRequest asks for List; the reply is a RowsReply.
	ListRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool // see rows that are marked deleted, too
	}
	// FirstRequest asks for First; the reply is a RowReply.
	FirstRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool // see rows that are marked deleted, too
	}
	// PageRequest asks for Page; the reply is a Page.
	PageRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool // see rows that are marked deleted, too
	}
	// CountRequest asks for Count; the reply is a CountReply.
	CountRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool // see rows that are marked deleted, too
	}
	// ExistsRequest asks for Exists; the reply is an ExistsReply.
	ExistsRequest[T any, K comparable] struct {
		Query   Query
		Deleted bool // see rows that are marked deleted, too
	}
	// AggregateRequest asks for Aggregate; the reply is a []Group.
	AggregateRequest[T any, K comparable] struct {
		Query   Query
		By      []string
		Terms   []Term
		Deleted bool // see rows that are marked deleted, too
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
