package nodes

import (
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// UpsertOption shapes what Upsert does, and BulkUpsert for each of its rows: OnConflict, UpdateOnly, DoNothing. Without
// any, a row with the same primary key is updated in all columns that may change. An option given twice is
// schema.ErrInvalid, and so is what contradicts another.
type UpsertOption interface {
	BulkUpsertOption
	upsert(w *upsertWish)
}

// upsertWish is what the options ask for, by names that nobody has looked at yet.
type upsertWish struct {
	target, only      []string
	targets, onlys    int // how often they were given
	nothing           bool
	nothings, unknown int
}

type upsertOption func(w *upsertWish)

func (o upsertOption) upsert(w *upsertWish)         { o(w) }
func (o upsertOption) bulkUpsert(w *bulkUpsertWish) { o(&w.upsertWish) }

// OnConflict names the columns by which a row is the same as one that is there already: all those of the primary key, or
// all those of one unique index of the model, in any order. Anything else is schema.ErrInvalid, before a statement is
// sent. A null among their values is the same as nothing.
func OnConflict(columns ...string) UpsertOption {
	columns = slices.Clone(columns)
	return upsertOption(func(w *upsertWish) { w.target, w.targets = columns, w.targets+1 })
}

// UpdateOnly names the columns that are given the new row's values where a row is there already; the others stay as they
// are stored, but for the updated, version and deleted columns. No column, one of the key, of the conflict or of
// lifecycle, and a generated one are schema.ErrInvalid.
func UpdateOnly(columns ...string) UpsertOption {
	columns = slices.Clone(columns)
	return upsertOption(func(w *upsertWish) { w.only, w.onlys = columns, w.onlys+1 })
}

// DoNothing leaves a row that is there already as it is, also one that is marked deleted.
func DoNothing() UpsertOption {
	return upsertOption(func(w *upsertWish) { w.nothing, w.nothings = true, w.nothings+1 })
}

func (w *upsertWish) take(o UpsertOption) {
	if o == nil {
		w.unknown++
		return
	}
	o.upsert(w)
}

// contradiction refuses options that cannot stand together.
func (d *door) contradiction(op string, w *upsertWish) error {
	switch {
	case w.targets > 1 || w.onlys > 1 || w.nothings > 1:
		return schema.Invalid(op, d.name, "", "an option is given twice")
	case w.unknown > 0:
		return schema.Invalid(op, d.name, "", "an option is nil")
	case w.nothing && w.onlys > 0:
		return schema.Invalid(op, d.name, "", "DoNothing together with UpdateOnly")
	}
	return nil
}

// target finds the columns of a conflict, and which of the model's unique indexes keeps them unique; -1 is the key.
func (n *Node[T, K]) target(op string, w *upsertWish) (target []int, index int, err error) {
	if w.targets == 0 {
		return n.table.Key(), -1, nil
	}
	if len(w.target) == 0 {
		return nil, 0, schema.Invalid(op, n.name, "", "OnConflict names no column")
	}
	if target, err = n.core().statements.Positions(op, "OnConflict", w.target); err != nil {
		return nil, 0, err
	}
	if sameColumns(target, n.table.Key()) {
		return n.table.Key(), -1, nil
	}
	for i, index := range n.table.Indexes() {
		if !index.Unique {
			continue
		}
		unique := make([]int, len(index.Columns))
		for j, name := range index.Columns {
			unique[j], _ = n.table.Column(name)
		}
		if sameColumns(target, unique) {
			return unique, i, nil
		}
	}
	return nil, 0, schema.Invalid(op, n.name, strings.Join(w.target, ", "),
		"OnConflict needs the columns of the key or of a unique index")
}

// settled gives the columns that take the new row's values.
func (n *Node[T, K]) settled(op string, w *upsertWish, target []int) (set []int, err error) {
	if w.onlys == 0 {
		for at := range n.core().columns {
			if n.core().statements.Settable(at) && !slices.Contains(target, at) {
				set = append(set, at)
			}
		}
		return set, nil
	}
	if len(w.only) == 0 {
		return nil, schema.Invalid(op, n.name, "", "UpdateOnly names no column")
	}
	if set, err = n.core().statements.Positions(op, "UpdateOnly", w.only); err != nil {
		return nil, err
	}
	for _, at := range set {
		name := n.core().columns[at].Name
		switch {
		case !n.core().statements.Settable(at):
			return nil, schema.Invalid(op, n.name, name, "UpdateOnly: this column cannot be set")
		case slices.Contains(target, at):
			return nil, schema.Invalid(op, n.name, name, "UpdateOnly: a column of the conflict is the same already")
		}
	}
	slices.Sort(set)
	return set, nil
}

// sameColumns reports whether two lists of different columns hold the same ones.
func sameColumns(a, b []int) bool {
	if len(a) != len(b) {
		return false
	}
	for _, at := range a {
		if !slices.Contains(b, at) {
			return false
		}
	}
	return true
}
