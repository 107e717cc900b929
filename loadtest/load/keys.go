package load

import "math/rand/v2"

// Keys says which of several things is chosen: the table of an operation, and the row among those that a writer has created.
type Keys string

// The choices.
const (
	KeysUniform    Keys = "uniform"    // each as often as the others
	KeysZipf       Keys = "zipf"       // a few very often, as in a program with hot tables and rows
	KeysSequential Keys = "sequential" // one after the other
)

// zipfSkew is how much hotter a thing is than the next one; it must be more than 1.
const zipfSkew = 1.2

// choice chooses for one writer.
type choice struct {
	keys Keys
	dice *rand.Rand
	zipf *rand.Zipf
	of   int // what zipf was made for
	next int
}

// one chooses one of n things.
func (c *choice) one(n int) int {
	switch c.keys {
	case KeysZipf:
		if c.of != n {
			c.zipf, c.of = rand.NewZipf(c.dice, zipfSkew, 1, uint64(n-1)), n
		}
		return int(c.zipf.Uint64())
	case KeysSequential:
		at := c.next % n
		c.next = at + 1
		return at
	}
	return c.dice.IntN(n)
}
