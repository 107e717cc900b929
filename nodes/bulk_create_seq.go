package nodes

import (
	"context"
	"iter"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// BulkCreateSeq is BulkCreate for a sequence of any length, of which no more than some ten thousand rows are in memory
// at a time. It hands nothing back: what the database fills in stays there. Indexes count the rows of the sequence.
//
// The sequence is drawn from once, in the goroutine of the call, for the first time when the table is ready: ten thousand
// rows before the transaction is opened, and the others while it is open, so on SQLite the sequence itself must not write.
// It is never begun anew. Where a table has to be made first — its own that is gone, one of a hook that is not ready — the
// rows that are still in memory are stored again if they were the first. If not, and where the database wants the
// transaction to be run again, that is schema.ErrSerialization with nothing stored, and the caller may call again with a new
// sequence. A panic of the sequence undoes all and goes its way.
func (n *Node[T, K]) BulkCreateSeq(ctx context.Context, rows iter.Seq[T], opts ...BulkOption) (int64, error) {
	call := n.begin(ctx, schema.MethodBulkCreateSeq)
	defer call.end()
	count, given, err := n.doBulkCreateSeq(call.ctx, rows, opts)
	call.came(given, 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkCreateSeq(ctx context.Context, rows iter.Seq[T], opts []BulkOption) (count int64, given int, err error) {
	const op = "bulk create"
	wish, err := n.bulkWish(op, opts)
	if err != nil {
		return 0, 0, err
	}
	if rows == nil {
		return 0, 0, schema.Invalid(op, n.name, "", "no sequence given")
	}
	next, stop := iter.Pull(rows)
	defer stop()
	job := &bulkCreateSeq[T, K]{node: n, op: op, wish: wish, next: next}
	// The gate comes before the first row, and the first row before the transaction: no rows need none.
	err = n.write(ctx, op, func(dialect.Querier) error {
		job.draw(ctx)
		return nil
	})
	if err != nil || job.end && len(job.part) == 0 {
		return 0, 0, err
	}
	if err := n.atomicFor(ctx, op, 0, job.run); err != nil {
		return 0, job.given(), err
	}
	return job.count, job.given(), job.failed.asError()
}

// bulkCreateSeq is one call of BulkCreateSeq.
type bulkCreateSeq[T any, K comparable] struct {
	node *Node[T, K]
	op   string
	wish *bulkWish
	next func() (T, bool)

	part   []T   // the rows that were drawn last; while they are the first, all can be begun again
	drawn  int64 // before them
	end    bool
	count  int64
	failed *BulkError
}

// given is how many rows were drawn.
func (b *bulkCreateSeq[T, K]) given() int { return int(b.drawn) + len(b.part) }

// run stores all rows in a transaction.
func (b *bulkCreateSeq[T, K]) run(ctx context.Context, tx dialect.Tx) error {
	if b.drawn > 0 {
		return &schema.Error{
			Op: b.op, Table: b.node.name, Kind: schema.ErrSerialization,
			Detail: "the sequence has been drawn from and cannot be begun again",
		}
	}
	b.count, b.failed = 0, &BulkError{Op: b.op, Table: b.node.name}
	for {
		if err := b.store(ctx, tx); err != nil || b.end {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		b.draw(ctx)
	}
}

// draw takes the next rows from the sequence, in place of the last ones, and fewer where nobody waits for them any more.
func (b *bulkCreateSeq[T, K]) draw(ctx context.Context) {
	b.drawn += int64(len(b.part))
	b.part = b.part[:0]
	for !b.end && len(b.part) < createChunk && ctx.Err() == nil {
		row, ok := b.next()
		if !ok {
			b.end = true
			return
		}
		b.part = append(b.part, row)
	}
}

// store stores the rows that were drawn last.
func (b *bulkCreateSeq[T, K]) store(ctx context.Context, tx dialect.Tx) error {
	job := newBulkCreate(b.node, b.op, b.wish, b.part)
	job.before = b.drawn
	err := job.prepare(ctx)
	if err == nil {
		err = job.run(ctx, tx)
	}
	if failed, ok := err.(*BulkError); ok { // of this method, and not of a hook
		out := &BulkError{Op: b.op, Table: b.node.name}
		out.join(failed, b.drawn)
		return out
	}
	if err != nil {
		return err
	}
	b.count += job.count
	b.failed.join(job.failed, b.drawn)
	return nil
}
