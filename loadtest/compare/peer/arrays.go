package peer

import (
	"encoding/binary"
	"math"
	"time"
)

// array is a one-dimensional array of PostgreSQL's in the binary form of its protocol, built up element by element.
type array struct {
	bytes []byte
	count uint32
}

// What stands before the first element, and where in it.
const (
	arrayHead   = 20
	arrayNulls  = 4
	arrayLength = 12
)

// reset empties it for elements of a type, given by its OID.
func (a *array) reset(element uint32) {
	head := [arrayHead]byte{3: 1, 19: 1} // one dimension, counted from 1
	binary.BigEndian.PutUint32(head[8:], element)
	a.bytes, a.count = append(a.bytes[:0], head[:]...), 0
}

func (a *array) text(s string) {
	a.count++
	a.bytes = append(binary.BigEndian.AppendUint32(a.bytes, uint32(len(s))), s...)
}

func (a *array) eight(bits uint64) {
	a.count++
	a.bytes = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint32(a.bytes, 8), bits)
}

func (a *array) integer(n *int64) {
	if n != nil {
		a.eight(uint64(*n))
		return
	}
	a.count++
	a.bytes = binary.BigEndian.AppendUint32(a.bytes, math.MaxUint32)
	a.bytes[arrayNulls+3] = 1
}

func (a *array) float(f float64) { a.eight(math.Float64bits(f)) }

// epoch is where PostgreSQL's times begin, in µs of Unix.
const epoch = 946_684_800_000_000

func (a *array) instant(t time.Time) { a.eight(uint64(t.UnixMicro() - epoch)) }

// done gives the whole array.
func (a *array) done() []byte {
	binary.BigEndian.PutUint32(a.bytes[arrayLength:], a.count)
	return a.bytes
}
