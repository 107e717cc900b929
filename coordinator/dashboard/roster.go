package dashboard

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/schemactor/schemactor/schema"
)

const (
	rosterRest = 100 * time.Millisecond // between two looks at the source, so that no number of pages costs more than these
	rosterAge  = time.Second            // after which a look is needed though no event came: counts of waiters tell nobody
)

// roster remembers how all tables stood a moment ago. A look at many thousands of them takes some milliseconds; here all pages
// share one, and one is had only where something has happened since.
type roster struct {
	status func() []schema.Status
	ring   *ring

	turn   chan struct{} // has a place for who has a look
	latest *tables       // of that one
}

// tables are all registered tables at one moment. They are not changed.
type tables struct {
	all      []schema.Status
	names    []string // in lower case, for searching
	counts   map[schema.State]int
	behind   int
	waiters  int
	at       time.Time
	seen     uint64 // the newest event before the look
	revision uint64 // a number that grows when anything is not as it was
}

func newRoster(status func() []schema.Status, events *ring) *roster {
	return &roster{status: status, ring: events, turn: make(chan struct{}, 1)}
}

// look gives the tables as they are now, or were a moment ago with nothing having happened since. It waits for rosterRest, and for
// a look that somebody else is having. Who waited for that one takes it, whatever happens meanwhile: otherwise a crowd would stand
// in a row while things happen all the time.
func (r *roster) look(ctx context.Context) (*tables, error) {
	came := time.Now()
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	if t := r.latest; t != nil {
		age := time.Since(t.at)
		if t.at.After(came) || age < rosterAge && t.seen == r.ring.newest() {
			return t, nil
		}
		if age < rosterRest {
			rest := time.NewTimer(rosterRest - age)
			defer rest.Stop()
			select {
			case <-rest.C:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	}
	r.latest = r.compile()
	return r.latest, nil
}

func (r *roster) compile() *tables {
	t := &tables{at: time.Now(), seen: r.ring.newest(), all: r.status(), counts: map[schema.State]int{}}
	for _, s := range t.all {
		t.counts[s.State]++
		t.waiters += s.Waiters
		if s.Behind {
			t.behind++
		}
	}
	switch before := r.latest; {
	case before == nil:
		t.revision = 1
	case slices.Equal(before.all, t.all):
		t.revision, t.names = before.revision, before.names
	default:
		t.revision = before.revision + 1
		if slices.EqualFunc(before.all, t.all, func(a, b schema.Status) bool { return a.Table == b.Table }) {
			t.names = before.names
		}
	}
	if t.names == nil {
		t.names = make([]string, len(t.all))
		for i, s := range t.all {
			t.names[i] = strings.ToLower(s.Table.String())
		}
	}
	return t
}

// find gives a table's place in all, which are sorted by name.
func (t *tables) find(ref schema.Ref) (int, bool) {
	return slices.BinarySearchFunc(t.all, ref, func(s schema.Status, ref schema.Ref) int { return s.Table.Compare(ref) })
}
