package schema

import (
	"context"
	"time"
)

// Observer is told of the calls of nodes, as a Listener is of what happens to tables: it is what metrics and traces are made of.
// Both are safe for concurrent use.
type Observer interface {
	// Calls gives who is told of the calls of one table's node; nil is nobody. It is asked once, when the table is registered,
	// and once with the zero Ref: for transactions. The database is the name of its dialect, as "postgres" or "sqlite".
	Calls(database string, table Ref) Calls
}

// Calls is told of each call of a node, in the goroutine of the call, and must be quick.
type Calls interface {
	// Begin is told that a call begins. The context that it gives, which must come of ctx, is the one that the call goes on with.
	Begin(ctx context.Context, m Method) context.Context
	// Again is told that the call has its work done once more, and why: the table is not what it was, or the database wants the
	// transaction to be run again.
	Again(ctx context.Context, cause error)
	// End is told what has become of the call. The context is the one of Begin.
	End(ctx context.Context, c Call)
}

// Call is what has become of one call of a node. All is brought back before the caller has its answer.
type Call struct {
	Method   Method
	Duration time.Duration // monotonic, what the caller waited for its table included
	// Cold tells that the table was not remembered as ready when the call began.
	Cold bool
	// Given is how many rows the call brought, for the methods that take many.
	Given int
	// Returned is how many rows it gave back, for the methods that read rows, or groups of them.
	Returned int
	// Err is what the caller gets; of a transaction it may be the program's own. ErrUnfinished is that of a panic.
	Err error
}

// Method is a method of a node that asks the database, or a transaction of several.
type Method uint8

// The methods, by the names that package nodes gives them.
const (
	MethodTransaction Method = iota
	MethodCreate
	MethodGet
	MethodUpdate
	MethodPatch
	MethodUpsert
	MethodDelete
	MethodRestore
	MethodPurge
	MethodFirst
	MethodList
	MethodAll
	MethodPage
	MethodCount
	MethodExists
	MethodAggregate
	MethodBulkCreate
	MethodBulkCreateSeq
	MethodBulkUpdate
	MethodBulkUpdateRows
	MethodBulkUpsert
	MethodBulkDelete
	MethodBulkPurge
	Methods // how many there are
)

// String gives the method's name in small words, as errors have it: "bulk create".
func (m Method) String() string {
	if m >= Methods {
		return "unknown"
	}
	return [Methods]string{
		"transaction",
		"create", "get", "update", "patch", "upsert", "delete", "restore", "purge",
		"first", "list", "all", "page", "count", "exists", "aggregate",
		"bulk create", "bulk create seq", "bulk update", "bulk update rows", "bulk upsert", "bulk delete", "bulk purge",
	}[m]
}

// Reads reports whether the method gives rows, or groups of them.
func (m Method) Reads() bool {
	switch m {
	case MethodGet, MethodFirst, MethodList, MethodAll, MethodPage, MethodAggregate:
		return true
	}
	return false
}
