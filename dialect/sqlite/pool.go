package sqlite

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// pool runs each statement on a connection that is free.
type pool interface {
	dialect.Querier
	// take gives a connection that its holder has to itself until it releases it.
	take(ctx context.Context) (connection, error)
}

// connection is one connection to the database. It is for one goroutine at a time.
type connection interface {
	dialect.Querier
	// autocommit reports whether no transaction is open.
	autocommit() bool
	// release gives the connection back outside of any transaction. One that is broken, or cannot leave its transaction, is
	// thrown away.
	release(broken bool) error
}

// conns are connections of our own to one file, opened when they are needed and kept. Whoever has waited longest is
// served first.
type conns struct {
	opener *connector
	places chan struct{} // holds one for each connection that is in use
	closed chan struct{}
	whole  bool // a result is read whole before it is given

	waiting atomic.Int64 // who waits for a place

	mu   sync.Mutex
	shut bool
	idle []*conn // the last one was used last
}

var _ pool = (*conns)(nil)

func newConns(opener *connector, most int) *conns {
	return &conns{opener: opener, places: make(chan struct{}, most), closed: make(chan struct{}), whole: opener.path == memory}
}

// errClosed is the answer of a pool that was closed.
func errClosed() error {
	return &schema.Error{Kind: schema.ErrUnavailable, Detail: "the database is closed"}
}

// get gives a connection.
func (p *conns) get(ctx context.Context) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case p.places <- struct{}{}:
	default:
		p.waiting.Add(1)
		defer p.waiting.Add(-1)
		select {
		case p.places <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-p.closed:
			return nil, errClosed()
		}
	}
	p.mu.Lock()
	shut, last := p.shut, len(p.idle)-1
	var c *conn
	if last >= 0 {
		c, p.idle[last] = p.idle[last], nil
		p.idle = p.idle[:last]
	}
	p.mu.Unlock()
	var err error
	switch {
	case shut:
		err = errClosed()
	case c == nil:
		c, err = p.opener.open(ctx)
	}
	if err != nil {
		<-p.places
		return nil, err
	}
	c.pool = p
	return c, nil
}

// put takes a connection back.
func (p *conns) put(c *conn, broken bool) error {
	if !c.AutoCommit() {
		_, _ = c.ExecContext(context.Background(), "ROLLBACK", nil) // the state afterwards says what came of it
		broken = broken || !c.AutoCommit()
	}
	return p.restore(c, broken)
}

// restore takes a connection back that is outside any transaction.
func (p *conns) restore(c *conn, broken bool) error {
	defer func() { <-p.places }()
	p.mu.Lock()
	keep := !broken && !p.shut
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if keep {
		return nil
	}
	return c.close()
}

func (p *conns) take(ctx context.Context) (connection, error) {
	c, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Exec implements dialect.Querier.
func (p *conns) Exec(ctx context.Context, text string, args ...any) (int64, error) {
	c, err := p.get(ctx)
	if err != nil {
		return 0, err
	}
	affected, err := c.Exec(ctx, text, args...)
	back := p.put
	if len(args) > 0 { // what begins a transaction binds nothing
		back = p.restore
	}
	if putErr := back(c, false); err == nil {
		err = putErr
	}
	return affected, err
}

// Query implements dialect.Querier. The connection goes back with the last row, or with Close.
func (p *conns) Query(ctx context.Context, text string, args ...any) (dialect.Rows, error) {
	c, err := p.get(ctx)
	if err != nil {
		return nil, err
	}
	r, err := c.query(ctx, text, args)
	if err != nil {
		_ = p.put(c, false)
		return nil, err
	}
	r.single = true
	if p.whole {
		return r.read()
	}
	return r, nil
}

// close ends the connections that are idle, and each of the others when it comes back.
func (p *conns) close() error {
	p.mu.Lock()
	idle, first := p.idle, !p.shut
	p.shut, p.idle = true, nil
	p.mu.Unlock()
	if first {
		close(p.closed)
	}
	var failed error
	for _, c := range idle {
		if err := c.close(); failed == nil {
			failed = err
		}
	}
	return failed
}
