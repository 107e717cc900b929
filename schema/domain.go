package schema

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// domain is the set of values that a column can hold. It turns what comes from programs and drivers into portable
// values, the same on every database, so that a value one of them would refuse is refused by all.
type domain struct {
	column    string
	kind      Kind
	precision int
	scale     int
	nullable  bool
}

func (c *Column) domain() domain {
	return domain{column: c.Name, kind: c.Kind, precision: c.Precision, scale: c.Scale, nullable: c.Nullable}
}

// fault is an ErrInvalid for the column; the text must hold no values.
func (d *domain) fault(format string, args ...any) error {
	return Invalid("", "", d.column, format, args...)
}

// because is fault with a cause that may hold values and is therefore never printed.
func (d *domain) because(cause error, detail string) error {
	return &Error{Constraint: d.column, Kind: ErrInvalid, Detail: detail, Cause: cause}
}

func (d *domain) mismatch(value any) error {
	return d.fault("a Go value of type %T does not fit kind %s", value, d.kind)
}

func (d *domain) integer(n int64) (int64, error) {
	switch {
	case d.kind == KindInt16 && n != int64(int16(n)), d.kind == KindInt32 && n != int64(int32(n)):
		return 0, d.fault("number is outside %s", d.kind)
	}
	return n, nil
}

func (d *domain) unsigned(n uint64) (int64, error) {
	if n > math.MaxInt64 {
		return 0, d.fault("number is beyond the largest int64")
	}
	return d.integer(int64(n))
}

// float refuses what not every database can store: SQLite turns NaN into NULL and drops the sign of zero.
func (d *domain) float(f float64) (float64, error) {
	if d.kind == KindFloat32 {
		narrow := float32(f)
		if math.IsInf(float64(narrow), 0) && !math.IsInf(f, 0) {
			return 0, d.fault("number is outside %s", d.kind)
		}
		f = float64(narrow)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0, d.fault("NaN and infinities cannot be stored")
	}
	if f == 0 {
		return 0, nil
	}
	return f, nil
}

// text refuses what PostgreSQL cannot store.
func (d *domain) text(s string) (string, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return "", d.fault("text holds a NUL character")
	}
	if !utf8.ValidString(s) {
		return "", d.fault("text is not valid UTF-8")
	}
	return s, nil
}

// fromText reads the kinds that have a text form. Strings are themselves.
func (d *domain) fromText(s string) (any, error) {
	switch d.kind {
	case KindString:
		return boxed(d.text(s))
	case KindTime, KindDate:
		return boxed(d.readTime(s))
	case KindUUID:
		return boxed(d.readUUID(s))
	case KindDecimal:
		return boxed(d.decimal(s))
	case KindJSON:
		return boxed(d.document(s))
	default:
		return nil, d.mismatch(s)
	}
}

// fromDriver reads what a driver hands to a sql.Scanner, or a driver.Valuer to a driver; src is not nil. Bytes are the
// driver's own: they must be copied before they are kept.
func (d *domain) fromDriver(src any) (any, error) {
	switch src := src.(type) {
	case string:
		if d.kind == KindBytes {
			return []byte(src), nil
		}
		return d.fromText(src)
	case []byte:
		switch {
		case d.kind == KindBytes && src == nil:
			return []byte{}, nil
		case d.kind == KindBytes:
			return src, nil
		case d.kind == KindUUID && len(src) == 16:
			return [16]byte(src), nil
		}
		return d.fromText(string(src))
	case int64:
		if d.kind == KindBool && (src == 0 || src == 1) {
			return src == 1, nil
		}
	case float64:
		if d.kind == KindDecimal {
			return boxed(d.decimal(strconv.FormatFloat(src, 'f', -1, 64)))
		}
	}
	return d.coerce(src)
}

// boxed turns a typed result into a portable value, so that a failed one is nil and not a boxed zero.
func boxed[V any](v V, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// toDriver is the form in which a portable value is handed to a type's own Scan: the same on every database.
func (d *domain) toDriver(portable any) (any, error) {
	switch v := portable.(type) {
	case [16]byte:
		return formatUUID(v), nil
	case string:
		if d.kind == KindJSON {
			return []byte(v), nil
		}
	case []byte:
		return bytes.Clone(v), nil
	case bool, int64, float64, time.Time:
	default:
		return nil, d.mismatch(portable)
	}
	return portable, nil
}
