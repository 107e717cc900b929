package nodes

import (
	"context"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Hooks are functions that a node calls around its writes; nil ones are skipped. They are called in the goroutine of the
// call, and must be safe for concurrent use, as the node is.
//
// With a Before or After hook a write runs in a transaction: the node's own, if it is In one, and there in a savepoint,
// or else one that is opened for this call. Hook and row stand or fall together: an error of a hook, or a panic, undoes
// the write and all that hooks did through tx. Other nodes are used by In(tx) there, also of tables that nobody has used
// yet; and since the transaction is rolled back and run again where such a table has to be made first, or where the
// database asks for it (schema.ErrSerialization), a hook must be safe to run more than once. Tx must be neither kept nor
// ended.
//
// The row that a hook gets is the working copy of the call. What a Before hook changes in it is stored; the caller's row
// takes all of it over on success and none of it otherwise. Pointers, slices and maps in it are shared with the caller's
// row, so replace them rather than write through them.
//
// Upsert calls the hooks of what it does to the row, create or update; one that DoNothing leaves as it is meets Validate
// alone. The bulk methods that take rows call hooks for each row, and so store them one by one where there are any but
// Validate. Restore calls none, and neither do BulkUpdate, BulkDelete and BulkPurge by query, which know no rows.
//
// Errors of hooks match errors.Is and errors.As as they are; operation and table are put before their text.
type Hooks[T any, K comparable] struct {
	// Validate looks at each row that is to be stored, last of all before it is and after the Before hook: by Create,
	// Update and Upsert, by the bulk methods that take rows, and by Patch, where it gets the row that the patch has made,
	// which an error undoes. It must not change the row. See Field for naming what is wrong.
	Validate func(ctx context.Context, row *T) error
	// BeforeCreate and AfterCreate are called around the storing of a new row. Before, lifecycle columns are not filled
	// yet; after, row is as it was stored.
	BeforeCreate, AfterCreate func(ctx context.Context, tx dialect.Tx, row *T) error
	// BeforeUpdate and AfterUpdate are called around a change of a row by Update. Patch calls AfterUpdate only, with the
	// whole row as the patch has made it: before, there is no row to show.
	BeforeUpdate, AfterUpdate func(ctx context.Context, tx dialect.Tx, row *T) error
	// BeforeDelete and AfterDelete are called around Delete, whether the row is removed or marked, and around Purge. Before,
	// the row need not be there.
	BeforeDelete, AfterDelete func(ctx context.Context, tx dialect.Tx, key K) error
}

// WithHooks gives the same node with hooks, in place of those that it had; the node itself stays as it is. Nodes made of
// the result by In keep them.
func (n *Node[T, K]) WithHooks(h Hooks[T, K]) *Node[T, K] {
	hooking := *n
	hooking.hooks = &h
	return &hooking
}

// Field makes what a Validate hook returns for a column whose value will not do: schema.ErrInvalid that names the column
// in its Constraint. The node adds operation and table. The text should hold no row values: it may end in a log.
func Field(column, format string, args ...any) error {
	return schema.Invalid("", "", column, format, args...)
}

// hookVerb is what a write does to a row, as hooks tell it apart.
type hookVerb uint8

const (
	onCreate hookVerb = iota
	onUpdate
	onDelete
)

// hooked reports whether a verb has Before or After hooks, so that the write must run by atomic, with before and after
// around it. Where it has none, validate is all that is to be called, before anything is sent.
func (n *Node[T, K]) hooked(v hookVerb) bool {
	h := n.hooks
	if h == nil {
		return false
	}
	switch v {
	case onCreate:
		return h.BeforeCreate != nil || h.AfterCreate != nil
	case onUpdate:
		return h.BeforeUpdate != nil || h.AfterUpdate != nil
	}
	return h.BeforeDelete != nil || h.AfterDelete != nil
}

// validate calls the Validate hook for a row that is to be stored.
func (n *Node[T, K]) validate(ctx context.Context, op string, row *T) error {
	if n.hooks == nil || n.hooks.Validate == nil {
		return nil
	}
	return n.refusedBy(op, "validate", n.hooks.Validate(ctx, row))
}

// before calls the Before hook of onCreate or onUpdate, if any, and then validate: in a hooked write it takes the place of
// both. The row is a working copy, made anew each time that atomic runs its function.
func (n *Node[T, K]) before(ctx context.Context, op string, v hookVerb, tx dialect.Tx, row *T) error {
	if n.hooks == nil {
		return nil
	}
	hook, name := n.hooks.BeforeCreate, "before create"
	if v == onUpdate {
		hook, name = n.hooks.BeforeUpdate, "before update"
	}
	if hook != nil {
		if err := hook(ctx, tx, row); err != nil {
			return n.refusedBy(op, name, err)
		}
	}
	return n.validate(ctx, op, row)
}

// after calls the After hook of onCreate or onUpdate, if any.
func (n *Node[T, K]) after(ctx context.Context, op string, v hookVerb, tx dialect.Tx, row *T) error {
	if n.hooks == nil {
		return nil
	}
	hook, name := n.hooks.AfterCreate, "after create"
	if v == onUpdate {
		hook, name = n.hooks.AfterUpdate, "after update"
	}
	if hook == nil {
		return nil
	}
	return n.refusedBy(op, name, hook(ctx, tx, row))
}

// beforeDelete calls the BeforeDelete hook, if any.
func (n *Node[T, K]) beforeDelete(ctx context.Context, op string, tx dialect.Tx, key K) error {
	if n.hooks == nil || n.hooks.BeforeDelete == nil {
		return nil
	}
	return n.refusedBy(op, "before delete", n.hooks.BeforeDelete(ctx, tx, key))
}

// afterDelete calls the AfterDelete hook, if any.
func (n *Node[T, K]) afterDelete(ctx context.Context, op string, tx dialect.Tx, key K) error {
	if n.hooks == nil || n.hooks.AfterDelete == nil {
		return nil
	}
	return n.refusedBy(op, "after delete", n.hooks.AfterDelete(ctx, tx, key))
}

// refusedBy completes the error of a hook with operation and table; nil stays nil.
func (d *door) refusedBy(op, hook string, err error) error {
	if err == nil {
		return nil
	}
	if field, ok := err.(*schema.Error); ok && field.Op == "" && field.Table == "" { // made by Field, and not wrapped
		out := *field
		out.Op, out.Table = op, d.name
		err = &out
	}
	return &hookError{op: op, table: d.name, hook: hook, err: err}
}

// hookError is the error of a hook on its way out. It is not the database's, so that nothing is read out of it and
// nothing is repeated for it but the transaction as a whole.
type hookError struct {
	op, table, hook string
	err             error
}

// Error puts operation, table and hook before the hook's own words.
func (e *hookError) Error() string {
	if field, ok := e.err.(*schema.Error); ok && field.Op == e.op && field.Table == e.table {
		return field.Error()
	}
	return strings.Join([]string{e.op + " " + e.table, e.hook, e.err.Error()}, ": ")
}

// Unwrap gives the hook's error.
func (e *hookError) Unwrap() error { return e.err }

func (*hookError) final() {}
