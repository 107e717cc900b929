package faults

import (
	"bytes"
	"errors"
	"io"
	"net"
	"sync"
)

// line is one client's connection through a Proxy.
type line struct {
	proxy          *Proxy
	client, server net.Conn
	once           sync.Once
	ended          chan struct{} // closed by hangUp

	seen []byte // by request: the end of what was sent while watched was the trap
	// The proxy's lock guards both.
	watched *trap
	sprung  *trap // its pattern was sent on this line, and no answer to it has come yet
}

// hangUp closes both ends, at once and without a word.
func (l *line) hangUp() {
	l.once.Do(func() {
		close(l.ended)
		_, _ = l.client.Close(), l.server.Close()
	})
}

// pass hands on what one side says to the other. That a side has finished is handed on as well; a side that is broken breaks
// the other. It holds what it has read while the proxy is stalled.
func (l *line) pass(from, to net.Conn, see func(piece []byte) bool) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if !l.await() {
			return
		}
		if n > 0 {
			if !see(buffer[:n]) {
				l.hangUp()
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				l.hangUp()
				return
			}
		}
		if err != nil {
			if half, ok := to.(*net.TCPConn); !ok || !errors.Is(err, io.EOF) || half.CloseWrite() != nil {
				l.hangUp()
			}
			return
		}
	}
}

// await waits while the proxy is stalled, and reports whether the line is still there.
func (l *line) await() bool {
	for {
		gate := l.proxy.gate()
		select {
		case <-gate:
		case <-l.ended:
			return false
		}
		if gate == l.proxy.gate() {
			return true
		}
	}
}

// request looks for the trap's pattern, which may come in pieces.
func (l *line) request(piece []byte) bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	armed := l.proxy.trap
	if armed != l.watched {
		l.watched, l.seen = armed, nil
	}
	if armed == nil {
		return true
	}
	l.seen = append(l.seen, piece...)
	if bytes.Contains(l.seen, armed.pattern) {
		l.sprung, l.proxy.trap = armed, nil
		return true
	}
	l.seen = bytes.Clone(l.seen[max(0, len(l.seen)-len(armed.pattern)+1):])
	return true
}

// answer reports whether what the server said may be heard. Where not it hangs up before it tells so.
func (l *line) answer([]byte) bool {
	l.proxy.mu.Lock()
	defer l.proxy.mu.Unlock()
	if l.sprung == nil {
		return true
	}
	l.hangUp()
	close(l.sprung.sprung)
	return false
}
