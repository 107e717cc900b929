package schema

import (
	"fmt"
	"reflect"
	"unsafe"
)

// KeyAppender gives a function that appends the portable values of a key of type K in the order of Table.Key.
// K is the Go type of the key's field; for a composite key it is a struct with one field for each key column, named
// like the columns by the same rules as TableOf. It fails where K does not fit. The function is safe for concurrent use.
func KeyAppender[K comparable](t *Table) (func(dst []any, key K) ([]any, error), error) {
	k := reflect.TypeFor[K]()
	if len(t.key) > 1 {
		parts, err := keyParts(t, k)
		if err != nil {
			return nil, err
		}
		return appendParts[K](t, parts), nil
	}
	c := &t.columns[t.key[0]]
	if k != c.access.goType {
		return nil, fmt.Errorf("key of %s: column %s is a Go %s, not a %s", t, c.Name, c.access.goType, k)
	}
	return appendBasic[K](t, c), nil
}

func appendParts[K comparable](t *Table, parts []access) func(dst []any, key K) ([]any, error) {
	return func(dst []any, key K) ([]any, error) {
		start := len(dst)
		for i := range parts {
			v, err := parts[i].value(parts[i].at(unsafe.Pointer(&key)))
			if err != nil {
				return dst[:start], located(t, err)
			}
			dst = append(dst, v)
		}
		return dst, nil
	}
}

// appendBasic serves the usual keys without the copy of the key on the heap that a call through access costs.
func appendBasic[K comparable](t *Table, c *Column) func(dst []any, key K) ([]any, error) {
	d := c.domain()
	k := reflect.TypeFor[K]()
	kind := k.Kind()
	switch {
	case speaksForItself(k):
	case d.kind == KindUUID && kind == reflect.Array:
		return func(dst []any, key K) ([]any, error) {
			return append(dst, *(*[16]byte)(unsafe.Pointer(&key))), nil
		}
	case d.kind == KindString && kind == reflect.String:
		return func(dst []any, key K) ([]any, error) {
			s, err := d.text(*(*string)(unsafe.Pointer(&key)))
			if err != nil {
				return dst, located(t, err)
			}
			return append(dst, s), nil
		}
	case d.kind.Integer() && kind == reflect.Int64:
		return func(dst []any, key K) ([]any, error) {
			n, err := d.integer(*(*int64)(unsafe.Pointer(&key)))
			if err != nil {
				return dst, located(t, err)
			}
			return append(dst, n), nil
		}
	}
	part := c.access
	part.offset = 0
	return appendParts[K](t, []access{part})
}

// keyParts finds the fields of a composite key's struct, in the order of Table.Key.
func keyParts(t *Table, k reflect.Type) ([]access, error) {
	if k.Kind() != reflect.Struct {
		return nil, fmt.Errorf("key of %s: %d columns need a struct with a field for each, not a %s", t, len(t.key), k)
	}
	parts := make([]access, len(t.key))
	if err := collectParts(t, k, 0, parts); err != nil {
		return nil, fmt.Errorf("key of %s: %w", t, err)
	}
	for at, i := range t.key {
		if parts[at].value == nil {
			return nil, fmt.Errorf("key of %s: %s has no field for column %q", t, k, t.columns[i].Name)
		}
	}
	return parts, nil
}

// collectParts looks through the struct k, which lies at base in the key, and through what it embeds.
func collectParts(t *Table, k reflect.Type, base uintptr, parts []access) error {
	for f := range k.Fields() {
		name := keyFieldName(f)
		at, ok := keyPosition(t, name)
		if !ok && f.Anonymous && flattens(f.Type) {
			if err := collectParts(t, f.Type, base+f.Offset, parts); err != nil {
				return err
			}
			continue
		}
		if !ok {
			return fmt.Errorf("field %s of %s is column %q, which is not in the key", f.Name, k, name)
		}
		c := &t.columns[t.key[at]]
		switch {
		case parts[at].value != nil:
			return fmt.Errorf("%s has column %q twice", k, name)
		case f.Type != c.access.goType:
			return fmt.Errorf("column %s is a Go %s, but field %s of %s is a %s", name, c.access.goType, f.Name, k, f.Type)
		}
		parts[at] = c.access
		parts[at].offset = base + f.Offset
	}
	return nil
}

func keyPosition(t *Table, name string) (at int, ok bool) {
	for at, i := range t.key {
		if t.columns[i].Name == name {
			return at, true
		}
	}
	return 0, false
}

func keyFieldName(f reflect.StructField) string {
	if name := f.Tag.Get("db"); name != "" {
		return name
	}
	return snake(f.Name)
}
