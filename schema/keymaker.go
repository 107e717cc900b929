package schema

import (
	"reflect"
	"unsafe"
)

// KeyMaker is the reverse of KeyAppender: it gives a function that makes a key of type K of the portable values of the
// key's columns, in the order of Table.Key. Its error is ErrInvalid and names the column. It fails where K does not fit
// the table. The function is safe for concurrent use.
func KeyMaker[K comparable](t *Table) (func(values []any) (K, error), error) {
	if _, err := KeyAppender[K](t); err != nil {
		return nil, err
	}
	parts := []access{t.columns[t.key[0]].access}
	parts[0].offset = 0
	if len(t.key) > 1 {
		var err error
		if parts, err = keyParts(t, reflect.TypeFor[K]()); err != nil {
			return nil, err
		}
	}
	return func(values []any) (K, error) {
		var key, zero K
		if len(values) != len(parts) {
			return zero, Invalid("", t.String(), "", "a key of %d columns is given %d values", len(parts), len(values))
		}
		for i := range parts {
			if err := parts[i].set(parts[i].at(unsafe.Pointer(&key)), values[i]); err != nil {
				return zero, located(t, err)
			}
		}
		return key, nil
	}, nil
}
