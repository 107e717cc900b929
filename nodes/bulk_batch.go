package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// bulkChunk is how many rows go into one statement that gives all of them back, and after how many rows progress is told.
const bulkChunk = 1000

// bulk is one call of a bulk method that takes rows. Rows are known by their index.
type bulk[T any, K comparable] struct {
	node    *Node[T, K]
	op      string
	wish    *bulkWish
	rows    []T     // the caller's, which stay as they are until all is done
	work    []T     // what is stored
	args    [][]any // what Insert or Update binds for each row
	refused []bool  // rows that failed before anything was sent
	early   []RowError
	failed  *BulkError
	done    int64
	before  int64 // rows that were done by others of the same call
}

func newBulk[T any, K comparable](n *Node[T, K], op string, wish *bulkWish, rows []T) bulk[T, K] {
	return bulk[T, K]{
		node: n, op: op, wish: wish, rows: rows, work: make([]T, len(rows)), args: make([][]any, len(rows)),
		refused: make([]bool, len(rows)), failed: &BulkError{Op: op, Table: n.name},
	}
}

// ready makes one row ready to be sent. Hooked rows are validated, and bound, only behind their hooks.
func (b *bulk[T, K]) ready(ctx context.Context, i int, hooked bool, bind func(work *T) ([]any, error)) error {
	b.work[i] = b.rows[i]
	if hooked {
		return nil
	}
	if err := b.node.validate(ctx, b.op, &b.work[i]); err != nil {
		return b.refuse(i, err)
	}
	args, err := bind(&b.work[i])
	if err != nil {
		return b.refuse(i, b.node.invalid(b.op, err))
	}
	b.args[i] = args
	return nil
}

// refuse notes that a row cannot be sent. Where that ends the call it gives the call's error.
func (b *bulk[T, K]) refuse(i int, err error) error {
	b.refused[i] = true
	b.early = append(b.early, RowError{i, err})
	b.failed.add(i, err)
	return b.settle()
}

// settle is nil where failed rows are left out.
func (b *bulk[T, K]) settle() error {
	if b.wish.perRow {
		return nil
	}
	return b.failed.asError()
}

// restart forgets what an earlier run of the transaction has found out.
func (b *bulk[T, K]) restart() {
	b.failed = &BulkError{Op: b.op, Table: b.node.name}
	for _, row := range b.early {
		b.failed.add(row.Index, row.Err)
	}
	b.done = int64(len(b.early))
}

// went tells how far it has come.
func (b *bulk[T, K]) went(rows int) {
	before := b.done
	b.done += int64(rows)
	if b.wish.progress != nil && (b.done/bulkChunk > before/bulkChunk || b.done == int64(len(b.rows))) {
		b.wish.progress(b.before + b.done)
	}
}

// oneByOne stores rows by a function for one of them.
func (b *bulk[T, K]) oneByOne(
	ctx context.Context, tx dialect.Tx, rows []int, store func(ctx context.Context, i int) error,
) error {
	for _, i := range rows {
		var err error
		if b.wish.perRow {
			err = dialect.Nested(ctx, tx, "schemactor_row", func(ctx context.Context) error { return store(ctx, i) })
		} else {
			err = store(ctx, i)
		}
		if err == nil {
			b.went(1)
			continue
		}
		failure := b.node.failed(ctx, b.op, err)
		if !ofRow(failure) {
			return err
		}
		b.failed.add(i, failure)
		if err := b.settle(); err != nil {
			return err
		}
		b.went(1)
	}
	return nil
}

// inChunks stores rows by a function for so many of them.
func (b *bulk[T, K]) inChunks(
	ctx context.Context, tx dialect.Tx, rows []int, size int, store func(ctx context.Context, part []int) error,
) error {
	for start := 0; start < len(rows); start += size {
		part := rows[start:min(start+size, len(rows))]
		if err := b.divide(ctx, tx, part, store); err != nil {
			return err
		}
		b.went(len(part))
	}
	return nil
}

// divide stores rows at once and, where one of them is at fault, halves them until it is found.
func (b *bulk[T, K]) divide(
	ctx context.Context, tx dialect.Tx, part []int, store func(ctx context.Context, part []int) error,
) error {
	err := dialect.Nested(ctx, tx, "schemactor_part", func(ctx context.Context) error { return store(ctx, part) })
	if err == nil || isFinal(err) {
		return err
	}
	failure := b.node.failed(ctx, b.op, err)
	if !ofRow(failure) {
		return err
	}
	if half := len(part) / 2; half > 0 {
		if err := b.divide(ctx, tx, part[:half], store); err != nil {
			return err
		}
		return b.divide(ctx, tx, part[half:], store)
	}
	b.failed.add(part[0], failure)
	return b.settle()
}

// bound gives what is bound for rows of which each column is one array.
func (b *bulk[T, K]) bound(st *dialect.Statement, part []int) []any {
	binder, _ := b.node.core().statements.Arrays()
	out, values := make([]any, len(st.Bind)), make([]any, len(part))
	for at, column := range st.Bind {
		for j, i := range part {
			values[j] = b.args[i][at]
		}
		out[at] = binder.Array(&b.node.core().columns[column], values)
	}
	return out
}

// strange is what a trigger or rule of somebody else may lead to.
func (b *bulk[T, K]) strange() error { return b.node.core().strange(b.op) }

func (c *core[T, K]) strange(op string) error {
	return &schema.Error{
		Op: op, Table: c.statements.Table().String(), Detail: "the rows that came back are not those that were sent",
	}
}
