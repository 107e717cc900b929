package dashboard

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// quiet is a source of which nothing is asked but how things are.
type quiet struct {
	Source
	tell *schema.Listener
}

func (q *quiet) Status() []schema.Status          { return nil }
func (q *quiet) LaneStatus() schema.LaneStatus    { return schema.LaneStatus{} }
func (q *quiet) Listen(l *schema.Listener) func() { q.tell = l; return func() {} }

// clogged is a client that takes nothing until it is let.
type clogged struct {
	*httptest.ResponseRecorder
	mu      sync.Mutex
	stuck   chan struct{} // closed when something is written
	once    sync.Once
	release chan struct{}
}

func (c *clogged) Write(p []byte) (int, error) {
	c.once.Do(func() { close(c.stuck) })
	<-c.release
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ResponseRecorder.Write(p)
}

func (c *clogged) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Body.String()
}

// A client that reads nothing keeps no attempt waiting, and is told what it has missed once it reads.
func TestSlowClientMissesEventsAndIsToldSo(t *testing.T) {
	source := &quiet{}
	h, err := New(source, &Config{Recent: 16})
	require.NoError(t, err)
	client := &clogged{ResponseRecorder: httptest.NewRecorder(), stuck: make(chan struct{}), release: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(client, httptest.NewRequest(http.MethodGet, "/schema/api/events", nil))
	}()
	<-client.stuck
	const events = 10_000
	for i := range events {
		source.tell.Ready(schema.Event{Table: schema.Ref{Name: "t" + strconv.Itoa(i)}})
	}
	require.Len(t, h.ring.events, 16, "a client costs no memory")
	close(client.release)
	last := h.ring.id(events)
	require.Eventually(t, func() bool { return strings.Contains(client.text(), "id: "+last+"\n") }, time.Minute, time.Millisecond)
	require.NoError(t, h.Close(context.WithoutCancel(t.Context())))
	<-done
	text := client.text()
	require.Contains(t, text, `event: lost`+"\n"+`data: {"count":`+strconv.Itoa(events-16)+`,"reason":"slow"}`)
	require.Equal(t, 16, strings.Count(text, "event: ensure"))
	require.Contains(t, text, "event: pulse")
	require.Contains(t, text, "event: bye")
}

// deaf is a client that cannot be flushed to.
type deaf struct{ http.ResponseWriter }

func TestStreamNeedsFlush(t *testing.T) {
	h, err := New(&quiet{}, nil)
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(deaf{w}, httptest.NewRequest(http.MethodGet, "/schema/api/events", nil)) // it comes back
	require.Contains(t, w.Body.String(), "event: bye")
	require.NoError(t, h.Close(context.WithoutCancel(t.Context())))
}

func TestCloseWaitsNoLongerThanItMay(t *testing.T) {
	h, err := New(&quiet{}, nil)
	require.NoError(t, err)
	client := &clogged{ResponseRecorder: httptest.NewRecorder(), stuck: make(chan struct{}), release: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(client, httptest.NewRequest(http.MethodGet, "/schema/api/events", nil))
	}()
	<-client.stuck
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	cancel()
	require.ErrorIs(t, h.Close(ctx), context.Canceled)
	close(client.release)
	require.NoError(t, h.Close(context.WithoutCancel(t.Context())))
	<-done
}

func TestDiff(t *testing.T) {
	lines := strings.Fields
	text := func(d []diffLine) string {
		var b strings.Builder
		for _, l := range d {
			b.WriteString(l.Op + l.Text)
		}
		return b.String()
	}
	require.Equal(t, "+a+b", text(diff(nil, lines("a b"))))
	require.Equal(t, "-a-b", text(diff(lines("a b"), nil)))
	require.Equal(t, " a b", text(diff(lines("a b"), lines("a b"))))
	require.Equal(t, " a-b+x c", text(diff(lines("a b c"), lines("a x c"))))
	require.Equal(t, "-a b-c+d e", text(diff(lines("a b c e"), lines("b d e"))))
	long := make([]string, diffMost+1)
	require.Len(t, diff(append(lines("x"), long...), append(lines("y"), append(long, "z")...)), 2*diffMost+5)
}

// Nobody's question waits for longer than a moment, and a crowd costs one look.
func TestRosterSharesItsLooks(t *testing.T) {
	looks := 0
	r := newRoster(func() []schema.Status { looks++; return []schema.Status{{Attempts: int64(looks)}} }, newRing(4))
	var crowd sync.WaitGroup
	for range 64 {
		crowd.Go(func() {
			_, err := r.look(t.Context())
			if err != nil {
				t.Error(err)
			}
		})
	}
	crowd.Wait()
	require.Less(t, looks, 16)
	before := r.latest.revision
	r.ring.append("ready", schema.Event{})
	after, err := r.look(t.Context())
	require.NoError(t, err)
	require.Greater(t, after.revision, before, "what happened is looked at")
}

// While something happens all the time, a crowd still costs two looks, and nobody stands behind all the others.
func TestRosterKeepsNobodyInARow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looks, events := 0, newRing(4)
		r := newRoster(func() []schema.Status {
			looks++
			events.append("applied", schema.Event{})
			return nil
		}, events)
		began := time.Now()
		var crowd sync.WaitGroup
		for range 64 {
			crowd.Go(func() {
				if _, err := r.look(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		crowd.Wait()
		require.Equal(t, 2, looks)
		require.Equal(t, rosterRest, time.Since(began))

		// Who leaves while another one is looking waits no longer.
		ctx, leave := context.WithCancel(t.Context())
		crowd.Go(func() { _, _ = r.look(t.Context()) })
		synctest.Wait()
		leave()
		_, err := r.look(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, rosterRest, time.Since(began), "it has waited for the other one")
		crowd.Wait()
	})
}
