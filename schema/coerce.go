package schema

import (
	"database/sql/driver"
	"encoding/base64"
	"encoding/json"
	"math"
	"reflect"
	"strconv"
	"time"
)

// coerceDepth bounds how many pointers and driver.Valuers are unpacked, so that one which gives itself ends.
const coerceDepth = 8

// Coerce turns a Go value, or a value as encoding/json gives it (with json.Number for numbers), into the column's
// portable value: what conditions, Set and cursors carry. Pointers are followed and driver.Valuers asked; nil stays
// nil, and so does a nil slice or map where the column is nullable (elsewhere it is empty bytes, or the JSON document
// null). Text is read as RFC 3339 for times, as base64 for bytes, as the document itself for JSON. A float is never
// taken for a decimal, for it may already have lost digits; a float32 column takes the nearest float32. The error is
// ErrInvalid, names column and Go type, and never the value.
func (c *Column) Coerce(value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	d := c.domain()
	return d.coerce(value)
}

func (d *domain) coerce(value any) (any, error) {
	if portable, done, err := d.coerceCommon(value); done {
		return portable, err
	}
	v := reflect.ValueOf(value)
	for range coerceDepth {
		holder := v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface
		if !v.IsValid() || holder && v.IsNil() {
			return nil, nil
		}
		given, asked, err := d.ask(v)
		switch {
		case err != nil || asked && given == nil:
			return nil, err
		case asked:
			switch given.(type) {
			case string, []byte:
				return d.fromDriver(given)
			}
			v = reflect.ValueOf(given)
		case holder:
			v = v.Elem()
		default:
			return d.coerceReflect(v)
		}
	}
	return nil, d.mismatch(value)
}

// coerceCommon does without reflection what nearly every call needs.
func (d *domain) coerceCommon(value any) (portable any, done bool, err error) {
	switch v := value.(type) {
	case int64:
		if d.kind.Integer() {
			portable, err = boxed(d.integer(v))
			return portable, true, err
		}
	case int:
		if d.kind.Integer() {
			portable, err = boxed(d.integer(int64(v)))
			return portable, true, err
		}
	case string:
		if d.kind == KindString {
			portable, err = boxed(d.text(v))
			return portable, true, err
		}
	case bool:
		if d.kind == KindBool {
			return v, true, nil
		}
	case time.Time:
		if d.kind == KindTime || d.kind == KindDate {
			portable, err = boxed(d.instant(v))
			return portable, true, err
		}
	case [16]byte:
		if d.kind == KindUUID {
			return v, true, nil
		}
	}
	return nil, false, nil
}

// ask calls the value's own driver.Valuer; asked is false where it has none.
func (d *domain) ask(v reflect.Value) (given any, asked bool, err error) {
	t := v.Type()
	switch {
	case isUUID(t) || t.Kind() == reflect.Pointer && isUUID(t.Elem()) || t.Kind() == reflect.Interface:
		return nil, false, nil
	case t.Implements(valuerType):
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(valuerType):
		p := reflect.New(t)
		p.Elem().Set(v)
		v = p
	default:
		return nil, false, nil
	}
	given, err = v.Interface().(driver.Valuer).Value()
	if err != nil {
		return nil, true, d.because(err, "the Value method of "+t.String()+" failed")
	}
	return given, true, nil
}

// coerceReflect reads a value that is neither pointer nor interface, by its Go kind.
func (d *domain) coerceReflect(v reflect.Value) (any, error) {
	switch d.kind {
	case KindBool:
		if v.Kind() == reflect.Bool {
			return v.Bool(), nil
		}
	case KindInt16, KindInt32, KindInt64:
		return boxed(d.coerceInteger(v))
	case KindFloat32, KindFloat64:
		return boxed(d.coerceFloat(v))
	case KindString:
		if v.Kind() == reflect.String && v.Type() != numberType {
			return boxed(d.text(v.String()))
		}
	case KindBytes:
		return d.coerceBytes(v)
	case KindTime, KindDate:
		switch {
		case isTime(v.Type()):
			return boxed(d.instant(v.Convert(timeType).Interface().(time.Time)))
		case v.Kind() == reflect.String:
			return boxed(d.readTime(v.String()))
		}
	case KindUUID:
		switch {
		case isUUID(v.Type()):
			var id [16]byte
			for i := range id {
				id[i] = byte(v.Index(i).Uint())
			}
			return id, nil
		case v.Kind() == reflect.String:
			return boxed(d.readUUID(v.String()))
		case isBytes(v):
			return boxed(d.driverUUID(v.Bytes()))
		}
	case KindDecimal:
		return boxed(d.coerceDecimal(v))
	case KindJSON:
		return d.coerceJSON(v)
	}
	return nil, d.mismatchOf(v)
}

