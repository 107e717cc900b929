package nodes

import (
	"context"
	"errors"
	"reflect"

	"github.com/schemactor/schemactor/schema"
)

// request is a message that a Node serves: one of the types below, by value or by pointer. T and K are those of the node, so
// that a message for another node is refused.
type request[T any, K comparable] interface {
	serve(ctx context.Context, n *Node[T, K]) (any, error)
}

// Serve does what a request asks for and gives its reply, for programs that speak messages: actors.Serve mounts a node behind
// a PID. There is a request for each method but those of iterators, All and BulkCreateSeq, named after it, with the method's
// arguments and errors, to be sent as a value or by a pointer. It is not changed: what has become of its rows is in the
// reply, which is a value of the type that the request names. A message of another type, or of another node, is
// schema.ErrInvalid, and nothing is sent to the database.
func (n *Node[T, K]) Serve(ctx context.Context, message any) (reply any, err error) {
	r, ok := message.(request[T, K])
	if pointer := reflect.ValueOf(message); !ok || pointer.Kind() == reflect.Pointer && pointer.IsNil() {
		return nil, schema.Invalid("serve", n.name, "", "%T is no request to this node", message)
	}
	return r.serve(ctx, n)
}

// RowReply is one row, as the database has it now.
type RowReply[T any] struct{ Row T }

// RowsReply is a list of rows.
type RowsReply[T any] struct{ Rows []T }

// StoredReply is what a bulk method has made of the rows of its request.
type StoredReply[T any] struct {
	Rows   []T        // in the order of the request
	Count  int64      // of rows that are stored
	Failed *BulkError // with PerRow the rows that were left out; nil if there are none
}

// CountReply is a number of rows.
type CountReply struct{ Count int64 }

// DoneReply says that it is done, where there is nothing more to say.
type DoneReply struct{}

// ExistsReply says whether there is a row.
type ExistsReply struct{ Exists bool }

// UpsertReply is a row and whether it was created.
type UpsertReply[T any] struct {
	Row     T
	Created bool
}

// BulkUpsertReply is what BulkUpsert has made of the rows of its request.
type BulkUpsertReply[T any] struct {
	Rows   []T // in the order of the request
	Result BulkResult
	Failed *BulkError // with PerRow the rows that were left out; nil if there are none
}

// replied gives a reply unless there is an error.
func replied[R any](reply R, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return reply, nil
}

// rowReplied gives a row unless there is an error.
func rowReplied[T any](row *T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return RowReply[T]{*row}, nil
}

// leftOut takes apart the error of a bulk method: with PerRow, rows that were left out are a part of the reply.
func leftOut(perRow bool, err error) (*BulkError, error) {
	if failed, ok := errors.AsType[*BulkError](err); ok && perRow {
		return failed, nil
	}
	return nil, err
}
