package match

import (
	"fmt"
	"math/bits"
	"strconv"
	"sync/atomic"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// keys makes keys of 36 letters that are all different: in the order of time, or in none.
type keys struct {
	random bool
	last   atomic.Uint64
}

func (k *keys) next() string {
	n := k.last.Add(1)
	var buffer [36]byte
	out := append(buffer[:0], "01890a5d-ac96-774b-bcce-"...)
	if k.random {
		high, low := bits.Mul64(n*0x9E3779B97F4A7C15, 0xD1B54A32D192ED03)
		out = strconv.AppendUint(out[:0], high^low|1<<63, 16)
		out = append(out, "-0000-0"...)
		n %= 1_000_000_000_000
	}
	digits := strconv.AppendUint(nil, n, 10)
	for range max(0, cap(out)-len(out)-len(digits)) {
		out = append(out, '0')
	}
	return string(append(out, digits...))
}

// person gives a new row.
func (k *keys) person(age *int64) *peer.Person {
	id := k.next()
	return &peer.Person{ID: id, Email: id + "@example.org", Name: "Ada Lovelace", Age: age, Score: 1.5}
}

// names gives the names of n tables of orders.
func names(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("orders_%04d", i)
	}
	return out
}
