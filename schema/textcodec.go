package schema

import (
	"bytes"
	"reflect"
	"time"
	"unsafe"
)

func stringCodec(d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return boxed(d.text(*(*string)(p))) },
		zero:  zeroOf[string],
		set: func(p unsafe.Pointer, portable any) error {
			s, ok := portable.(string)
			if !ok {
				return d.mismatch(portable)
			}
			*(*string)(p) = s
			return nil
		},
		direct: destinationOf[string](),
	}
}

// textCodec keeps a value of another kind in a Go string, in its canonical text.
func textCodec(d *domain) codec {
	c := codec{
		value: func(p unsafe.Pointer) (any, error) { return d.fromText(*(*string)(p)) },
		zero:  zeroOf[string],
		set: func(p unsafe.Pointer, portable any) error {
			switch v := portable.(type) {
			case string:
				*(*string)(p) = v
			case [16]byte:
				*(*string)(p) = formatUUID(v)
			case time.Time:
				*(*string)(p) = v.Format(time.DateOnly)
			default:
				return d.mismatch(portable)
			}
			return nil
		},
	}
	if d.kind == KindJSON {
		c.direct = documentDestination[string]()
	}
	return c
}

func bytesCodec(d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) {
			if b := *(*[]byte)(p); b != nil {
				return b, nil
			}
			return []byte{}, nil
		},
		zero: func(p unsafe.Pointer) bool { return *(*[]byte)(p) == nil },
		set: func(p unsafe.Pointer, portable any) error {
			b, ok := portable.([]byte)
			if !ok {
				return d.mismatch(portable)
			}
			*(*[]byte)(p) = bytes.Clone(b)
			return nil
		},
		direct: destinationOf[[]byte](),
	}
}

// documentDestination leaves pointers out: pgx gives a nil pointer for the document null, too, not for NULL alone.
func documentDestination[T any]() destination {
	d := destinationOf[T]()
	d.pointer = nil
	return d
}

func rawCodec(d *domain) codec {
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return boxed(d.rawDocument(*(*[]byte)(p))) },
		zero:  func(p unsafe.Pointer) bool { return *(*[]byte)(p) == nil },
		set: func(p unsafe.Pointer, portable any) error {
			s, ok := portable.(string)
			if !ok {
				return d.mismatch(portable)
			}
			*(*[]byte)(p) = []byte(s)
			return nil
		},
		direct: documentDestination[[]byte](),
	}
}

// jsonCodec keeps what encoding/json makes of a struct, map, slice or any.
func jsonCodec(t reflect.Type, d *domain) codec {
	read := func(p unsafe.Pointer, text []byte) error {
		v := reflect.NewAt(t, p)
		// Unmarshal would add to what an earlier row left behind.
		v.Elem().SetZero()
		return d.unmarshal(text, v.Interface())
	}
	return codec{
		value: func(p unsafe.Pointer) (any, error) { return boxed(d.marshal(reflect.NewAt(t, p).Interface())) },
		zero:  func(p unsafe.Pointer) bool { return reflect.NewAt(t, p).Elem().IsZero() },
		set: func(p unsafe.Pointer, portable any) error {
			s, ok := portable.(string)
			if !ok {
				return d.mismatch(portable)
			}
			return read(p, []byte(s))
		},
		scan: func(p unsafe.Pointer, src any) error {
			switch src := src.(type) {
			case []byte:
				return read(p, src)
			case string:
				return read(p, []byte(src))
			default:
				return d.mismatch(src)
			}
		},
	}
}
