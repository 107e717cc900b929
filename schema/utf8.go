package schema

import (
	"encoding"
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
)

// notUTF8 reports whether text that is not UTF-8 is somewhere in a value, which encoding/json has written already: it
// puts a replacement character in its place. What a value writes by itself is its own affair.
func notUTF8(v reflect.Value) bool {
	switch {
	case !v.IsValid(), v.Type().Implements(jsonMarshaler), v.CanAddr() && v.Addr().Type().Implements(jsonMarshaler), isBytes(v):
		return false
	}
	if v.Type().Implements(textMarshaler) && v.CanInterface() {
		if v.Kind() == reflect.Pointer && v.IsNil() {
			return false
		}
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		return err == nil && !utf8.Valid(text)
	}
	switch v.Kind() {
	case reflect.String:
		return !utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return notUTF8(v.Elem())
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if notUTF8(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for entries := v.MapRange(); entries.Next(); {
			if notUTF8(entries.Key()) || notUTF8(entries.Value()) {
				return true
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); (f.IsExported() || f.Anonymous) && f.Tag.Get("json") != "-" && notUTF8(v.Field(i)) {
				return true
			}
		}
	}
	return false
}
