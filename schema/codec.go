package schema

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"reflect"
	"time"
	"unsafe"
)

// codec moves values in and out of Go variables of one type that is never null; p points to the variable.
// Variables of declared types are reached as their underlying type, which lies the same in memory.
type codec struct {
	value func(p unsafe.Pointer) (any, error)
	zero  func(p unsafe.Pointer) bool
	set   func(p unsafe.Pointer, portable any) error // portable is not nil
	scan  func(p unsafe.Pointer, src any) error      // src is a driver's, and not nil
	null  func(p unsafe.Pointer) error               // stores null in the type's own way; nil where it has none
	stamp func(p unsafe.Pointer, t time.Time) error  // set for a time without boxing it; nil where it has none
	done  func(p unsafe.Pointer)                     // completes what a driver filled directly; nil where there is nothing to do

	direct destination // every driver fills it right; else empty
	native destination // a driver that knows the kind's binary form fills it right; else empty
}

// destination makes pointers for a driver to fill: to the variable, or to a pointer to such a variable.
type destination struct {
	plain   func(p unsafe.Pointer) any // *T
	pointer func(p unsafe.Pointer) any // **T
}

func destinationOf[T any]() destination {
	return destination{
		plain:   func(p unsafe.Pointer) any { return (*T)(p) },
		pointer: func(p unsafe.Pointer) any { return (**T)(p) },
	}
}

// codecOf gives the codec for variables of type t in a column; fits(t, d.kind) holds.
func codecOf(t reflect.Type, d *domain) (codec, error) {
	c, ok := pickCodec(t, d)
	if !ok {
		return codec{}, fmt.Errorf("a Go %s does not fit kind %s", t, d.kind)
	}
	if c.scan == nil {
		c.scan = func(p unsafe.Pointer, src any) error {
			portable, err := d.fromDriver(src)
			if err != nil {
				return err
			}
			return c.set(p, portable)
		}
	}
	return c, nil
}

func pickCodec(t reflect.Type, d *domain) (c codec, ok bool) {
	if speaksForItself(t) {
		return valuerCodec(t, d), true
	}
	switch d.kind {
	case KindBool:
		return boolCodec(d), t.Kind() == reflect.Bool
	case KindInt16, KindInt32, KindInt64:
		return integerCodec(t, d)
	case KindFloat32, KindFloat64:
		if t.Kind() == reflect.Float32 {
			return floatCodec[float32](d), true
		}
		return floatCodec[float64](d), t.Kind() == reflect.Float64
	case KindString:
		return stringCodec(d), t.Kind() == reflect.String
	case KindBytes:
		return bytesCodec(d), isByteSlice(t)
	case KindTime, KindDate:
		if d.kind == KindDate && t.Kind() == reflect.String {
			return textCodec(d), true
		}
		return timeCodec(d), isTime(t)
	case KindUUID:
		if t.Kind() == reflect.String {
			return textCodec(d), true
		}
		return uuidCodec(d), isUUID(t)
	case KindDecimal:
		return textCodec(d), t.Kind() == reflect.String
	case KindJSON:
		switch {
		case t.Kind() == reflect.String:
			return textCodec(d), true
		case isByteSlice(t):
			return rawCodec(d), true
		}
		return jsonCodec(t, d), true
	}
	return codec{}, false
}

func integerCodec(t reflect.Type, d *domain) (c codec, ok bool) {
	switch t.Kind() {
	case reflect.Int:
		return wholeCodec[int](d), true
	case reflect.Int8:
		return wholeCodec[int8](d), true
	case reflect.Int16:
		return wholeCodec[int16](d), true
	case reflect.Int32:
		return wholeCodec[int32](d), true
	case reflect.Int64:
		return wholeCodec[int64](d), true
	case reflect.Uint:
		return wholeCodec[uint](d), true
	case reflect.Uint8:
		return wholeCodec[uint8](d), true
	case reflect.Uint16:
		return wholeCodec[uint16](d), true
	case reflect.Uint32:
		return wholeCodec[uint32](d), true
	case reflect.Uint64:
		return wholeCodec[uint64](d), true
	default:
		return codec{}, false
	}
}

func isByteSlice(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8
}

func zeroOf[T comparable](p unsafe.Pointer) bool {
	var zero T
	return *(*T)(p) == zero
}

func boolCodec(d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return *(*bool)(p), nil },
		zero:  zeroOf[bool],
		set: func(p unsafe.Pointer, portable any) error {
			b, ok := portable.(bool)
			if !ok {
				return d.mismatch(portable)
			}
			*(*bool)(p) = b
			return nil
		},
		direct: destinationOf[bool](),
	}
}