var numberType = reflect.TypeFor[json.Number]()

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8
}

func (d *domain) mismatchOf(v reflect.Value) error {
	if v.Type() == numberType { // out of a document
		return d.fault("a number does not fit kind %s", d.kind)
	}
	return d.fault("a Go value of type %s does not fit kind %s", v.Type(), d.kind)
}

func (d *domain) coerceInteger(v reflect.Value) (int64, error) {
	switch {
	case v.CanInt():
		return d.integer(v.Int())
	case v.CanUint():
		return d.unsigned(v.Uint())
	case v.CanFloat():
		f := v.Float()
		if f != math.Trunc(f) || f < math.MinInt64 || f >= math.MaxInt64 {
			return 0, d.fault("number is not whole or is outside %s", d.kind)
		}
		return d.integer(int64(f))
	case v.Type() == numberType:
		whole := domain{column: d.column, kind: KindDecimal}
		text, err := whole.decimal(v.String())
		if err != nil {
			return 0, d.fault("number is not whole")
		}
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return 0, d.fault("number is outside %s", d.kind)
		}
		return d.integer(n)
	}
	return 0, d.mismatchOf(v)
}

func (d *domain) coerceFloat(v reflect.Value) (float64, error) {
	switch {
	case v.CanFloat():
		return d.float(v.Float())
	case v.CanInt():
		if n := v.Int(); n == int64(float64(n)) && n != math.MaxInt64 {
			return d.float(float64(n))
		}
		return 0, d.fault("whole number has more digits than a float keeps")
	case v.CanUint():
		if n := v.Uint(); n <= math.MaxInt64 {
			return d.coerceFloat(reflect.ValueOf(int64(n)))
		}
		return 0, d.fault("whole number has more digits than a float keeps")
	case v.Type() == numberType:
		f, err := strconv.ParseFloat(v.String(), 64)
		if err != nil {
			return 0, d.fault("number is outside %s", d.kind)
		}
		return d.float(f)
	}
	return 0, d.mismatchOf(v)
}

func (d *domain) coerceDecimal(v reflect.Value) (string, error) {
	switch {
	case v.Kind() == reflect.String:
		return d.decimal(v.String())
	case v.CanInt():
		return d.decimal(strconv.FormatInt(v.Int(), 10))
	case v.CanUint():
		return d.decimal(strconv.FormatUint(v.Uint(), 10))
	case v.CanFloat():
		return "", d.fault("a %s may have lost digits of a decimal: pass text or json.Number", v.Type())
	}
	return "", d.mismatchOf(v)
}

func (d *domain) coerceBytes(v reflect.Value) (any, error) {
	switch {
	case isBytes(v):
		switch {
		case !v.IsNil():
			return v.Bytes(), nil
		case d.nullable:
			return nil, nil
		}
		return []byte{}, nil
	case v.Kind() == reflect.String && v.Type() != numberType:
		raw, err := base64.StdEncoding.DecodeString(v.String())
		if err != nil {
			return nil, d.fault("text is not base64")
		}
		return raw, nil
	}
	return nil, d.mismatchOf(v)
}

func (d *domain) coerceJSON(v reflect.Value) (any, error) {
	switch {
	case v.Kind() == reflect.String:
		return boxed(d.document(v.String()))
	case (v.Kind() == reflect.Slice || v.Kind() == reflect.Map) && v.IsNil():
		if d.nullable {
			return nil, nil
		}
		return "null", nil
	case isBytes(v):
		return boxed(d.rawDocument(v.Bytes()))
	}
	// Through an address, so that MarshalJSON is found on a pointer receiver, too.
	if !v.CanAddr() {
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p.Elem()
	}
	return boxed(d.marshal(v.Addr().Interface()))
}
