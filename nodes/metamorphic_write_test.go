package nodes_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/schemactor/schemactor/schema"
)

func (w *world) create(t *refTable, row record) (record, error) {
	if t.invalid(row) {
		return nil, schema.ErrInvalid
	}
	r := w.begun(t, row)
	if err := w.refusal(t, r, -1); err != nil {
		return nil, err
	}
	t.rows = append(t.rows, r)
	return maps.Clone(r), nil
}

// change puts values into the row at a place.
func (w *world) change(t *refTable, at int, set record) error {
	r := maps.Clone(t.rows[at])
	maps.Copy(r, set)
	if err := w.refusal(t, r, at); err != nil {
		return err
	}
	w.touch(t, r)
	t.rows[at] = r
	return nil
}

// free are the values of a row that a change may set.
func (t *refTable) free(row record, but ...string) record {
	set := record{}
	for _, c := range t.columns {
		if !slices.Contains(t.fixed, c.name) && !slices.Contains(but, c.name) {
			set[c.name] = row[c.name]
		}
	}
	return set
}

// locate finds the live row of a key, with a version where one is asked for.
func (t *refTable) locate(key record, version any) (int, error) {
	at := t.find(key, t.key)
	switch {
	case at < 0 || !t.live(t.rows[at]):
		return -1, schema.ErrNotFound
	case version != nil && t.rows[at][t.version] != version:
		return -1, schema.ErrConflict
	}
	return at, nil
}

// update gives what the caller's row holds then.
func (w *world) update(t *refTable, row record) (record, error) {
	if t.grows || t.invalid(row) {
		return nil, schema.ErrInvalid
	}
	at, err := t.locate(row, row[t.version])
	if err == nil {
		err = w.change(t, at, t.free(row))
	}
	if err != nil {
		return nil, err
	}
	r := maps.Clone(row)
	for _, c := range []string{t.updated, t.version} {
		if c != "" {
			r[c] = t.rows[at][c]
		}
	}
	return r, nil
}

// setting checks what Patch and BulkUpdate set, and writes decimals as they are stored.
func (t *refTable) setting(set record) (record, error) {
	if t.grows || len(set) == 0 || t.invalid(set) {
		return nil, schema.ErrInvalid
	}
	out := maps.Clone(set)
	for name, v := range out {
		if slices.Contains(t.fixed, name) {
			return nil, schema.ErrInvalid
		}
		if text, ok := v.(string); ok && t.column(name).kind == schema.KindDecimal {
			n, _ := centsOf(text)
			out[name] = decimalOf(n)
		}
	}
	return out, nil
}

func (w *world) patch(t *refTable, key, set record, version any) (record, error) {
	set, err := t.setting(set)
	if err != nil || version != nil && t.version == "" {
		return nil, schema.ErrInvalid
	}
	at, err := t.locate(key, version)
	if err == nil {
		err = w.change(t, at, set)
	}
	if err != nil {
		return nil, err
	}
	return maps.Clone(t.rows[at]), nil
}

// drop marks or removes the rows at some places.
func (w *world) drop(t *refTable, places []int, purge bool) error {
	if t.deleted != "" && !purge {
		for _, at := range places {
			r := maps.Clone(t.rows[at])
			w.touch(t, r)
			r[t.deleted] = w.now()
			t.rows[at] = r
		}
		return nil
	}
	for _, at := range places {
		if w.pointed(t, t.rows[at]) {
			return schema.ErrForeignKey
		}
	}
	var kept []record
	for i, r := range t.rows {
		if !slices.Contains(places, i) {
			kept = append(kept, r)
		}
	}
	t.rows = kept
	return nil
}

func (w *world) delete(t *refTable, key record, version any) error {
	if t.grows || version != nil && t.version == "" {
		return schema.ErrInvalid
	}
	at, err := t.locate(key, version)
	if err != nil {
		return err
	}
	return w.drop(t, []int{at}, false)
}

func (w *world) purge(t *refTable, key record) error {
	at := t.find(key, t.key)
	switch {
	case t.grows:
		return schema.ErrInvalid
	case at < 0:
		return schema.ErrNotFound
	}
	return w.drop(t, []int{at}, true)
}

func (w *world) restore(t *refTable, key record) error {
	if t.grows || t.deleted == "" {
		return schema.ErrInvalid
	}
	at := t.find(key, t.key)
	if at < 0 || t.live(t.rows[at]) {
		return schema.ErrNotFound
	}
	return w.change(t, at, record{t.deleted: nil})
}

// kindOf tells whether an error is of exactly one kind of the failure contract, and of which.
func kindOf(err error) error {
	var kinds []error
	for _, kind := range []error{
		schema.ErrNotFound, schema.ErrConflict, schema.ErrDuplicate, schema.ErrForeignKey, schema.ErrCheck, schema.ErrNotNull,
		schema.ErrInvalid, schema.ErrNotEnsured, schema.ErrMissing, schema.ErrSerialization, schema.ErrPermission, errRefused,
	} {
		if errors.Is(err, kind) {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) != 1 {
		return fmt.Errorf("of %d kinds %v: %w", len(kinds), kinds, err)
	}
	return kinds[0]
}
