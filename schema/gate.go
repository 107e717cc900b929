package schema

import (
	"context"
	"time"
)

// Snapshot is a memory: this table was seen to match its model, at this generation. It is immutable, and its address
// is its identity: a Gate hands out the same pointer until the memory is given up.
type Snapshot struct {
	Table       *Table
	Generation  int64     // the ledger's count of changes to the table; 1 when first created
	CatalogHash string    // Live.Hash as seen
	SeenAt      time.Time // when it was seen, UTC
	// Behind tells that a newer model has changed the table, which still serves this one.
	Behind bool
}

// Gate is all that CRUD code knows of schema actors: the door in front of one table. Implementations are safe for
// concurrent use.
type Gate interface {
	// Ready returns once the table is known to match its model. Where that is remembered it costs one atomic load;
	// otherwise the table is made ready first, once for all callers. A context that ends releases this caller only.
	// Errors are *EnsureError, ErrClosed, or the context's cause.
	Ready(ctx context.Context) (*Snapshot, error)
	// Peek returns the memory, or nil where there is none. It never waits and touches no database.
	Peek() *Snapshot
	// Invalidate gives up the memory if seen is still it, so that the next Ready looks at the database again; it does
	// nothing if another caller was first. The cause is for logs.
	Invalidate(seen *Snapshot, cause error)
}
