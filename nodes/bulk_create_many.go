package nodes

import (
	"context"
	"errors"
	"slices"

	"github.com/schemactor/schemactor/dialect"
)

// keys has the database work out keys that are defaults before it stores the rows, which can be told apart by nothing else
// when they come back.
func (b *bulkCreate[T, K]) keys(ctx context.Context, tx dialect.Tx, cmd *command, rows []int) error {
	c := b.node.core()
	for _, column := range c.keys {
		at := slices.Index(cmd.bind, column)
		if at < 0 || c.columns[column].Default == "" {
			continue
		}
		asking := slices.DeleteFunc(slices.Clone(rows), func(i int) bool { return b.args[i][at] != nil })
		if len(asking) == 0 {
			continue
		}
		st := c.statements.Defaults(column)
		come, err := b.come(ctx, tx, &st, []any{int64(len(asking))}, len(asking))
		if err != nil {
			return err
		}
		for n, i := range asking {
			c.rows.Copy(&b.work[i], &come[n], column)
			if b.args[i], err = c.values(cmd, &b.work[i]); err != nil {
				return b.node.invalid(b.op, err)
			}
		}
	}
	return nil
}

// copying gives what stores rows by COPY where it can, and else by another way. Whether it can is not known before it has
// been tried: row security is one thing that keeps it out, and rows that LOAD DATA would spoil another.
func (b *bulkCreate[T, K]) copying(
	tx dialect.Tx, copier dialect.Copier, cmd *command, auto bool, other func(ctx context.Context, part []int) error,
) func(ctx context.Context, part []int) error {
	proven, refused := false, false
	return func(ctx context.Context, part []int) error {
		if refused || !b.complete(cmd, part) {
			return other(ctx, part)
		}
		copied := func(ctx context.Context) error { return b.copied(ctx, copier, part, auto) }
		var err error
		if proven {
			err = copied(ctx)
		} else {
			err = dialect.Nested(ctx, tx, "schemactor_copy", copied)
		}
		if refused = errors.Is(err, errors.ErrUnsupported); refused {
			return other(ctx, part)
		}
		proven = err == nil
		return err
	}
}

// copied stores rows by COPY.
func (b *bulkCreate[T, K]) copied(ctx context.Context, copier dialect.Copier, part []int, auto bool) error {
	values := make([][]any, len(part))
	for at, i := range part {
		values[at] = b.args[i]
	}
	count, err := b.node.core().statements.Copy(ctx, copier, auto, values)
	if err != nil {
		return err
	}
	return b.counted(part, count)
}

// many stores rows by one statement and takes in what comes back.
func (b *bulkCreate[T, K]) many(
	ctx context.Context, tx dialect.Tx, st *dialect.Statement, part []int, args []any,
) error {
	if len(st.Return) == 0 {
		count, err := tx.Exec(ctx, st.SQL, args...)
		if err != nil {
			return err
		}
		return b.counted(part, count)
	}
	come, err := b.come(ctx, tx, st, args, len(part))
	if err != nil {
		return err
	}
	c := b.node.core()
	sent := make([]*T, len(part))
	for n, i := range part {
		sent[n] = &b.work[i]
	}
	places, ok, err := c.places(come, sent, c.auto >= 0 && !slices.Contains(st.Bind, c.auto))
	if err != nil {
		return err
	}
	if !ok {
		return b.strange()
	}
	for at, i := range places {
		for _, column := range st.Return {
			c.rows.Copy(sent[i], &come[at], column)
		}
	}
	return b.counted(part, int64(len(come)))
}

// come gives the rows that a statement gives back, as many as are expected.
func (b *bulkCreate[T, K]) come(
	ctx context.Context, tx dialect.Tx, st *dialect.Statement, args []any, expected int,
) (come []T, err error) {
	rows, err := tx.Query(ctx, st.SQL, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	scanner := b.node.core().rows.Scanner(st.Return)
	come = make([]T, 0, expected)
	for rows.Next() {
		var row T
		if err := rows.Scan(scanner.Dest(&row)...); err != nil {
			return nil, err
		}
		if err := scanner.Done(); err != nil {
			return nil, err
		}
		come = append(come, row)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(come) != expected {
		return nil, b.strange()
	}
	return come, nil
}

// counted notes that rows are stored, if the database says so.
func (b *bulkCreate[T, K]) counted(part []int, count int64) error {
	if count != int64(len(part)) {
		return b.strange()
	}
	for _, i := range part {
		b.stored[i] = true
	}
	b.count += count
	return nil
}
