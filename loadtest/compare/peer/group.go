package peer

import (
	"runtime"
	"sync"
)

// group has one goroutine store all rows that wait, again and again. Nobody waits for more to come: what is there when the
// goroutine is free is one batch. It yields once before it looks, so that those whom the last batch has just answered can
// hand in their next row. A row that comes while nothing is done is stored by its own goroutine.
type group struct {
	mu    sync.Mutex
	busy  bool   // somebody stores, and will look at next afterwards
	next  *batch // nil while nobody waits
	wake  chan struct{}
	ended chan struct{}
	store func(rows []*Person) ([]error, error)
}

// batch is what is stored together. All are answered by one channel that closes.
type batch struct {
	rows []*Person
	errs []error // of each row, nil where none failed
	err  error   // of all
	done chan struct{}
}

// newGroup starts the goroutine. store gives an error for each row, or nil for none, and an error of all.
func newGroup(store func(rows []*Person) ([]error, error)) *group {
	g := &group{wake: make(chan struct{}, 1), ended: make(chan struct{}), store: store}
	go g.serve()
	return g
}

func (g *group) serve() {
	defer close(g.ended)
	for range g.wake {
		for b := g.take(); b != nil; b = g.take() {
			b.errs, b.err = g.store(b.rows)
			close(b.done)
		}
	}
}

// take gives those who wait. Without any, nobody is busy any longer.
func (g *group) take() *batch {
	runtime.Gosched()
	g.mu.Lock()
	defer g.mu.Unlock()
	b := g.next
	g.next, g.busy = nil, b != nil
	return b
}

// create answers after the commit that holds the row.
func (g *group) create(p *Person) error {
	g.mu.Lock()
	if !g.busy {
		g.busy = true
		g.mu.Unlock()
		return g.alone(p)
	}
	if g.next == nil {
		g.next = &batch{done: make(chan struct{})}
	}
	b := g.next
	place := len(b.rows)
	b.rows = append(b.rows, p)
	g.mu.Unlock()
	<-b.done
	if b.err != nil || b.errs == nil {
		return b.err
	}
	return b.errs[place]
}

// alone stores a row in its own goroutine, and leaves those who have come meanwhile to the group's.
func (g *group) alone(p *Person) error {
	_, err := g.store([]*Person{p})
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.busy = false
		return err
	}
	g.wake <- struct{}{} // whoever is busy is alone in waking it, so that there is room
	return err
}

// close must not be called while anybody creates.
func (g *group) close() {
	close(g.wake)
	<-g.ended
}
