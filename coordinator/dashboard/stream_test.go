package dashboard_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/dashboard"
)

// frame is one server-sent event.
type frame struct {
	id, kind string
	data     object
}

// stream reads server-sent events.
type stream struct {
	t        testing.TB
	response *http.Response
	lines    *bufio.Scanner
	leave    context.CancelFunc
}

// tune opens a stream, as a browser does that has seen an event, or none.
func tune(t testing.TB, address, lastID string) *stream {
	return tuneAt(t, address+"api/events", lastID)
}

func tuneAt(t testing.TB, address, lastID string) *stream {
	ctx, leave := context.WithTimeout(t.Context(), patience)
	t.Cleanup(leave)
	r, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	require.NoError(t, err)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Equal(t, "text/event-stream", response.Header.Get("Content-Type"))
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return &stream{t: t, response: response, lines: lines, leave: leave}
}

// next gives the next event; none where the stream has ended.
func (s *stream) next() *frame {
	f := &frame{}
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			f.id = value
		case "event":
			f.kind = value
		case "data":
			require.NoError(s.t, json.Unmarshal([]byte(value), &f.data))
		case "":
			if f.kind != "" {
				return f
			}
		}
	}
	return nil
}

// until reads to the first event for which it is true, and gives it and those before it.
func (s *stream) until(what string, is func(*frame) bool) (found *frame, before []*frame) {
	s.t.Helper()
	for {
		f := s.next()
		if f == nil {
			require.Fail(s.t, "the stream ended before "+what)
		}
		if is(f) {
			return f, before
		}
		before = append(before, f)
	}
}

func readyOf(table string) func(*frame) bool {
	return func(f *frame) bool {
		return f.kind == "ensure" && f.data["kind"] == "ready" && f.data["table"].(object)["name"] == table
	}
}

func TestStream(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c, _ := db.connect(t, nil)
		register[Parcel](t, c, "first")
		register[Parcel](t, c, "second")
		register[Parcel](t, c, "third")
		h, address := serve(t, c, &dashboard.Config{Heartbeat: 50 * time.Millisecond})
		s := tune(t, address, "")
		pulse, before := s.until("a pulse", func(f *frame) bool { return f.kind == "pulse" })
		require.Empty(t, before)
		require.Equal(t, object{"unknown": 3.0}, pulse.data["counts"])

		require.NoError(t, c.Ensure(t.Context(), "first"))
		first, told := s.until("the first table", readyOf("first"))
		kinds := map[any]int{}
		for _, f := range told {
			kinds[f.data["kind"]]++
		}
		require.Equal(t, 1, kinds["ensuring"])
		require.Positive(t, kinds["applied"])
		s.until("a pulse after it", func(f *frame) bool {
			return f.kind == "pulse" && f.data["counts"].(object)["ready"] == 1.0
		})
		s.until("a heartbeat", func(f *frame) bool { return f.kind == "pulse" })
		s.leave()

		// Who comes back hears what came after, once.
		require.NoError(t, c.Ensure(t.Context(), "second"))
		s = tune(t, address, first.id)
		_, missed := s.until("the second table", readyOf("second"))
		for _, f := range missed {
			require.NotEqual(t, "lost", f.kind)
			if f.kind == "ensure" {
				require.Equal(t, "second", f.data["table"].(object)["name"])
			}
		}
		// One who comes for the first time hears the last ones.
		tune(t, address, "").until("the first table, told again", readyOf("first"))
		// One of an earlier run is told so, and hears only what is new.
		stranger := tune(t, address, "elsewhen-7")
		require.Equal(t, object{"count": 0.0, "reason": "restart"}, stranger.next().data)
		require.NoError(t, c.Ensure(t.Context(), "third"))
		_, heard := stranger.until("the third table", readyOf("third"))
		require.NotContains(t, fmt.Sprint(heard), "second")

		require.NoError(t, h.Close(t.Context()))
		s.until("a word of parting", func(f *frame) bool { return f.kind == "bye" })
		require.Nil(t, s.next(), "the stream goes on after Close")
	})
}

// More events than are kept: whoever was away is told how many are gone, and then how things are.
func TestStreamTellsWhatIsLost(t *testing.T) {
	c, _ := onSQLite(t).connect(t, &coordinator.Config{News: coordinator.NewsOff}) // nothing happens but what the test does
	for i := range 20 {
		register[Parcel](t, c, fmt.Sprintf("parcels_%02d", i))
	}
	_, address := serve(t, c, &dashboard.Config{Recent: 8})
	s := tune(t, address, "")
	require.NoError(t, c.Ensure(t.Context(), "parcels_00"))
	seen, _ := s.until("the first table", readyOf("parcels_00"))
	s.leave()
	require.NoError(t, c.EnsureAll(t.Context()))
	s = tune(t, address, seen.id)
	lost := s.next()
	asked := tuneAt(t, address+"api/events?after="+seen.id, "").next() // as a page does that asks anew
	require.Equal(t, lost, asked)
	require.Equal(t, "lost", lost.kind)
	require.Equal(t, "slow", lost.data["reason"])
	var events []*frame
	_, after := s.until("how things are", func(f *frame) bool { return f.kind == "pulse" && f.data["ready"] == true })
	for _, f := range after {
		if f.kind == "ensure" {
			events = append(events, f)
		}
	}
	require.Len(t, events, 8)
	require.EqualValues(t, events[7].data["seq"].(float64)-8, seen.data["seq"].(float64)+lost.data["count"].(float64))
}

func TestStreamsAreLimited(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	_, address := serve(t, c, &dashboard.Config{Streams: 1})
	s := tune(t, address, "")
	s.next()
	status, body := ask(t, "GET", address+"api/events", "")
	require.Equal(t, []any{http.StatusServiceUnavailable, "too-many-streams"}, []any{status, body["code"]})
	s.leave()
	require.Eventually(t, func() bool {
		r, err := http.NewRequestWithContext(t.Context(), "GET", address+"api/events", nil)
		require.NoError(t, err)
		response, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer func() { _ = response.Body.Close() }()
		return response.StatusCode == http.StatusOK
	}, patience, 10*time.Millisecond)
}

// Questions to the database are bounded in number and time; everything else is answered meanwhile.
func TestQuestionsAreBounded(t *testing.T) {
	c, _ := onSQLite(t).connect(t, nil)
	register[Parcel](t, c, "parcels")
	_, address := serve(t, &deafDatabase{Source: c}, &dashboard.Config{Reads: 1, Timeout: 200 * time.Millisecond})
	codes := make(chan any, 6)
	for range cap(codes) {
		go func() {
			_, body := ask(t, "GET", address+"api/history?name=parcels", "")
			codes <- body["code"]
		}()
	}
	counts := map[any]int{}
	for range cap(codes) {
		get(t, address+"api/tables")
		counts[<-codes]++
	}
	require.Positive(t, counts["timeout"], counts)
	require.Equal(t, cap(codes), counts["timeout"]+counts["busy"], counts)
}
