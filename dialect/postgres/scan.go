package postgres

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/schemactor/schemactor/schema"
)

// Scan implements dialect.Rows. What the usual columns hold is read here, for pgx finds a way for each column of each result
// anew; pgx reads the others. Where something does not fit pgx is asked for the whole row, so that errors are its own.
func (r *rows) Scan(dest ...any) error {
	fields, values := r.FieldDescriptions(), r.RawValues()
	fits := len(fields) == len(values) && len(fields) == len(dest)
	for i := 0; fits && i < len(fields); i++ {
		d := native(dest[i])
		fits = read(&fields[i], values[i], d) ||
			r.TypeMap().Scan(fields[i].DataTypeOID, fields[i].Format, values[i], d) == nil
	}
	if fits {
		return nil
	}
	all := make([]any, len(dest))
	for i, d := range dest {
		all[i] = native(d)
	}
	if r.lasting {
		return pgx.ScanRow(r.TypeMap(), fields, values, all...)
	}
	return r.Rows.Scan(all...)
}

// native gives what a destination leads to where pgx can fill that without a detour.
func native(dest any) any {
	switch dest.(type) {
	case *string, *int64, *bool, **string, **int64, *[]byte, *float64:
		return dest
	}
	if n, ok := dest.(schema.NativeDest); ok {
		if short := n.Native(); short != nil {
			return short
		}
	}
	return dest
}

// read stores a value of a usual column in a destination of its own type, and reports whether it has.
func read(field *pgconn.FieldDescription, value []byte, dest any) bool {
	switch dest := dest.(type) {
	case *string:
		return put(field, value, dest, text)
	case **string:
		return putPointer(field, value, dest, text)
	case *int64:
		return put(field, value, dest, whole)
	case **int64:
		return putPointer(field, value, dest, whole)
	case *bool:
		return put(field, value, dest, truth)
	case *float64:
		return put(field, value, dest, float)
	case *time.Time:
		return put(field, value, dest, instant)
	case **time.Time:
		return putPointer(field, value, dest, instant)
	case *[16]byte:
		return put(field, value, dest, uuid)
	case **[16]byte:
		return putPointer(field, value, dest, uuid)
	}
	return false
}

// put stores what of makes of a value that is not null.
func put[V any](field *pgconn.FieldDescription, value []byte, dest *V, of func(*pgconn.FieldDescription, []byte) (V, bool)) bool {
	if value == nil {
		return false
	}
	v, ok := of(field, value)
	if ok {
		*dest = v
	}
	return ok
}

// putPointer stores a pointer to what of makes of a value, nil for null.
func putPointer[V any](
	field *pgconn.FieldDescription, value []byte, dest **V, of func(*pgconn.FieldDescription, []byte) (V, bool),
) bool {
	if value == nil {
		*dest = nil
		return true
	}
	v, ok := of(field, value)
	if ok {
		*dest = &v
	}
	return ok
}

// text reads a value that is its own text in either format.
func text(field *pgconn.FieldDescription, value []byte) (string, bool) {
	switch field.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID:
		return string(value), true
	}
	return "", false
}

func binaryOf(field *pgconn.FieldDescription, value []byte, oid uint32, size int) bool {
	return field.DataTypeOID == oid && field.Format == pgx.BinaryFormatCode && len(value) == size
}

func whole(field *pgconn.FieldDescription, value []byte) (int64, bool) {
	switch {
	case binaryOf(field, value, pgtype.Int8OID, 8):
		return int64(binary.BigEndian.Uint64(value)), true
	case binaryOf(field, value, pgtype.Int4OID, 4):
		return int64(int32(binary.BigEndian.Uint32(value))), true
	case binaryOf(field, value, pgtype.Int2OID, 2):
		return int64(int16(binary.BigEndian.Uint16(value))), true
	}
	return 0, false
}

func truth(field *pgconn.FieldDescription, value []byte) (bool, bool) {
	return len(value) == 1 && value[0] == 1, binaryOf(field, value, pgtype.BoolOID, 1)
}

func float(field *pgconn.FieldDescription, value []byte) (float64, bool) {
	if !binaryOf(field, value, pgtype.Float8OID, 8) {
		return 0, false
	}
	return math.Float64frombits(binary.BigEndian.Uint64(value)), true
}

// The microseconds, from the beginning of 2000, of the years that are read here: those that every column of the library
// may hold. The infinities lie outside.
const (
	epoch       = 946_684_800 // of PostgreSQL, in seconds of Unix
	firstMicros = -63_113_904_000 * 1_000_000
	endMicros   = 252_455_616_000 * 1_000_000
)

// instant reads a point in time, in the local zone as pgx does.
func instant(field *pgconn.FieldDescription, value []byte) (time.Time, bool) {
	if !binaryOf(field, value, pgtype.TimestamptzOID, 8) {
		return time.Time{}, false
	}
	micros := int64(binary.BigEndian.Uint64(value))
	if micros < firstMicros || micros >= endMicros {
		return time.Time{}, false
	}
	return time.UnixMicro(epoch*1_000_000 + micros), true
}

func uuid(field *pgconn.FieldDescription, value []byte) (id [16]byte, ok bool) {
	if !binaryOf(field, value, pgtype.UUIDOID, len(id)) {
		return id, false
	}
	return [16]byte(value), true
}
