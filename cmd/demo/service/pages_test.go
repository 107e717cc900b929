package service

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect/sqlite"
)

// text asks for a page and gives what is in it.
func (p *party) text(path string) string {
	p.t.Helper()
	response, err := p.server.Client().Get(p.server.URL + path)
	require.NoError(p.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	require.Equal(p.t, 200, response.StatusCode, "%s", body)
	return string(body)
}

func TestPages(t *testing.T) {
	eachDatabase(t, func(t *testing.T, p *party) {
		p.made("/v1/customers", customer("ada@example.org"))
		require.Contains(t, p.text("/schema/"), "<html")
		require.Contains(t, p.text("/schema/api/tables"), `"customers"`)
		metrics := p.text("/metrics")
		for _, line := range []string{
			`http_server_request_duration_seconds_count{http_response_status_code="201",http_route="POST /v1/customers"} 1`,
			"schemactor_migrations_total", "db_client_operation_duration_seconds_count", "go_goroutines",
		} {
			require.Contains(t, metrics, line)
		}
		require.NotContains(t, metrics, "ada@")
	})
}

// Whoever watches the live page keeps no service from ending.
func TestServeEndsLivePages(t *testing.T) {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "service.db"), nil)
	require.NoError(t, err)
	defer d.Close()
	s, err := New(d, Config{Drain: time.Minute})
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, end := context.WithCancel(t.Context())
	defer end()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()

	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Get("http://" + listener.Addr().String() + "/schema/api/events")
	require.NoError(t, err)
	defer response.Body.Close()
	require.True(t, strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"))
	lines := bufio.NewScanner(response.Body)
	require.True(t, lines.Scan(), "the stream has begun")
	end()
	require.NoError(t, <-ended)
	for lines.Scan() { // what was on its way
	}
}

// Who promises a body to a page that reads none, and sends none, is not waited for.
func TestPagesWaitForNoBody(t *testing.T) {
	d, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "service.db"), nil)
	require.NoError(t, err)
	p := newParty(t, d, Config{RequestTimeout: 100 * time.Millisecond})
	conn, err := net.Dial("tcp", p.server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(time.Minute)))
	_, err = io.WriteString(conn, "POST /schema/api/ensure HTTP/1.1\r\nHost: here\r\nContent-Length: 100\r\n\r\n")
	require.NoError(t, err)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Contains(t, string(answer), "403 Forbidden")
}
