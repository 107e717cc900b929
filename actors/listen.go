package actors

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/schemactor/schemactor/schema"
)

// audience is whom a System tells what happens to tables: the Listener it was started with, and those that came later.
type audience struct {
	current atomic.Pointer[schema.Listener] // all of them as one

	mu   sync.Mutex
	each []*schema.Listener
}

// Listen has l told what happens to tables from now on, beside Config.Listener, until stop is called. A callback that has begun
// by then is not waited for. Stop may be called more than once and from anywhere, a callback included.
func (s *System) Listen(l *schema.Listener) (stop func()) {
	own := *l // so that one Listener may listen twice
	s.audience.change(func(each []*schema.Listener) []*schema.Listener { return append(each, &own) })
	return func() {
		s.audience.change(func(each []*schema.Listener) []*schema.Listener {
			return slices.DeleteFunc(each, func(other *schema.Listener) bool { return other == &own })
		})
	}
}

func (a *audience) change(how func([]*schema.Listener) []*schema.Listener) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.each = how(slices.Clone(a.each))
	a.current.Store(schema.Tee(a.each...))
}

// listener is whom to tell; it is never nil.
func (s *System) listener() *schema.Listener { return s.audience.current.Load() }
