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
// and the version column counts up, compared only with IfVersion: a row that is there with another version is
// schema.ErrConflict then. Key, lifecycle and generated columns cannot be set; these, an unknown column, a value that its
// column cannot hold and an empty set are schema.ErrInvalid. A key that is not there, or whose row is marked deleted, is
// schema.ErrNotFound. Other errors are those of Create.
func (n *Node[T, K]) Patch(ctx context.Context, key K, set Set, opts ...ChangeOption) (*T, error) {
	if n.calls == nil {
		return n.doPatch(ctx, key, set, opts)
	}
	call := n.begin(ctx, schema.MethodPatch)
	defer call.end()
	row, err := n.doPatch(call.ctx, key, set, opts)
	call.came(0, 0, err)
	return row, err
}

func (n *Node[T, K]) doPatch(ctx context.Context, key K, set Set, opts []ChangeOption) (*T, error) {
	const op = "patch"
	if err := n.changeable(op); err != nil {
		return nil, err
	}
	only, err := n.condition(op, opts)
	if err != nil {
		return nil, err
	}
	sql, args, err := n.patching(op, key, set, only)
	if err != nil {
		return nil, n.invalid(op, err)
	}
	if n.hooks != nil && (n.hooks.Validate != nil || n.hooks.AfterUpdate != nil) {
		return n.patchHooked(ctx, op, sql, args, only)
	}
	w := n.core().writing(nil)
	if err := n.single(ctx, op, w.of(&command{sql: sql, back: w.core.all}, args)); err != nil {
		return nil, err
	}
	if !w.Found {
		return nil, n.missing(ctx, op, only.versioned, w.core.patchKey(args, only))
	}
	w.Args, w.Row = nil, nil // the row may be kept for long
	return &w.row, nil
}

// patchHooked is Patch before its hooks.
func (n *Node[T, K]) patchHooked(ctx context.Context, op, sql string, args []any, only ChangeOption) (*T, error) {
	row := new(T)
	err := n.atomic(ctx, op, func(ctx context.Context, tx dialect.Tx) error {
		*row = *new(T)
		if err := n.patch(ctx, op, tx, sql, args, only, row); err != nil {
			return err
		}
		if err := n.validate(ctx, op, row); err != nil {
			return err
		}
		return n.after(ctx, op, onUpdate, tx, row)
	})
	if err != nil {
		return nil, err
	}
	return row, nil
}

// patching writes the statement of a patch and gives what it binds: the set, the key, and the version, where it matters.
func (n *Node[T, K]) patching(op string, key K, set Set, only ChangeOption) (sql string, args []any, err error) {
	if only.versioned {
		sql, args, err = n.core().statements.PatchVersion(op, set, n.core().now())
	} else {
		sql, args, err = n.core().statements.Patch(op, set, n.core().now())
	}
	if err != nil {
		return "", nil, err
	}
	if args, err = n.core().key(args, key); err == nil && only.versioned {
		args, err = n.core().versionArg(args, only.version)
	}
	return sql, args, err
}

// patch runs a statement of patching and scans the row that it gives.
func (n *Node[T, K]) patch(
	ctx context.Context, op string, q dialect.Querier, sql string, args []any, only ChangeOption, row *T,
) error {
	found, err := n.core().scanOne(ctx, q, sql, args, n.core().all, row)
	if err != nil || found {
		return err
	}
	return n.missed(ctx, op, q, only.versioned, n.core().patchKey(args, only))
}

// patchKey is the key among what a patch binds. The version, where it matters, stands behind it.
func (c *core[T, K]) patchKey(args []any, only ChangeOption) []any {
	end := len(args)
	if only.versioned {
		end--
	}
	return args[end-len(c.keys) : end]
}
