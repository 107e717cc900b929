package schema

import (
	"database/sql"
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

var (
	timeType       = reflect.TypeFor[time.Time]()
	rawMessageType = reflect.TypeFor[json.RawMessage]()
	valuerType     = reflect.TypeFor[driver.Valuer]()
	scannerType    = reflect.TypeFor[sql.Scanner]()
	marshalerType  = reflect.TypeFor[json.Marshaler]()
	textType       = reflect.TypeFor[encoding.TextMarshaler]()
)

// nullForm says how a Go type spells null.
type nullForm uint8

const (
	nullNever   nullForm = iota // it has no null of its own
	nullPointer                 // *T
	nullStruct                  // sql.Null[T], sql.NullString and their like
)

// kindOf gives the kind that a field of type t has by itself, and whether the type can say null. KindInvalid without
// an error means that only `type=` can tell: t writes and reads itself through driver.Valuer and sql.Scanner.
func kindOf(t reflect.Type) (kind Kind, nullable bool, err error) {
	inner, form, err := unwrapNull(t)
	if err != nil {
		return KindInvalid, false, err
	}
	kind, err = baseKind(inner)
	if err != nil {
		return KindInvalid, false, err
	}
	return kind, form != nullNever, nil
}

// fits reports whether a field of type t can hold values of kind k, so that `type=` may choose it.
func fits(t reflect.Type, k Kind) bool {
	inner, _, err := unwrapNull(t)
	if err != nil || k == KindInvalid {
		return false
	}
	own, err := baseKind(inner)
	if err != nil {
		return false
	}
	if speaksForItself(inner) || own == k {
		return true
	}
	switch own {
	case KindInt16, KindInt32, KindInt64:
		return k.Integer()
	case KindFloat32, KindFloat64:
		return k == KindFloat32 || k == KindFloat64
	case KindString:
		return k == KindDecimal || k == KindUUID || k == KindJSON || k == KindDate
	case KindBytes:
		return k == KindJSON
	case KindTime:
		return k == KindDate
	default:
		return false
	}
}

// flattens reports whether an embedded field of type t stands for its own fields: a struct that is no value by itself.
func flattens(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && !isTime(t) && !isNullStruct(t) && !does(t, valuerType) && !does(t, scannerType)
}

// unwrapNull takes one layer of null off a type.
func unwrapNull(t reflect.Type) (inner reflect.Type, form nullForm, err error) {
	switch {
	case isNullStruct(t):
		inner, form = t.Field(0).Type, nullStruct
	case t.Kind() == reflect.Pointer:
		inner, form = t.Elem(), nullPointer
	default:
		return t, nullNever, nil
	}
	if inner.Kind() == reflect.Pointer || isNullStruct(inner) {
		return nil, nullNever, fmt.Errorf("unsupported Go type %s: it can be null in more than one way", t)
	}
	return inner, form, nil
}

// isNullStruct recognises sql.Null[T] and its older brothers by package and name, for generic types have no other mark.
// All of them are a value followed by Valid.
func isNullStruct(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t.PkgPath() != "database/sql" {
		return false
	}
	switch t.Name() {
	case "NullString", "NullInt64", "NullInt32", "NullInt16", "NullByte", "NullBool", "NullFloat64", "NullTime":
		return true
	default:
		return strings.HasPrefix(t.Name(), "Null[")
	}
}

// isUUID recognises uuid.UUID and every other array of 16 bytes, whoever made it.
func isUUID(t reflect.Type) bool {
	return t.Kind() == reflect.Array && t.Len() == 16 && t.Elem().Kind() == reflect.Uint8
}

// isTime recognises time.Time and types declared as it.
func isTime(t reflect.Type) bool {
	return t == timeType || t.Kind() == reflect.Struct && t.ConvertibleTo(timeType)
}

// does reports whether t or *t implements an interface; a field is addressable, so either serves.
func does(t, iface reflect.Type) bool {
	return t.Implements(iface) || reflect.PointerTo(t).Implements(iface)
}

// speaksForItself reports whether values of t are bound and scanned by its own Value and Scan. UUIDs are not, although
// uuid.UUID has both: its text is not what every database wants.
func speaksForItself(t reflect.Type) bool {
	return t.Kind() != reflect.Interface && !isUUID(t) && does(t, valuerType) && does(t, scannerType)
}

// baseKind is kindOf for a type whose null layer is off.
func baseKind(t reflect.Type) (Kind, error) {
	switch {
	case t == rawMessageType:
		return KindJSON, nil
	case isUUID(t):
		return KindUUID, nil
	case t == timeType:
		return KindTime, nil
	case t.Kind() == reflect.Interface:
		if t.NumMethod() == 0 {
			return KindJSON, nil
		}
		return KindInvalid, fmt.Errorf("unsupported Go type %s", t)
	case speaksForItself(t):
		return basicKind(t), nil
	case does(t, valuerType):
		return KindInvalid, fmt.Errorf("unsupported Go type %s: it has driver.Valuer without sql.Scanner", t)
	case does(t, scannerType):
		return KindInvalid, fmt.Errorf("unsupported Go type %s: it has sql.Scanner without driver.Valuer", t)
	case isTime(t):
		return KindTime, nil
	}
	if k := basicKind(t); k != KindInvalid {
		return k, nil
	}
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return KindBytes, nil
		}
	case reflect.Struct, reflect.Map:
	default:
		return KindInvalid, fmt.Errorf("unsupported Go type %s", t)
	}
	if part := unmarshallable(t, nil); part != nil {
		return KindInvalid, fmt.Errorf("unsupported Go type %s: encoding/json cannot keep %s", t, part)
	}
	return KindJSON, nil
}

// basicKind gives the kind of Go's basic types and those declared as them, else KindInvalid.
func basicKind(t reflect.Type) Kind {
	switch t.Kind() {
	case reflect.Bool:
		return KindBool
	case reflect.Int8, reflect.Int16, reflect.Uint8:
		return KindInt16
	case reflect.Int32, reflect.Uint16:
		return KindInt32
	case reflect.Int, reflect.Int64, reflect.Uint32, reflect.Uint, reflect.Uint64:
		return KindInt64
	case reflect.Float32:
		return KindFloat32
	case reflect.Float64:
		return KindFloat64
	case reflect.String:
		return KindString
	default:
		return KindInvalid
	}
}

// unmarshallable finds a part of t that encoding/json would refuse or silently lose: a channel, a function, or a
// struct all of whose fields are hidden. It gives nil where there is none. above are the types being looked into.
func unmarshallable(t reflect.Type, above []reflect.Type) reflect.Type {
	if does(t, marshalerType) || does(t, textType) || slices.Contains(above, t) {
		return nil
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return t
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return unmarshallable(t.Elem(), above)
	case reflect.Map:
		if k := t.Key(); k.Kind() != reflect.String && !basicKind(k).Integer() && !does(k, textType) {
			return k
		}
		return unmarshallable(t.Elem(), above)
	case reflect.Struct:
		return unmarshallableField(t, above)
	default:
		return nil
	}
}

func unmarshallableField(t reflect.Type, above []reflect.Type) reflect.Type {
	kept := t.NumField() == 0
	for f := range t.Fields() {
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		kept = true
		if f.Tag.Get("json") == "-" {
			continue
		}
		if part := unmarshallable(f.Type, above); part != nil {
			return part
		}
	}
	if !kept {
		return t
	}
	return nil
}
