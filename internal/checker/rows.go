package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// twice counts the keys that more than one row has, which a table whose primary key holds cannot have.
func (e *examination) twice(ctx context.Context, t *Table) error {
	var key []string
	for _, name := range t.Model.KeyNames() {
		key = append(key, e.d.Quote(name))
	}
	if len(key) == 0 {
		return nil
	}
	n, err := e.number(ctx, "SELECT count(*) FROM (SELECT 1 FROM "+e.d.QuoteTable(t.Model.Ref())+
		" GROUP BY "+strings.Join(key, ", ")+" HAVING count(*) > 1) AS twice")
	if errors.Is(err, schema.ErrMissing) {
		e.add("keys", t.Model.Ref(), nothing, "no key column")
		return nil
	}
	if err != nil {
		return err
	}
	e.add("keys", t.Model.Ref(), "0 twice", fmt.Sprintf("%d twice", n))
	return nil
}

// rows walks through acknowledgements and table side by side, both in the order of the key.
func (e *examination) rows(ctx context.Context, t *Table) error {
	if len(t.Keys) == 0 {
		return nil
	}
	key := t.Model.Key()
	if len(key) != 1 || !t.Model.Columns()[key[0]].Kind.Integer() {
		return schema.Invalid("check", t.Model.String(), "", "rows are looked up by a key of one integer column")
	}
	name := e.d.Quote(t.Model.KeyNames()[0])
	rows, err := e.d.Reader().Query(ctx, "SELECT "+name+" FROM "+e.d.QuoteTable(t.Model.Ref())+" ORDER BY 1")
	if err == nil {
		found := newRollCall(t.Keys)
		for rows.Next() {
			var key int64
			if err = rows.Scan(&key); err != nil {
				break
			}
			found.meet(key)
		}
		if err = errors.Join(err, rows.Close(), rows.Err()); err == nil {
			e.add("rows", t.Model.Ref(), found.want(), found.end())
			return nil
		}
	}
	known := e.d.Classify(err)
	if !errors.Is(known, schema.ErrMissing) {
		return known
	}
	e.add("rows", t.Model.Ref(), fmt.Sprintf("%d acknowledged rows", len(t.Keys)), "no key column")
	return nil
}

// rollCall finds which of the acknowledged keys are there, when it meets those of the table in ascending order.
type rollCall struct {
	keys                   []int64
	next                   int    // position of the first key not met
	last                   *int64 // the key that was met last, where it is an acknowledged one
	missing, twice, double []string
}

func newRollCall(keys []int64) *rollCall {
	r := &rollCall{keys: slices.Sorted(slices.Values(keys))}
	for i := 1; i < len(r.keys); i++ {
		if r.keys[i] == r.keys[i-1] {
			r.double = append(r.double, "key "+text(r.keys[i])+" acknowledged twice")
		}
	}
	r.keys = slices.Compact(r.keys)
	return r
}

func (r *rollCall) meet(key int64) {
	if r.last != nil && *r.last == key {
		r.twice = append(r.twice, "key "+text(key)+" there twice")
		return
	}
	for ; r.next < len(r.keys) && r.keys[r.next] < key; r.next++ {
		r.missing = append(r.missing, "key "+text(r.keys[r.next])+" missing")
	}
	r.last = nil
	if r.next < len(r.keys) && r.keys[r.next] == key {
		r.last = &key
		r.next++
	}
}

func (r *rollCall) want() string { return fmt.Sprintf("%d acknowledged rows once", len(r.keys)) }

// end gives what want gives if all were met once.
func (r *rollCall) end() string {
	for _, key := range r.keys[r.next:] {
		r.missing = append(r.missing, "key "+text(key)+" missing")
	}
	if wrong := slices.Concat(r.missing, r.twice, r.double); len(wrong) > 0 {
		return list(wrong)
	}
	return r.want()
}

func text(key int64) string { return strconv.FormatInt(key, 10) }
