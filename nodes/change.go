package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// ChangeOption tunes one call of Patch or Delete; the zero one does nothing.
type ChangeOption struct {
	version   int64
	versioned bool
}

// IfVersion has a row changed only while its version column has a value: schema.ErrConflict means that the row is there with
// another one, since someone else has changed it. On a table without a version column it is schema.ErrInvalid.
func IfVersion(version int64) ChangeOption { return ChangeOption{version: version, versioned: true} }

// condition gives what the options of one call come to; two versions are one too many.
func (n *Node[T, K]) condition(op string, opts []ChangeOption) (out ChangeOption, err error) {
	for _, o := range opts {
		switch {
		case !o.versioned:
		case out.versioned && o != out:
			return out, schema.Invalid(op, n.name, "", "two different versions are asked for")
		default:
			out = o
		}
	}
	if out.versioned && n.core().version < 0 {
		return out, schema.Invalid(op, n.name, "", "the table has no version column")
	}
	return out, nil
}

// versionArg appends a version as it is bound. One that the column cannot hold is schema.ErrInvalid.
func (c *core[T, K]) versionArg(args []any, version int64) ([]any, error) {
	value, err := c.columns[c.version].Coerce(version)
	if err != nil {
		return nil, err
	}
	if encode := c.encode[c.version]; encode != nil {
		value = encode(value)
	}
	return append(args, value), nil
}

// missing is missed for a write that was done by itself.
func (n *Node[T, K]) missing(ctx context.Context, op string, versioned bool, key []any) error {
	if !versioned {
		return n.fault(op, schema.ErrNotFound)
	}
	return n.write(ctx, op, func(q dialect.Querier) error { return n.missed(ctx, op, q, versioned, key) })
}

// missed tells why a change found no row: it is not there, or, where its version was asked for, has another one. The key is
// as it is bound.
func (n *Node[T, K]) missed(ctx context.Context, op string, q dialect.Querier, versioned bool, key []any) error {
	if !versioned {
		return n.fault(op, schema.ErrNotFound)
	}
	rows, err := q.Query(ctx, n.core().exists.sql, key...)
	if err != nil {
		return err
	}
	there := rows.Next()
	closeErr := rows.Close()
	switch err := rows.Err(); {
	case err != nil:
		return err
	case closeErr != nil:
		return closeErr
	case there:
		return n.fault(op, schema.ErrConflict)
	}
	return n.fault(op, schema.ErrNotFound)
}
