package schema

import (
	"errors"
	"fmt"
	"reflect"
	"time"
	"unsafe"
)

// Accessor moves values between structs of type T and statements. It is made once for a table; all reflection happens
// then. It is immutable and safe for concurrent use.
type Accessor[T any] struct {
	table  *Table
	fields []access // by column position
}

// access is how one column's Go field is read, written and scanned. Its functions take the field's address.
type access struct {
	goType reflect.Type // the field's
	offset uintptr      // of the field in the struct

	value func(field unsafe.Pointer) (any, error)
	zero  func(field unsafe.Pointer) bool
	set   func(field unsafe.Pointer, portable any) error // nil is null
	scan  func(field unsafe.Pointer, src any) error      // nil is null
	stamp func(field unsafe.Pointer, t time.Time) error  // nil: no shorter way than set
	done  func(field unsafe.Pointer)                     // nil: nothing to do

	direct func(field unsafe.Pointer) any // nil: only through scan
	native func(field unsafe.Pointer) any // nil: no shorter way
	json   bool                           // scan takes a driver's own bytes without keeping them
}

// newAccess makes the access to a column in a field of type t. The column is complete but for its access.
func newAccess(c *Column, offset uintptr, t reflect.Type) (access, error) {
	inner, form, err := unwrapNull(t)
	if err != nil {
		return access{}, err
	}
	if !fits(t, c.Kind) {
		return access{}, fmt.Errorf("a Go %s does not fit kind %s", t, c.Kind)
	}
	d := c.domain()
	base, err := codecOf(inner, &d)
	if err != nil {
		return access{}, err
	}
	a := access{goType: t, offset: offset, json: c.Kind == KindJSON}
	switch {
	case form == nullPointer:
		a.inPointer(base, inner)
	case form == nullStruct:
		a.inNullStruct(base, t)
	default:
		a.inPlace(base, inner, &d)
	}
	return a, nil
}

// inPointer is the access to a field *T: a nil pointer is null.
func (a *access) inPointer(c codec, elem reflect.Type) {
	pointee := func(field unsafe.Pointer) *unsafe.Pointer { return (*unsafe.Pointer)(field) }
	fill := func(with func(unsafe.Pointer, any) error) func(unsafe.Pointer, any) error {
		return func(field unsafe.Pointer, v any) error {
			if v == nil {
				*pointee(field) = nil
				return nil
			}
			p := reflect.New(elem).UnsafePointer()
			if err := with(p, v); err != nil {
				return err
			}
			*pointee(field) = p
			return nil
		}
	}
	a.value = func(field unsafe.Pointer) (any, error) {
		if p := *pointee(field); p != nil {
			return c.value(p)
		}
		return nil, nil
	}
	a.zero = func(field unsafe.Pointer) bool { return *pointee(field) == nil }
	a.set, a.scan = fill(c.set), fill(c.scan)
	a.direct, a.native = c.direct.pointer, c.native.pointer
	if c.done != nil {
		a.done = func(field unsafe.Pointer) {
			if p := *pointee(field); p != nil {
				c.done(p)
			}
		}
	}
}

// inNullStruct is the access to a field sql.Null[T] or alike: the value comes first, and Valid says whether it counts.
func (a *access) inNullStruct(c codec, t reflect.Type) {
	mark, _ := t.FieldByName("Valid")
	valid := func(field unsafe.Pointer) *bool { return (*bool)(unsafe.Add(field, mark.Offset)) }
	fill := func(with func(unsafe.Pointer, any) error) func(unsafe.Pointer, any) error {
		return func(field unsafe.Pointer, v any) error {
			if v == nil {
				reflect.NewAt(t, field).Elem().SetZero()
				return nil
			}
			if err := with(field, v); err != nil {
				return err
			}
			*valid(field) = true
			return nil
		}
	}
	a.value = func(field unsafe.Pointer) (any, error) {
		if *valid(field) {
			return c.value(field)
		}
		return nil, nil
	}
	a.zero = func(field unsafe.Pointer) bool { return !*valid(field) }
	a.set, a.scan = fill(c.set), fill(c.scan)
}

