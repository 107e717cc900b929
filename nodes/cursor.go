package nodes

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"hash/fnv"
	"math"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// Cursor is a place in an ordered list, made by Page: opaque text that can stand in a URL. It holds the values of the
// order's columns in the row it stands behind, encoded and not encrypted: do not order by what readers must not see.
// A cursor is good for the table and order it was made for, with any condition, and outlives the program.
type Cursor string

// cursorVersion is the first byte of every cursor.
const cursorVersion = 1

// cursorHead is version and signature, cursorTail the checksum.
const (
	cursorHead = 1 + 8
	cursorTail = 4
)

// encodeCursor writes the portable values of an order's columns: version, signature of the order, values, checksum.
func encodeCursor(t *schema.Table, order []Order, values []any) (Cursor, error) {
	raw := append(make([]byte, 0, 64), cursorVersion)
	raw = binary.BigEndian.AppendUint64(raw, signature(t, order))
	for i, v := range values {
		var ok bool
		if raw, ok = appendValue(raw, v); !ok {
			return "", schema.Invalid("", "", order[i].Column, "values of type %T cannot stand in a cursor", v)
		}
	}
	raw = binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(raw))
	return Cursor(base64.RawURLEncoding.EncodeToString(raw)), nil
}

// decode reads the values of a cursor for a table and order. Errors are ErrInvalid without operation and table.
func (c Cursor) decode(t *schema.Table, order []Order) ([]any, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || len(raw) < cursorHead+cursorTail {
		return nil, schema.Invalid("", "", "", "the cursor is malformed")
	}
	body, sum := raw[:len(raw)-cursorTail], raw[len(raw)-cursorTail:]
	switch {
	case crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(sum):
		return nil, schema.Invalid("", "", "", "the cursor is malformed")
	case body[0] != cursorVersion:
		return nil, schema.Invalid("", "", "", "the cursor was made by another version")
	case binary.BigEndian.Uint64(body[1:]) != signature(t, order):
		return nil, schema.Invalid("", "", "", "the cursor was made for another table or order")
	}
	rest := body[cursorHead:]
	values := make([]any, len(order))
	for i, o := range order {
		position, _ := t.Column(o.Column)
		var ok bool
		if values[i], rest, ok = takeValue(rest, &t.Columns()[position]); !ok {
			return nil, schema.Invalid("", "", o.Column, "the cursor does not fit the column")
		}
	}
	if len(rest) > 0 {
		return nil, schema.Invalid("", "", "", "the cursor is malformed")
	}
	return values, nil
}

// signature tells orders of tables apart. It is no secret: a forged cursor reads what its query may read anyway.
func signature(t *schema.Table, order []Order) uint64 {
	h := fnv.New64a()
	write := func(s string) {
		_, _ = h.Write(binary.AppendUvarint(nil, uint64(len(s)))) // a hash never fails
		_, _ = h.Write([]byte(s))
	}
	write(t.Ref().Namespace)
	write(t.Ref().Name)
	for _, o := range order {
		position, _ := t.Column(o.Column)
		write(o.Column)
		write(t.Columns()[position].Kind.String())
		if o.Descending {
			write("desc")
		} else {
			write("asc")
		}
	}
	return h.Sum64()
}

// The first byte of a value.
const (
	valueNull = iota
	valuePresent
)

// appendValue writes a portable value; see schema.Kind for their Go types.
func appendValue(raw []byte, value any) (out []byte, ok bool) {
	if value == nil {
		return append(raw, valueNull), true
	}
	raw = append(raw, valuePresent)
	switch v := value.(type) {
	case bool:
		if v {
			return append(raw, 1), true
		}
		return append(raw, 0), true
	case int64:
		return binary.AppendVarint(raw, v), true
	case float64:
		return binary.BigEndian.AppendUint64(raw, math.Float64bits(v)), true
	case string:
		return append(binary.AppendUvarint(raw, uint64(len(v))), v...), true
	case []byte:
		return append(binary.AppendUvarint(raw, uint64(len(v))), v...), true
	case time.Time:
		return binary.AppendVarint(raw, v.UnixMicro()), true
	case [16]byte:
		return append(raw, v[:]...), true
	}
	return nil, false
}

// takeValue reads a value of a column and gives what follows it.
func takeValue(raw []byte, c *schema.Column) (value any, rest []byte, ok bool) {
	if len(raw) == 0 {
		return nil, nil, false
	}
	present, raw := raw[0], raw[1:]
	switch {
	case present == valueNull:
		return nil, raw, c.Nullable
	case present != valuePresent:
		return nil, nil, false
	}
	switch c.Kind {
	case schema.KindBool:
		if len(raw) == 0 || raw[0] > 1 {
			return nil, nil, false
		}
		return raw[0] == 1, raw[1:], true
	case schema.KindInt16, schema.KindInt32, schema.KindInt64:
		v, n := binary.Varint(raw)
		return v, raw[max(n, 0):], n > 0
	case schema.KindFloat32, schema.KindFloat64:
		if len(raw) < 8 {
			return nil, nil, false
		}
		return math.Float64frombits(binary.BigEndian.Uint64(raw)), raw[8:], true
	case schema.KindTime, schema.KindDate:
		v, n := binary.Varint(raw)
		return time.UnixMicro(v).UTC(), raw[max(n, 0):], n > 0
	case schema.KindUUID:
		if len(raw) < 16 {
			return nil, nil, false
		}
		return [16]byte(raw), raw[16:], true
	}
	return takeText(raw, c)
}

// takeText reads a value of a kind that is stored with its length.
func takeText(raw []byte, c *schema.Column) (value any, rest []byte, ok bool) {
	size, n := binary.Uvarint(raw)
	if n <= 0 || size > uint64(len(raw)-n) {
		return nil, nil, false
	}
	text, rest := raw[n:n+int(size)], raw[n+int(size):]
	switch c.Kind {
	case schema.KindString, schema.KindDecimal:
		return string(text), rest, true
	case schema.KindBytes:
		return append([]byte{}, text...), rest, true
	}
	return nil, nil, false
}
