package nodes

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// BulkUpdateRows stores all columns of rows that are there, each found by its key, as Update does: all of them or none. It
// gives how many were stored. On success each row holds its new updated, version and generated columns; otherwise rows
// stay as they were.
//
// A row that cannot be stored is a *BulkError with its index: schema.ErrConflict where its version column is not what is
// stored, ErrNotFound where the key is not there or marked deleted, ErrInvalid where an earlier row has the same key, and
// the errors of Create. Without PerRow nothing is stored then; with it the other rows are.
//
// Rows that take over unique values from each other may meet on the way: whether that is schema.ErrDuplicate, with nothing
// stored, or succeeds depends on the order in which the database comes to them. To be sure, free the values first.
//
// It runs in one transaction, on PostgreSQL by one statement for each 1,000 rows, and takes the locks of rows in the order
// of their keys, so that calls with rows in common wait for each other rather than forever; other deadlocks are
// schema.ErrSerialization, for which a call outside of a transaction is run again for a short while. With hooks, and on
// SQLite, rows are stored one by one.
func (n *Node[T, K]) BulkUpdateRows(ctx context.Context, rows []T, opts ...BulkOption) (int64, error) {
	if n.calls == nil {
		return n.doBulkUpdateRows(ctx, rows, opts)
	}
	call := n.begin(ctx, schema.MethodBulkUpdateRows)
	defer call.end()
	count, err := n.doBulkUpdateRows(call.ctx, rows, opts)
	call.came(len(rows), 0, err)
	return count, err
}

func (n *Node[T, K]) doBulkUpdateRows(ctx context.Context, rows []T, opts []BulkOption) (int64, error) {
	const op = "bulk update rows"
	if err := n.changeable(op); err != nil {
		return 0, err
	}
	wish, err := n.bulkWish(op, opts)
	if err != nil {
		return 0, err
	}
	job := &bulkUpdate[T, K]{bulk: newBulk(n, op, wish, rows), stored: make([]bool, len(rows))}
	if err := job.prepare(ctx); err != nil {
		return 0, err
	}
	if len(rows) == 0 {
		return 0, nil
	}
	if err := n.atomic(ctx, op, job.run); err != nil {
		return 0, err
	}
	var count int64
	for i, ok := range job.stored {
		if ok {
			rows[i] = job.work[i]
			count++
		}
	}
	return count, job.failed.asError()
}

// bulkUpdate is one call of BulkUpdateRows.
type bulkUpdate[T any, K comparable] struct {
	bulk[T, K]
	stored []bool
	order  []int // rows that can be sent, by key
}

// prepare looks at all rows before anything is sent.
func (b *bulkUpdate[T, K]) prepare(ctx context.Context) error {
	c := b.node.core()
	keys, first := make([]string, len(b.rows)), make(map[string]int, len(b.rows))
	for i := range b.rows {
		if err := b.ready(ctx, i, b.node.hooked(onUpdate), c.updating); err != nil {
			return err
		}
		if b.refused[i] {
			continue
		}
		values, err := c.rows.Append(nil, &b.work[i], c.keys)
		if err == nil {
			keys[i] = string(appendIdentity(nil, values))
			if earlier, twice := first[keys[i]]; twice {
				err = schema.Invalid(b.op, b.node.name, "", "row %d has the same key as row %d", i, earlier)
			}
		}
		if err != nil {
			if err := b.refuse(i, b.node.invalid(b.op, err)); err != nil {
				return err
			}
			continue
		}
		first[keys[i]] = i
		b.order = append(b.order, i)
	}
	slices.SortFunc(b.order, func(x, y int) int { return strings.Compare(keys[x], keys[y]) })
	return nil
}

// run stores the rows in a transaction.
func (b *bulkUpdate[T, K]) run(ctx context.Context, tx dialect.Tx) error {
	b.restart()
	clear(b.stored)
	n := b.node
	if _, arrays := n.core().statements.Arrays(); arrays && !n.hooked(onUpdate) {
		st := n.core().statements.UpdateMany()
		return b.inChunks(ctx, tx, b.order, bulkChunk, func(ctx context.Context, part []int) error {
			return b.many(ctx, tx, &st, part)
		})
	}
	return b.oneByOne(ctx, tx, b.order, func(ctx context.Context, i int) (err error) {
		if n.hooked(onUpdate) {
			err = n.updateBetween(ctx, b.op, tx, &b.rows[i], &b.work[i])
		} else {
			err = n.update(ctx, b.op, tx, b.args[i], &b.work[i])
		}
		b.stored[i] = err == nil
		return err
	})
}

// many stores rows by one statement, and finds out what is the matter with those that it did not find.
func (b *bulkUpdate[T, K]) many(ctx context.Context, tx dialect.Tx, st *dialect.Statement, part []int) error {
	for _, i := range part {
		b.stored[i] = false
	}
	if err := b.update(ctx, tx, st, part); err != nil {
		return err
	}
	c := b.node.core()
	missing := slices.DeleteFunc(slices.Clone(part), func(i int) bool { return b.stored[i] })
	for _, i := range missing {
		versioned := c.version >= 0
		end := len(b.args[i])
		if versioned { // it stands behind the key
			end--
		}
		err := b.node.missed(ctx, b.op, tx, versioned, b.args[i][end-len(c.keys):end])
		if failure := b.node.failed(ctx, b.op, err); !ofRow(failure) {
			return err
		} else if b.failed.add(i, failure); b.settle() != nil {
			return b.settle()
		}
	}
	return nil
}

// update runs the statement and takes in what comes back.
func (b *bulkUpdate[T, K]) update(ctx context.Context, tx dialect.Tx, st *dialect.Statement, part []int) (err error) {
	rows, err := tx.Query(ctx, st.SQL, b.bound(st, part)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	c := b.node.core()
	scanner := c.rows.Scanner(st.Return)
	for rows.Next() {
		var row T
		var place int64
		if err := rows.Scan(append([]any{&place}, scanner.Dest(&row)...)...); err != nil {
			return err
		}
		if err := scanner.Done(); err != nil {
			return err
		}
		i := part[place-1]
		for _, at := range st.Return {
			value, err := c.rows.Value(&row, at)
			if err == nil {
				err = c.rows.Set(&b.work[i], at, value)
			}
			if err != nil {
				return err
			}
		}
		b.stored[i] = true
	}
	return rows.Err()
}
