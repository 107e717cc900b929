package load

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
)

// listed is how many rows a list asks for.
const listed = 10

// errDiffers is a row that is not read back as it was written.
var errDiffers = errors.New("row is not what was written")

// door is one table as writers see it, whichever way leads to it. It is safe for concurrent use.
type door interface {
	create(ctx context.Context, row Row) error
	read(ctx context.Context, key int64) (Row, error)
	list(ctx context.Context, from int64) ([]Row, error)
	update(ctx context.Context, row Row) error
	remove(ctx context.Context, key int64) error
}

// joining is a door whose creates can be part of a transaction.
type joining interface {
	door
	createIn(ctx context.Context, tx dialect.Tx, row Row) error
}

// nodeDoor is a table behind a node.
type nodeDoor[T any, P shape[T]] struct{ node *nodes.Node[T, int64] }

func filled[T any, P shape[T]](row Row) *T {
	full := new(T)
	*P(full).base() = row
	P(full).fill()
	return full
}

// emptied is a row without what later versions have added, which must be whole.
func emptied[T any, P shape[T]](full *T) (Row, error) {
	if !P(full).whole() {
		return Row{}, errDiffers
	}
	return *P(full).base(), nil
}

func (d *nodeDoor[T, P]) create(ctx context.Context, row Row) error {
	return d.node.Create(ctx, filled[T, P](row))
}

func (d *nodeDoor[T, P]) createIn(ctx context.Context, tx dialect.Tx, row Row) error {
	return d.node.In(tx).Create(ctx, filled[T, P](row))
}

func (d *nodeDoor[T, P]) read(ctx context.Context, key int64) (Row, error) {
	full, err := d.node.Get(ctx, key)
	if err != nil {
		return Row{}, err
	}
	return emptied[T, P](full)
}

func (d *nodeDoor[T, P]) list(ctx context.Context, from int64) ([]Row, error) {
	found, err := d.node.List(ctx, nodes.Query{Where: nodes.Ge("id", from), OrderBy: []nodes.Order{nodes.Asc("id")}, Limit: listed})
	if err != nil {
		return nil, err
	}
	rows := make([]Row, len(found))
	for i := range found {
		if rows[i], err = emptied[T, P](&found[i]); err != nil {
			return nil, err
		}
	}
	return rows, nil
}

func (d *nodeDoor[T, P]) update(ctx context.Context, row Row) error {
	return d.node.Update(ctx, filled[T, P](row))
}

func (d *nodeDoor[T, P]) remove(ctx context.Context, key int64) error { return d.node.Delete(ctx, key) }
