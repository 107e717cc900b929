package actors

import (
	"slices"
	"sync"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// record keeps what a Listener was told, the library's own tables aside.
type record struct {
	mu     sync.Mutex
	events []told
}

type told struct {
	kind string
	schema.Event
}

func (r *record) listener() *schema.Listener {
	keep := func(kind string) func(schema.Event) {
		return func(e schema.Event) {
			if e.Table.Name == dialect.LedgerTable || e.Table.Name == dialect.RevisionsTable {
				return
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			r.events = append(r.events, told{kind, e})
		}
	}
	return &schema.Listener{
		Ensuring: keep("ensuring"), LockWaiting: keep("waiting"), Applied: keep("applied"), Ready: keep("ready"),
		Failed: keep("failed"), Invalidated: keep("invalidated"),
	}
}

// kinds gives the kinds in their order, equal neighbours as one.
func (r *record) kinds() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.events {
		out = append(out, e.kind)
	}
	return slices.Compact(out)
}

func (r *record) all(kind string) []schema.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []schema.Event
	for _, e := range r.events {
		if e.kind == kind {
			out = append(out, e.Event)
		}
	}
	return out
}

func (r *record) first(kind string) schema.Event {
	if all := r.all(kind); len(all) > 0 {
		return all[0]
	}
	return schema.Event{}
}
