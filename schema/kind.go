package schema

import "fmt"

// Kind is a portable column type: what a value means, not how one database spells it.
// Each dialect gives every kind exactly one column type.
type Kind uint8

// The portable kinds, each with the Go values that Accessor and Column.Coerce hand to a driver for it.
const (
	KindInvalid Kind = iota // the zero value; never in a Table
	KindBool                // bool
	KindInt16               // int64 within 16 bits: int8, int16, uint8
	KindInt32               // int64 within 32 bits: int32, uint16
	KindInt64               // int64: int, int64, uint32; uint and uint64 up to the largest int64
	KindFloat32             // float64 that float32 can hold
	KindFloat64             // float64
	KindString              // string
	KindBytes               // []byte
	KindTime                // time.Time in UTC, to the microsecond
	KindDate                // time.Time at midnight UTC
	KindUUID                // [16]byte
	KindDecimal             // string: optional minus, digits, and exactly Scale digits behind the point
	KindJSON                // string holding one JSON document
)

var kindNames = [...]string{
	"invalid", "bool", "int16", "int32", "int64", "float32", "float64",
	"string", "bytes", "time", "date", "uuid", "decimal", "json",
}

// String gives the word for the kind that the `type=` tag option accepts.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Integer reports whether values of the kind are whole numbers.
func (k Kind) Integer() bool { return k == KindInt16 || k == KindInt32 || k == KindInt64 }
