package sqlite

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// assign stores a value that the driver has read in a destination of Rows.Scan, as database/sql does. No error holds the
// value, but for that of a Scanner.
func assign(dest any, value driver.Value) error {
	switch dest := dest.(type) {
	case *string:
		text, ok := value.(string)
		if !ok {
			text, ok = converted[string](value)
		}
		if ok {
			*dest = text
			return nil
		}
	case *int64:
		if n, ok := value.(int64); ok {
			*dest = n
			return nil
		}
	case *bool:
		if n, ok := value.(int64); ok && n>>1 == 0 {
			*dest = n == 1
			return nil
		}
	case *float64:
		if f, ok := value.(float64); ok {
			*dest = f
			return nil
		}
	case *[]byte:
		bytes, ok := value.([]byte)
		if !ok {
			bytes, ok = converted[[]byte](value)
		}
		if ok || value == nil {
			*dest = bytes
			return nil
		}
	case *time.Time:
		if at, ok := value.(time.Time); ok {
			*dest = at
			return nil
		}
	case *any:
		*dest = value
		return nil
	case sql.Scanner:
		return dest.Scan(value)
	}
	into := reflect.ValueOf(dest)
	if into.Kind() != reflect.Pointer || into.IsNil() {
		return errors.New("the destination is not a pointer")
	}
	return convert(into.Elem(), value)
}

// convert stores a value in a variable of another type, by the rules of database/sql.
func convert(into reflect.Value, value driver.Value) error {
	if into.Kind() == reflect.Pointer {
		if value == nil {
			into.SetZero()
			return nil
		}
		made := reflect.New(into.Type().Elem())
		if err := assign(made.Interface(), value); err != nil {
			return err
		}
		into.Set(made)
		return nil
	}
	if value == nil {
		return fmt.Errorf("NULL has no place in %s", into.Type())
	}
	fits := false
	switch into.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, ok := converted[int64](value)
		if fits = ok && !into.OverflowInt(n); fits {
			into.SetInt(n)
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		n, ok := converted[uint64](value)
		if fits = ok && !into.OverflowUint(n); fits {
			into.SetUint(n)
		}
	case reflect.Float32, reflect.Float64:
		f, ok := converted[float64](value)
		if fits = ok && !into.OverflowFloat(f); fits {
			into.SetFloat(f)
		}
	case reflect.Bool:
		b, ok := converted[bool](value)
		fits = ok
		into.SetBool(b)
	default: // a named string or bytes
		if bytes, ok := value.([]byte); ok && into.Kind() == reflect.String {
			value = string(bytes)
		}
		from := reflect.ValueOf(value)
		if fits = from.Kind() == into.Kind() && from.CanConvert(into.Type()); fits {
			into.Set(from.Convert(into.Type()))
		}
	}
	if !fits {
		return fmt.Errorf("a value of type %T has no place in %s", value, into.Type())
	}
	return nil
}

// converted is what database/sql makes of a value.
func converted[T any](value driver.Value) (T, bool) {
	var out sql.Null[T]
	err := out.Scan(value)
	return out.V, err == nil && out.Valid
}
