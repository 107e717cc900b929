package faults

import (
	"errors"
	"net"
	"net/url"
	"sync"
)

// Proxy stands between clients and one server, on the loopback interface, and can stall, cut and refuse their connections.
// Its methods may be called by several goroutines at once. Close ends it.
type Proxy struct {
	target   string
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	flows   chan struct{} // closed while bytes pass
	refuses bool
	closed  bool
	trap    *trap // nil for none
	lines   map[*line]struct{}
}

// trap waits for a pattern in what clients send.
type trap struct {
	pattern []byte
	sprung  chan struct{} // closed when the answer was lost
}

// NewProxy starts a proxy before the server at a TCP address, on a free port. The server need not run: a connection that
// cannot be passed on is closed.
func NewProxy(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{target: target, listener: l, flows: make(chan struct{}), lines: map[*line]struct{}{}}
	close(p.flows)
	p.running.Go(p.accept)
	return p, nil
}

// Addr is where the proxy listens, as host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// URL gives a URL with the proxy's address in the place of its own.
func (p *Proxy) URL(database string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", errors.New("the database's URL cannot be read") // url.Parse's own words repeat it, password included
	}
	u.Host = p.Addr()
	return u.String(), nil
}

// Stall holds all that is sent, in both directions, and the end of a connection as well, until Resume: nobody is told, as
// when a cable is pulled. Connections are still accepted. What is just being written still goes through.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flowing() {
		p.flows = make(chan struct{})
	}
}

// Resume lets go on what Stall has held.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.flowing() {
		close(p.flows)
	}
}

func (p *Proxy) flowing() bool {
	select {
	case <-p.flows:
		return true
	default:
		return false
	}
}

// gate gives a channel that is closed when bytes may pass.
func (p *Proxy) gate() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.flows
}

// Cut closes all connections that there are, and gives their number. New ones go through.
func (p *Proxy) Cut() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.hangUp()
	}
	return len(p.lines)
}

// CutAnswerTo cuts the first connection on which a client sends the pattern, when the server begins to answer, of which the
// client gets nothing: the server has done what it was told. The channel is closed then. A later call takes the place of
// this one, unless the pattern was sent already.
func (p *Proxy) CutAnswerTo(pattern []byte) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trap = &trap{pattern: pattern, sprung: make(chan struct{})}
	return p.trap.sprung
}

// Refuse has new connections closed at once, until Allow. Those that there are stay.
func (p *Proxy) Refuse() { p.setRefuses(true) }

// Allow undoes Refuse.
func (p *Proxy) Allow() { p.setRefuses(false) }

func (p *Proxy) setRefuses(refuses bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuses = refuses
}

// Close ends the proxy with all its connections, stalled or not, and waits for its goroutines.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.closed = true
	for l := range p.lines {
		l.hangUp()
	}
	p.mu.Unlock()
	err := p.listener.Close()
	p.running.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// serve passes a client's connection on until both sides have ended it, or it is cut.
func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &line{proxy: p, client: client, server: server, ended: make(chan struct{})}
	defer l.hangUp()
	if !p.admit(l) {
		return
	}
	defer p.forget(l)
	var both sync.WaitGroup
	both.Go(func() { l.pass(client, server, l.request) })
	both.Go(func() { l.pass(server, client, l.answer) })
	both.Wait()
}

// admit takes a connection in, unless it is to be refused.
func (p *Proxy) admit(l *line) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refuses || p.closed {
		return false
	}
	p.lines[l] = struct{}{}
	return true
}

func (p *Proxy) forget(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.lines, l)
}
