package nodes

import (
	"context"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	// createChunk is how many rows are sent at once. Each time takes a savepoint, of which PostgreSQL remembers 64 cheaply.
	createChunk = 10_000
	// valuesChunk is the same where each value is a parameter of its own.
	valuesChunk = 500
)

// BulkCreate stores new rows as Create does, all of them or none, and gives their number as the database counted them. On
// success what the library and the database filled in stands in rows; otherwise they stay as they were. Rows whose auto
// key is zero get keys that rise in the order of the slice.
//
// A row that cannot be stored is a *BulkError with its index; of rows that are in each other's way it is the later one,
// where rows that are to get an auto key count as later than those that have one: they are stored after them, so that a
// number that SQLite gives is none of theirs. PostgreSQL counts without looking at them, and a number that is taken already
// is schema.ErrDuplicate, as it is from Create.
// Without PerRow nothing is stored then; with it the other rows are, and they alone are counted and filled in.
//
// It runs in one transaction. PostgreSQL takes rows to which it adds nothing by COPY and others as arrays, SQLite some
// hundred at a time; with hooks they are stored one by one. For more rows than memory holds see BulkCreateSeq.
func (n *Node[T, K]) BulkCreate(ctx context.Context, rows []T, opts ...BulkOption) (int64, error) {
	if n.calls == nil {
		return n.doBulkCreate(ctx, rows, opts)
	}
	call := n.begin(ctx, schema.MethodBulkCreate)
	defer call.end()
	count, err := n.doBulkCreate(call.ctx, rows, opts)
	call.came(len(rows), 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkCreate(ctx context.Context, rows []T, opts []BulkOption) (int64, error) {
	const op = "bulk create"
	wish, err := n.bulkWish(op, opts)
	if err != nil {
		return 0, err
	}
	job := newBulkCreate(n, op, wish, rows)
	job.back = true
	if err := job.prepare(ctx); err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if err := n.atomic(ctx, op, job.run); err != nil {
		return 0, err
	}
	for i, ok := range job.stored {
		if ok {
			rows[i] = job.work[i]
		}
	}
	return job.count, job.failed.asError()
}

// bulkCreate stores rows of one call: all of them, or as many as are sent at once.
type bulkCreate[T any, K comparable] struct {
	bulk[T, K]
	back            bool // what the database fills in has to come back
	stored          []bool
	count           int64 // by the database
	given, numbered []int // rows that can be sent, without and with an auto key that is to come
}

func newBulkCreate[T any, K comparable](n *Node[T, K], op string, wish *bulkWish, rows []T) *bulkCreate[T, K] {
	return &bulkCreate[T, K]{bulk: newBulk(n, op, wish, rows), stored: make([]bool, len(rows))}
}

// prepare looks at all rows before anything is sent.
func (b *bulkCreate[T, K]) prepare(ctx context.Context) error {
	c := b.node.core()
	for i := range b.rows {
		err := b.ready(ctx, i, b.node.hooked(onCreate), func(work *T) ([]any, error) {
			_, args, err := c.inserting(work)
			return args, err
		})
		switch {
		case err != nil:
			return err
		case b.refused[i]:
		case c.auto >= 0 && c.rows.Zero(&b.work[i], c.auto):
			b.numbered = append(b.numbered, i)
		default:
			b.given = append(b.given, i)
		}
	}
	return nil
}

// run stores the rows in a transaction. Those with keys of their own come first, so that no number that the database gives
// is in their way.
func (b *bulkCreate[T, K]) run(ctx context.Context, tx dialect.Tx) error {
	b.restart()
	clear(b.stored)
	b.count = 0
	if b.node.hooked(onCreate) {
		all := slices.Concat(b.given, b.numbered)
		slices.Sort(all)
		return b.oneByOne(ctx, tx, all, func(ctx context.Context, i int) error {
			return b.single(i, b.node.createBetween(ctx, b.op, tx, &b.rows[i], &b.work[i]))
		})
	}
	if err := b.group(ctx, tx, b.given, false); err != nil {
		return err
	}
	return b.group(ctx, tx, b.numbered, true)
}

// single notes what became of one row.
func (b *bulkCreate[T, K]) single(i int, err error) error {
	if err == nil {
		b.stored[i] = true
		b.count++
	}
	return err
}

// group stores rows that leave the same columns to the database.
func (b *bulkCreate[T, K]) group(ctx context.Context, tx dialect.Tx, rows []int, auto bool) error {
	if len(rows) == 0 {
		return nil
	}
	c := b.node.core()
	cmd := &c.insert
	if auto {
		cmd = &c.insertAuto
	}
	if b.back {
		if err := b.keys(ctx, tx, cmd, rows); err != nil {
			return err
		}
	}
	store, size, err := b.store(tx, cmd, auto)
	switch {
	case err != nil:
		return err
	case store != nil:
		return b.inChunks(ctx, tx, rows, size, store)
	}
	return b.oneByOne(ctx, tx, rows, func(ctx context.Context, i int) error {
		_, err := c.exec(ctx, tx, cmd, b.args[i], &b.work[i])
		return b.single(i, err)
	})
}

// store gives what stores many rows at once, and how many; nil where they have to be stored one by one.
func (b *bulkCreate[T, K]) store(
	tx dialect.Tx, cmd *command, auto bool,
) (store func(ctx context.Context, part []int) error, size int, err error) {
	c := b.node.core()
	if len(cmd.bind) == 0 || b.back && c.keyComputed() {
		return nil, 0, nil
	}
	copier, copies, err := dialect.CopierOf(tx)
	if err != nil {
		return nil, 0, err
	}
	copies = copies && !(b.back && c.fills(cmd))
	if _, arrays := c.statements.Arrays(); arrays {
		st := c.statements.InsertMany(auto, b.back)
		store, size = func(ctx context.Context, part []int) error {
			return b.many(ctx, tx, &st, part, b.bound(&st, part))
		}, createChunk
	} else {
		store = func(ctx context.Context, part []int) error { return b.values(ctx, tx, part, auto) }
		if size = c.statements.MostRows(auto, valuesChunk); copies {
			size = c.statements.MostRows(auto, createChunk)
		}
	}
	if copies {
		store = b.copying(tx, copier, cmd, auto, store)
	}
	return store, size, nil
}

// values stores rows by a statement in which each value is a parameter of its own.
func (b *bulkCreate[T, K]) values(ctx context.Context, tx dialect.Tx, part []int, auto bool) error {
	st := b.node.core().statements.InsertRows(auto, b.back, len(part))
	args := make([]any, 0, len(part)*len(st.Bind))
	for _, i := range part {
		args = append(args, b.args[i]...)
	}
	return b.many(ctx, tx, &st, part, args)
}

// keyComputed reports whether the database computes a part of the key from other columns, so that a row that comes back
// cannot be known by it.
func (c *core[T, K]) keyComputed() bool {
	return slices.ContainsFunc(c.keys, func(at int) bool { return c.columns[at].Generated != "" })
}

// fills reports whether the database fills columns that a command has no value for.
func (c *core[T, K]) fills(cmd *command) bool {
	return slices.ContainsFunc(cmd.back, func(at int) bool { return !slices.Contains(cmd.bind, at) })
}

// complete reports whether no row asks for a default.
func (b *bulkCreate[T, K]) complete(cmd *command, part []int) bool {
	for _, at := range cmd.optional {
		for _, i := range part {
			if b.args[i][at] == nil {
				return false
			}
		}
	}
	return true
}
