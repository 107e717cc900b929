package dashboard

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// Close waits for no client that has stopped: neither for one that sends no body, nor for one that takes no answer.
func TestCloseEndsClientsThatStand(t *testing.T) {
	source := &quiet{}
	h, err := New(source, &Config{Actions: true, Authorize: func(*http.Request, Action) error { return nil }})
	require.NoError(t, err)
	server := httptest.NewServer(h)
	defer server.Close()
	begin := func(head string) net.Conn {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		require.NoError(t, err)
		_, err = io.WriteString(conn, head+" HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n")
		require.NoError(t, err)
		return conn
	}
	for range streamStart { // more than connections hold
		source.tell.Applied(schema.Event{Table: schema.Ref{Name: "t"}, SQL: strings.Repeat("x", 1<<20)})
	}
	deaf := begin("GET /schema/api/events")
	defer deaf.Close()
	_, err = io.WriteString(deaf, "\r\n")
	require.NoError(t, err)
	_, err = deaf.Read(make([]byte, 1)) // it has begun
	require.NoError(t, err)
	mute := begin("POST /schema/api/ensure")
	defer mute.Close()
	_, err = fmt.Fprint(mute, "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n")
	require.NoError(t, err)
	_, err = mute.Read(make([]byte, 1)) // it is told to go on when its body is read
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), streamPatience/2)
	defer cancel()
	require.NoError(t, h.Close(ctx))
}
