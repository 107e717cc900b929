package nodes

import (
	"encoding/binary"
	"math"
	"time"
)

// appendIdentity appends the values of columns by which rows are told apart so that equal values, and no others, give equal
// bytes. Integers, texts and UUIDs stand in their order.
func appendIdentity(dst []byte, values []any) []byte {
	for _, value := range values {
		switch v := value.(type) {
		case bool:
			if v {
				dst = append(dst, 1)
			} else {
				dst = append(dst, 0)
			}
		case int64:
			dst = binary.BigEndian.AppendUint64(dst, uint64(v)^1<<63)
		case float64:
			dst = binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
		case time.Time:
			dst = binary.BigEndian.AppendUint64(dst, uint64(v.UnixMicro())^1<<63)
		case [16]byte:
			dst = append(dst, v[:]...)
		case string:
			dst = append(append(dst, v...), 0) // no text holds a zero
		case []byte:
			dst = append(binary.BigEndian.AppendUint64(dst, uint64(len(v))), v...)
		}
	}
	return dst
}
