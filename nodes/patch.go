package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Set names the columns that Patch changes, with their new values: Go values of the fields' types, or what
// encoding/json makes of them; nil is NULL.
type Set map[string]any

// Patch changes some columns of the row of a key and gives the whole row as it is then. The updated column becomes now
// and the version column counts up, without being compared. Key, lifecycle and generated columns cannot be set; these,
// an unknown column, a value that its column cannot hold and an empty set are schema.ErrInvalid. A key that is not
// there, or whose row is marked deleted, is schema.ErrNotFound. Other errors are those of Create.
func (n *Node[T, K]) Patch(ctx context.Context, key K, set Set) (*T, error) {
	const op = "patch"
	sql, args, err := n.core.statements.Patch(op, set, n.core.now())
	if err != nil {
		return nil, n.invalid(op, err)
	}
	if args, err = n.core.key(args, key); err != nil {
		return nil, n.invalid(op, err)
	}
	row, found := new(T), false
	err = n.write(ctx, op, func(q dialect.Querier) (err error) {
		found, err = n.core.scanOne(ctx, q, sql, args, n.core.all, row)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, n.fault(op, schema.ErrNotFound)
	}
	return row, nil
}