func wholeCodec[T int | int8 | int16 | int32 | int64 | uint | uint8 | uint16 | uint32 | uint64](d *domain) codec {
	unsigned := ^T(0) > 0
	c := codec{
		value: func(p unsafe.Pointer) (any, error) {
			n := *(*T)(p)
			if unsigned {
				return boxed(d.unsigned(uint64(n)))
			}
			return boxed(d.integer(int64(n)))
		},
		zero: zeroOf[T],
		set: func(p unsafe.Pointer, portable any) error {
			n, ok := portable.(int64)
			if !ok {
				return d.mismatch(portable)
			}
			if _, err := d.integer(n); err != nil {
				return err
			}
			if int64(T(n)) != n || unsigned && n < 0 {
				return d.fault("number is outside the field's Go type %T", T(0))
			}
			*(*T)(p) = T(n)
			return nil
		},
		direct: destinationOf[T](),
	}
	if !unsigned && unsafe.Sizeof(T(0)) == unsafe.Sizeof(int64(0)) {
		// database/sql assigns an int64 to *int64 at once, and to *int by way of its text.
		c.direct = destinationOf[int64]()
	}
	return c
}

func floatCodec[T float32 | float64](d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return boxed(d.float(float64(*(*T)(p)))) },
		zero:  zeroOf[T],
		set: func(p unsafe.Pointer, portable any) error {
			f, ok := portable.(float64)
			if !ok {
				return d.mismatch(portable)
			}
			f, err := d.float(f)
			if err != nil {
				return err
			}
			if math.IsInf(float64(T(f)), 0) {
				return d.fault("number is outside the field's Go type %T", T(0))
			}
			*(*T)(p) = T(f)
			return nil
		},
		direct: destinationOf[T](),
	}
}

func timeCodec(d *domain) codec {
	stamp := func(p unsafe.Pointer, t time.Time) error {
		t, err := d.instant(t)
		if err == nil {
			*(*time.Time)(p) = t
		}
		return err
	}
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return boxed(d.instant(*(*time.Time)(p))) },
		zero:  func(p unsafe.Pointer) bool { return (*time.Time)(p).IsZero() },
		set: func(p unsafe.Pointer, portable any) error {
			t, ok := portable.(time.Time)
			if !ok {
				return d.mismatch(portable)
			}
			return stamp(p, t)
		},
		stamp: stamp,
		scan: func(p unsafe.Pointer, src any) error {
			t, err := d.driverTime(src)
			if err == nil {
				*(*time.Time)(p) = t
			}
			return err
		},
		done:   func(p unsafe.Pointer) { *(*time.Time)(p) = d.utc(*(*time.Time)(p)) },
		native: destinationOf[time.Time](),
	}
}

func uuidCodec(d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return *(*[16]byte)(p), nil },
		zero:  zeroOf[[16]byte],
		set: func(p unsafe.Pointer, portable any) error {
			id, ok := portable.([16]byte)
			if !ok {
				return d.mismatch(portable)
			}
			*(*[16]byte)(p) = id
			return nil
		},
		scan: func(p unsafe.Pointer, src any) error {
			id, err := d.driverUUID(src)
			if err == nil {
				*(*[16]byte)(p) = id
			}
			return err
		},
		native: destinationOf[[16]byte](),
	}
}

// valuerCodec leaves the words to the type itself, but hands its Scan the same forms on every database.
func valuerCodec(t reflect.Type, d *domain) codec {
	itself := func(p unsafe.Pointer) any { return reflect.NewAt(t, p).Interface() }
	scan := func(p unsafe.Pointer, src any) error {
		if err := itself(p).(sql.Scanner).Scan(src); err != nil {
			return d.because(err, "the Scan method of "+t.String()+" failed")
		}
		return nil
	}
	return codec{
		value: func(p unsafe.Pointer) (any, error) {
			given, err := itself(p).(driver.Valuer).Value()
			if err != nil {
				return nil, d.because(err, "the Value method of "+t.String()+" failed")
			}
			switch v := given.(type) {
			case nil:
				return nil, nil
			case string, []byte:
				return d.fromDriver(v)
			default:
				return d.coerce(v)
			}
		},
		zero: func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() },
		set: func(p unsafe.Pointer, portable any) error {
			given, err := d.toDriver(portable)
			if err != nil {
				return err
			}
			return scan(p, given)
		},
		null: func(p unsafe.Pointer) error { return scan(p, nil) },
	}
}
