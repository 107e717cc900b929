package nodes

import (
	"slices"
	"sync"

	"github.com/schemactor/schemactor/schema"
)

// scanners keeps the scanners of the columns that a fixed statement gives, to be used again.
type scanners[T any] struct {
	columns []int
	idle    sync.Pool
}

// scannersOf makes room for scanners of each list of columns.
func scannersOf[T any](lists ...[]int) []*scanners[T] {
	var out []*scanners[T]
	for _, columns := range lists {
		same := func(s *scanners[T]) bool { return slices.Equal(s.columns, columns) }
		if len(columns) > 0 && !slices.ContainsFunc(out, same) {
			out = append(out, &scanners[T]{columns: columns})
		}
	}
	return out
}

// scanner gives a scanner of columns, to be kept when all of it is read.
func (c *core[T, K]) scanner(columns []int) *schema.Scanner[T] {
	for _, s := range c.scanners {
		if slices.Equal(s.columns, columns) {
			if kept, ok := s.idle.Get().(*schema.Scanner[T]); ok {
				return kept
			}
			break
		}
	}
	return c.rows.Scanner(columns)
}

// keep takes a scanner of columns back, which nothing reads through any more.
func (c *core[T, K]) keep(scanner *schema.Scanner[T], columns []int) {
	for _, s := range c.scanners {
		if slices.Equal(s.columns, columns) {
			scanner.Forget()
			s.idle.Put(scanner)
			return
		}
	}
}
