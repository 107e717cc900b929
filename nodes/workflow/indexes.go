package workflow

import "slices"

// indexes are numbers of steps, of which the smallest comes first.
type indexes struct{ list []int }

func (x *indexes) push(i int) {
	at, _ := slices.BinarySearch(x.list, i)
	x.list = slices.Insert(x.list, at, i)
}

func (x *indexes) pop() int {
	first := x.list[0]
	x.list = x.list[1:]
	return first
}

func (x *indexes) empty() bool { return len(x.list) == 0 }
