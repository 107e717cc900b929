package nodes

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/dialect"
)

// keyOf gives what a row is known by among all others, and sorts it in where it is known by nothing.
func (b *bulkUpsert[T, K]) keyOf(i int) (string, error) {
	c := b.node.core()
	numbered := c.auto >= 0 && c.rows.Zero(&b.work[i], c.auto)
	if numbered && b.plan.byKey {
		b.freshNumber = append(b.freshNumber, i)
		return "", nil
	}
	for _, at := range b.plan.Target {
		if c.columns[at].Generated != "" || c.columns[at].Default != "" && c.rows.Zero(&b.work[i], at) {
			b.alone = append(b.alone, i)
			return "", nil
		}
	}
	values, err := c.rows.Append(nil, &b.work[i], b.plan.Target)
	if err != nil {
		return "", b.refuse(i, b.node.invalid(b.op, err))
	}
	switch null := slices.Contains(values, nil); {
	case null && numbered:
		b.freshNumber = append(b.freshNumber, i)
		return "", nil
	case null:
		b.fresh = append(b.fresh, i)
		return "", nil
	}
	return string(appendIdentity(nil, values)), nil
}

// sort puts the rows that are stored by their key into its order.
func (b *bulkUpsert[T, K]) sort() {
	c := b.node.core()
	for _, i := range b.winners {
		if c.auto >= 0 && c.rows.Zero(&b.work[i], c.auto) {
			b.numbered = append(b.numbered, i)
		} else {
			b.known = append(b.known, i)
		}
	}
	for _, group := range [][]int{b.known, b.numbered} {
		slices.SortFunc(group, func(x, y int) int { return strings.Compare(b.keys[x], b.keys[y]) })
	}
}

// many stores rows by one statement. Those with a key are found again by it; others come back in their order.
func (b *bulkUpsert[T, K]) many(
	ctx context.Context, tx dialect.Tx, st *dialect.Statement, part []int, told bool,
) (err error) {
	rows, err := tx.Query(ctx, st.SQL, b.bound(st, part)...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	scanner, fresh := b.node.core().rows.Scanner(st.Return), true
	count := 0
	for ; rows.Next(); count++ {
		var row T
		dest := scanner.Dest(&row)
		if told {
			dest = append(slices.Clip(dest), &fresh)
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		if err := scanner.Done(); err != nil {
			return err
		}
		i, err := b.found(part, count, &row)
		if err != nil {
			return err
		}
		b.work[i], b.outcomes[i] = row, inserted
		if !fresh {
			b.outcomes[i] = updated
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if count < len(part) && (told || b.keys[part[0]] == "") {
		return b.strange()
	}
	return nil
}

// found gives the row that has come back as the one of a place in the result.
func (b *bulkUpsert[T, K]) found(part []int, place int, row *T) (int, error) {
	if b.keys[part[0]] == "" {
		if place >= len(part) {
			return 0, b.strange()
		}
		return part[place], nil
	}
	values, err := b.node.core().rows.Append(nil, row, b.plan.Target)
	if err != nil {
		return 0, err
	}
	i, ok := b.winners[string(appendIdentity(nil, values))]
	if !ok {
		return 0, b.strange()
	}
	return i, nil
}
