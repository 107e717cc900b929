package nodes

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// BulkUpsertOption shapes what BulkUpsert does: an UpsertOption or a BulkOption.
type BulkUpsertOption interface {
	bulkUpsert(w *bulkUpsertWish)
}

// bulkUpsertWish is what the options of a BulkUpsert ask for.
type bulkUpsertWish struct {
	upsertWish
	bulkWish
}

// BulkResult is what has become of the rows of a BulkUpsert, as the database told it. With the rows that PerRow left out
// the numbers add up to the rows that were given.
type BulkResult struct {
	Inserted int64 // rows that are new
	Updated  int64 // rows that were there and have been changed
	Skipped  int64 // rows that DoNothing left as they were, and rows that another one of the same call took the place of
}

// BulkUpsert stores rows as Upsert does, all of them or none, and says how many were inserted and how many updated. Of rows
// that are the same by the conflict's columns the last one is stored and the others are skipped; with DoNothing it is the
// first. Rows whose columns of the conflict are null, or left to the database, are the same as none.
//
// On success each row that was stored holds all its columns as they are stored; rows that were skipped or failed stay as
// they were. A row that cannot be stored is a *BulkError with its index; without PerRow nothing is stored then, and with
// it the other rows are. With PerRow a row that fails does not give way to one it took the place of.
//
// It runs in one transaction, on PostgreSQL by one statement for each 1,000 rows. Rows are stored in the order of the
// conflict's columns, not in that of the slice, so that calls with rows in common wait for each other rather than
// forever; a deadlock over something else is schema.ErrSerialization, for which a call outside of a transaction is run
// again for a short while. With hooks, and on SQLite, rows are stored one by one.
func (n *Node[T, K]) BulkUpsert(ctx context.Context, rows []T, opts ...BulkUpsertOption) (BulkResult, error) {
	if n.calls == nil {
		return n.doBulkUpsert(ctx, rows, opts)
	}
	call := n.begin(ctx, schema.MethodBulkUpsert)
	defer call.end()
	result, err := n.doBulkUpsert(call.ctx, rows, opts)
	call.came(len(rows), 0, err)
	return result, err
}

func (n *Node[T, K]) doBulkUpsert(ctx context.Context, rows []T, opts []BulkUpsertOption) (BulkResult, error) {
	const op = "bulk upsert"
	var wish bulkUpsertWish
	for _, o := range opts {
		if o == nil {
			wish.unknown++
			continue
		}
		o.bulkUpsert(&wish)
	}
	plan, err := n.plan(op, &wish.upsertWish)
	if err == nil {
		err = wish.check(op, n.name)
	}
	if err != nil {
		return BulkResult{}, err
	}
	job := &bulkUpsert[T, K]{bulk: newBulk(n, op, &wish.bulkWish, rows), plan: plan}
	if err := job.prepare(ctx); err != nil {
		return BulkResult{}, err
	}
	if len(rows) == 0 {
		return BulkResult{}, nil
	}
	if err := n.atomic(ctx, op, job.run); err != nil {
		return BulkResult{}, err
	}
	return job.result(), job.failed.asError()
}

// bulkUpsert is one call of BulkUpsert.
type bulkUpsert[T any, K comparable] struct {
	bulk[T, K]
	plan     *upsertPlan
	commands []*upsertCommands
	outcomes []outcome
	keys     []string // what each row is known by; empty where nothing is
	winners  map[string]int

	known, numbered    []int // rows with a key: with an auto key of their own, or with one to come
	fresh, freshNumber []int // rows that no other can be the same as
	alone              []int // rows of which only the database knows which others they are the same as
}

// prepare looks at all rows before anything is sent.
func (b *bulkUpsert[T, K]) prepare(ctx context.Context) error {
	count := len(b.rows)
	b.commands, b.outcomes, b.keys = make([]*upsertCommands, count), make([]outcome, count), make([]string, count)
	b.winners = make(map[string]int, count)
	hooked := b.hooked()
	for i := range b.rows {
		err := b.ready(ctx, i, hooked, func(work *T) (args []any, err error) {
			b.commands[i], args, err = b.node.core().upserting(b.plan, work)
			return args, err
		})
		if err == nil && !b.refused[i] {
			b.keys[i], err = b.keyOf(i)
		}
		if err != nil {
			return err
		}
		if _, taken := b.winners[b.keys[i]]; b.keys[i] != "" && (!taken || !b.plan.Nothing) {
			b.winners[b.keys[i]] = i
		}
	}
	b.sort()
	return nil
}

// hooked reports whether rows have to be stored one by one, between hooks.
func (b *bulkUpsert[T, K]) hooked() bool { return b.node.hooked(onCreate) || b.node.hooked(onUpdate) }

func (b *bulkUpsert[T, K]) result() (out BulkResult) {
	out.Skipped = int64(len(b.rows) - b.failed.Total)
	for i, done := range b.outcomes {
		switch done {
		case inserted:
			out.Inserted++
		case updated:
			out.Updated++
		default:
			continue
		}
		out.Skipped--
		b.rows[i] = b.work[i]
	}
	return out
}

// run stores the rows in a transaction.
func (b *bulkUpsert[T, K]) run(ctx context.Context, tx dialect.Tx) error {
	b.restart()
	clear(b.outcomes)
	single := func(ctx context.Context, i int) (err error) {
		if b.hooked() {
			b.outcomes[i], err = b.node.upsertTry(ctx, b.op, tx, b.plan, &b.rows[i], &b.work[i])
		} else {
			b.outcomes[i], err = b.node.core().upsert(ctx, tx, b.commands[i], b.args[i], &b.work[i])
		}
		if err != nil {
			b.outcomes[i] = left
		}
		return err
	}
	_, arrays := b.node.core().statements.Arrays()
	target, none := b.plan.Conflict, dialect.Conflict{}
	for _, group := range []struct {
		rows     []int
		conflict dialect.Conflict
		auto     bool
	}{{b.known, target, false}, {b.numbered, target, true}, {b.fresh, none, false}, {b.freshNumber, none, true}} {
		if len(group.rows) == 0 {
			continue
		}
		st := dialect.Statement{}
		if arrays && !b.hooked() {
			st = b.node.core().statements.UpsertMany(group.conflict, group.auto)
		}
		var err error
		if len(st.Bind) == 0 {
			err = b.oneByOne(ctx, tx, group.rows, single)
		} else {
			told := len(group.conflict.Target) > 0 && !group.conflict.Nothing
			err = b.inChunks(ctx, tx, group.rows, bulkChunk, func(ctx context.Context, part []int) error {
				return b.many(ctx, tx, &st, part, told)
			})
		}
		if err != nil {
			return err
		}
	}
	return b.oneByOne(ctx, tx, b.alone, single)
}