// inPlace is the access to a field whose type has no null. In a nullable column its zero value stands for null, both
// ways; a type with Value and Scan decides for itself.
func (a *access) inPlace(c codec, t reflect.Type, d *domain) {
	a.value, a.zero, a.stamp, a.done = c.value, c.zero, c.stamp, c.done
	a.direct, a.native = c.direct.plain, c.native.plain
	null := c.null
	switch {
	case null != nil:
	case !d.nullable:
		null = func(unsafe.Pointer) error { return d.fault("null for a field of Go type %s", t) }
	default:
		null = func(field unsafe.Pointer) error {
			reflect.NewAt(t, field).Elem().SetZero()
			return nil
		}
		a.value = func(field unsafe.Pointer) (any, error) {
			if c.zero(field) {
				return nil, nil
			}
			return c.value(field)
		}
		a.native = nil
		if !isByteSlice(t) {
			// Drivers refuse to scan null into these.
			a.direct = nil
		}
	}
	orNull := func(with func(unsafe.Pointer, any) error) func(unsafe.Pointer, any) error {
		return func(field unsafe.Pointer, v any) error {
			if v == nil {
				return null(field)
			}
			return with(field, v)
		}
	}
	a.set, a.scan = orNull(c.set), orNull(c.scan)
}

// AccessorOf makes the accessor of a table. It fails unless the table was made from T.
func AccessorOf[T any](t *Table) (*Accessor[T], error) {
	if t == nil {
		return nil, errors.New("accessor: no table")
	}
	if want := reflect.TypeFor[T](); want != t.GoType() {
		return nil, fmt.Errorf("accessor of %s: the table was made from %s, not from %s", t, t.GoType(), want)
	}
	a := &Accessor[T]{table: t, fields: make([]access, len(t.columns))}
	for i := range t.columns {
		a.fields[i] = t.columns[i].access
	}
	return a, nil
}

// at gives a column's field in a row.
func (f *access) at(row unsafe.Pointer) unsafe.Pointer { return unsafe.Add(row, f.offset) }

// Append appends the portable values (see Kind) of the columns at the given positions to dst. A nil pointer or an
// invalid sql.Null gives nil, and so does the zero value of any other field in a nullable column. A nil slice or map
// in a column that is not nullable is empty bytes or the JSON document null. The error is ErrInvalid and names the
// column whose value has no place in its kind; dst is then as it was.
func (a *Accessor[T]) Append(dst []any, row *T, columns []int) ([]any, error) {
	p, start := unsafe.Pointer(row), len(dst)
	for _, column := range columns {
		f := &a.fields[column]
		v, err := f.value(f.at(p))
		if err != nil {
			return dst[:start], located(a.table, err)
		}
		dst = append(dst, v)
	}
	return dst, nil
}

// Value is Append for one column.
func (a *Accessor[T]) Value(row *T, column int) (any, error) {
	f := &a.fields[column]
	v, err := f.value(f.at(unsafe.Pointer(row)))
	return v, located(a.table, err)
}

// Zero reports whether the column's field has its zero value (a nil pointer, an invalid sql.Null).
func (a *Accessor[T]) Zero(row *T, column int) bool {
	f := &a.fields[column]
	return f.zero(f.at(unsafe.Pointer(row)))
}

// Set stores a portable value (or nil) in the column's field. The error is ErrInvalid and the field then as it was,
// unless its own Scan or UnmarshalJSON was at fault.
func (a *Accessor[T]) Set(row *T, column int, value any) error {
	f := &a.fields[column]
	return located(a.table, f.set(f.at(unsafe.Pointer(row)), value))
}

// SetTime is Set for a time.
func (a *Accessor[T]) SetTime(row *T, column int, t time.Time) error {
	f := &a.fields[column]
	if f.stamp == nil {
		return a.Set(row, column, t)
	}
	return located(a.table, f.stamp(f.at(unsafe.Pointer(row)), t))
}

// Copy gives a column's field in dst what it holds in src; what pointers, slices and maps lead to is shared.
func (a *Accessor[T]) Copy(dst, src *T, column int) {
	f := &a.fields[column]
	from := reflect.NewAt(f.goType, f.at(unsafe.Pointer(src)))
	reflect.NewAt(f.goType, f.at(unsafe.Pointer(dst))).Elem().Set(from.Elem())
}

// located names the table in an error that knows only its column.
func located(t *Table, err error) error {
	if e, ok := err.(*Error); ok && e.Table == "" { // only an error made here, not a wrapped one
		e.Table = t.String()
	}
	return err
}
