package nodes

import (
	"slices"

	"github.com/schemactor/schemactor/schema"
)

// BulkOption shapes what the bulk methods that take rows do: PerRow, Progress. One given twice, or a nil one, is
// schema.ErrInvalid.
type BulkOption interface {
	BulkUpsertOption
	bulk(w *bulkWish)
}

// bulkWish is what the options of a bulk method ask for.
type bulkWish struct {
	perRow   bool
	progress func(done int64)
	unheard  bool // Progress was given no function
	given    []string
}

type bulkOption func(w *bulkWish)

func (o bulkOption) bulk(w *bulkWish)             { o(w) }
func (o bulkOption) bulkUpsert(w *bulkUpsertWish) { o(&w.bulkWish) }

// PerRow stores the rows that can be stored and leaves out those that fail, each by itself; a *BulkError then names them.
// Without it all rows are stored or none.
func PerRow() BulkOption {
	return bulkOption(func(w *bulkWish) { w.perRow, w.given = true, append(w.given, "PerRow") })
}

// Progress has fn called from time to time, in the goroutine of the call, with the number of rows that are done so far,
// failed ones included. They are not committed yet. The number goes back where the database has the transaction run again.
// No function is schema.ErrInvalid.
func Progress(fn func(done int64)) BulkOption {
	return bulkOption(func(w *bulkWish) { w.progress, w.unheard, w.given = fn, fn == nil, append(w.given, "Progress") })
}

// bulkWish reads the options of a bulk method.
func (d *door) bulkWish(op string, opts []BulkOption) (*bulkWish, error) {
	var wish bulkWish
	for _, o := range opts {
		if o == nil {
			return nil, schema.Invalid(op, d.name, "", "an option is nil")
		}
		o.bulk(&wish)
	}
	return &wish, wish.check(op, d.name)
}

// check refuses options that were given twice, or nothing to do.
func (w *bulkWish) check(op, table string) error {
	if w.unheard {
		return schema.Invalid(op, table, "", "Progress was given no function")
	}
	slices.Sort(w.given)
	if len(slices.Compact(slices.Clone(w.given))) < len(w.given) {
		return schema.Invalid(op, table, "", "an option is given twice")
	}
	return nil
}
