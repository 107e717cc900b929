package match

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/peer"
)

// idle is a contestant that does nothing: what it allocates is the measuring's own.
type idle struct{}

func (idle) Create(context.Context, *peer.Person) error      { return nil }
func (idle) Get(context.Context, string) (string, error)     { return "", nil }
func (idle) List(context.Context, int) (int, error)          { return listed, nil }
func (idle) Update(context.Context, *peer.Person) error      { return nil }
func (idle) Delete(context.Context, string) error            { return nil }
func (idle) BulkCreate(context.Context, []peer.Person) error { return nil }
func (idle) Close() error                                    { return nil }

// allocated sets what one call has allocated, less what it is to be called.
func (s *Sample) allocated(t tally, a action, p pace, k *keys) {
	op, _ := a.begin(bout{table: &table{People: idle{}}, keys: k, rows: seeds, goroutines: 1})
	own := drive(p, time.Millisecond, op)
	allocs, bytes := max(0, t.allocs-own.allocs), max(0, t.bytes-own.bytes)
	s.Allocs, s.Bytes = &allocs, &bytes
}
