package postgres

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// wire gives the values of a column as an array in the binary form of the protocol, which costs either side a fraction of
// the array's text; ok is false for kinds, and values, that have their text alone.
func wire(c *schema.Column, writes []*dialect.Write, at int) (array []byte, ok bool) {
	element, known := elementOf(c.Kind)
	if !known {
		return nil, false
	}
	// One dimension, counted from 1. The count of elements is not known to be 0.
	head := [wireHead]byte{3: 1, 19: 1}
	binary.BigEndian.PutUint32(head[8:], element)
	binary.BigEndian.PutUint32(head[12:], uint32(len(writes)))
	out := append(make([]byte, 0, wireHead+16*len(writes)), head[:]...)
	for _, w := range writes {
		if w.Args[at] == nil {
			out = binary.BigEndian.AppendUint32(out, math.MaxUint32)
			out[7] = 1 // there are nulls
			continue
		}
		if out, ok = appendWire(out, element, w.Args[at]); !ok {
			return nil, false
		}
	}
	return out, true
}

// wireHead is the length of what stands before an array's elements.
const wireHead = 20

// elementOf gives the type of a kind's values where their binary form is known here.
func elementOf(kind schema.Kind) (oid uint32, ok bool) {
	switch kind {
	case schema.KindBool:
		return pgtype.BoolOID, true
	case schema.KindInt16:
		return pgtype.Int2OID, true
	case schema.KindInt32:
		return pgtype.Int4OID, true
	case schema.KindInt64:
		return pgtype.Int8OID, true
	case schema.KindFloat64:
		return pgtype.Float8OID, true
	case schema.KindString:
		return pgtype.TextOID, true
	case schema.KindBytes:
		return pgtype.ByteaOID, true
	case schema.KindTime:
		return pgtype.TimestamptzOID, true
	case schema.KindUUID:
		return pgtype.UUIDOID, true
	}
	return 0, false
}

// appendWire appends the length of an encoded value and the value.
func appendWire(out []byte, element uint32, value any) ([]byte, bool) {
	be := binary.BigEndian
	switch v := value.(type) {
	case bool:
		out = append(be.AppendUint32(out, 1), 0)
		if v {
			out[len(out)-1] = 1
		}
		return out, element == pgtype.BoolOID
	case int64:
		switch element {
		case pgtype.Int8OID:
			return be.AppendUint64(be.AppendUint32(out, 8), uint64(v)), true
		case pgtype.Int4OID:
			return be.AppendUint32(be.AppendUint32(out, 4), uint32(v)), int64(int32(v)) == v
		case pgtype.Int2OID:
			return be.AppendUint16(be.AppendUint32(out, 2), uint16(v)), int64(int16(v)) == v
		}
	case float64:
		return be.AppendUint64(be.AppendUint32(out, 8), math.Float64bits(v)), element == pgtype.Float8OID
	case string:
		return append(be.AppendUint32(out, uint32(len(v))), v...), element == pgtype.TextOID
	case []byte:
		return append(be.AppendUint32(out, uint32(len(v))), v...), element == pgtype.ByteaOID
	case pgtype.UUID:
		return append(be.AppendUint32(out, 16), v.Bytes[:]...), element == pgtype.UUIDOID && v.Valid
	case time.Time:
		return be.AppendUint64(be.AppendUint32(out, 8), uint64(v.UnixMicro()-epoch*1_000_000)), element == pgtype.TimestamptzOID
	}
	return out, false
}
