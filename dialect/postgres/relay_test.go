package postgres_test

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/stretchr/testify/require"
)

// relay stands between a pool and its server, and does harm when asked to.
type relay struct {
	target string
	URL    string // of the database, through the relay

	mu      sync.Mutex
	swallow []byte   // the answer to a message that holds these bytes is lost, and the connection with it
	refuse  []string // codes with which the next connections are refused
	freeze  bool     // nothing passes any more, and nobody is told
	clients []net.Conn
}

func newRelay(t testing.TB, database string) *relay {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{target: u.Host}
	u.Host = l.Addr().String()
	r.URL = u.String()
	var running sync.WaitGroup
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { r.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		r.mu.Lock()
		for _, client := range r.clients {
			_ = client.Close()
		}
		r.mu.Unlock()
		running.Wait()
	})
	return r
}

// loseAnswerTo has the answer to the next message with the text lost after the server has given it.
func (r *relay) loseAnswerTo(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.swallow = []byte(text)
}

// refuseWith has the next connections refused with these codes, one after the other.
func (r *relay) refuseWith(codes ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refuse = codes
}

// silence has all that passes vanish from now on.
func (r *relay) silence() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.freeze = true
}

func (r *relay) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	r.mu.Lock()
	r.clients = append(r.clients, client)
	var code string
	if len(r.refuse) > 0 {
		code, r.refuse = r.refuse[0], r.refuse[1:]
	}
	r.mu.Unlock()
	if code != "" {
		backend := pgproto3.NewBackend(client, client)
		if _, err := backend.ReceiveStartupMessage(); err == nil {
			backend.Send(&pgproto3.ErrorResponse{
				Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: "not now", Routine: "ProcessStartupPacket",
			})
			_ = backend.Flush()
		}
		return
	}
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	lose := make(chan struct{})
	var both sync.WaitGroup
	both.Go(func() {
		r.pass(server, client, func(piece []byte) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.swallow != nil && bytes.Contains(piece, r.swallow) {
				r.swallow = nil
				close(lose)
			}
		})
		_ = server.Close()
	})
	both.Go(func() {
		r.pass(client, losing{server, lose}, func([]byte) {})
		_, _ = client.Close(), server.Close()
	})
	both.Wait()
}

// pass copies from one side to the other until one of them ends.
func (r *relay) pass(to io.Writer, from io.Reader, see func(piece []byte)) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.Read(buffer)
		r.mu.Lock()
		frozen := r.freeze
		r.mu.Unlock()
		if n > 0 && !frozen {
			see(buffer[:n])
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// losing ends with the first thing that is read after the signal.
type losing struct {
	io.Reader
	signal chan struct{}
}

func (l losing) Read(p []byte) (int, error) {
	n, err := l.Reader.Read(p)
	select {
	case <-l.signal:
		return 0, io.EOF
	default:
		return n, err
	}
}
