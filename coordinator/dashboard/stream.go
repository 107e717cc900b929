package dashboard

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

const (
	streamPace      = 100 * time.Millisecond // between two writes to a page
	streamPulse     = 300 * time.Millisecond // between two overviews where things happen
	streamBurst     = 256                    // events of one write at most
	streamPatience  = 20 * time.Second       // for a page to take what was written; one that does not is left
	partingPatience = time.Second            // for a client to take what is left, when the handler is closed
	streamStart     = 30                     // events that a page which has seen none begins with
)

// stream is one live page.
type stream struct {
	h       *Handler
	w       http.ResponseWriter
	control *http.ResponseController
	r       *http.Request

	at     uint64    // the last event that was sent
	pulsed time.Time // when the last overview was sent
	stirs  bool      // events were sent since
}

// serveEvents streams what happens, as server-sent events: "ensure" for each event, "pulse" with the overview, "lost" where events
// are gone that the page has not seen.
func (h *Handler) serveEvents(w http.ResponseWriter, r *http.Request) {
	select {
	case h.streams <- struct{}{}:
		defer func() { <-h.streams }()
	default:
		fail(w, http.StatusServiceUnavailable, "too-many-streams", "as many pages are live as may be; try again later")
		return
	}
	s := &stream{h: h, w: w, r: r, control: http.NewResponseController(w)}
	known := true
	// A browser sends the header when it comes back by itself, and cannot be told to when a page asks anew.
	s.at, known = h.ring.resume(cmp.Or(r.Header.Get("Last-Event-ID"), r.URL.Query().Get("after")), streamStart)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would keep everything for itself
	_, _ = fmt.Fprint(w, "retry: 2000\n\n")
	if !known {
		s.lost(0, "restart")
	}
	for s.send() && s.rest() {
	}
	if r.Context().Err() != nil && h.ctx.Err() != nil {
		_ = s.control.SetWriteDeadline(time.Now().Add(partingPatience))
		_, _ = fmt.Fprint(w, "event: bye\ndata: {}\n\n")
		_ = s.flush()
	}
}

// send writes what is there to be written, and reports whether the page is still there.
func (s *stream) send() bool {
	_ = s.control.SetWriteDeadline(time.Now().Add(streamPatience)) // not every writer has one
	if s.r.Context().Err() != nil {
		return false // and from here on Close shortens it
	}
	events, gone, _ := s.h.ring.after(s.at, streamBurst)
	if gone > 0 {
		s.at += gone
		s.lost(gone, "slow")
	}
	for _, e := range events {
		_, _ = s.w.Write(e.text(s.h.ring.id(e.Seq))) // flush tells
		s.at, s.stirs = e.Seq, true
	}
	since := time.Since(s.pulsed)
	if since >= s.h.config.Heartbeat || s.stirs && since >= streamPulse {
		whole, err := s.h.overview(s.r.Context())
		if err != nil {
			return false
		}
		_, _ = s.w.Write(frame("pulse", "", whole))
		s.pulsed, s.stirs = time.Now(), false
	}
	return s.flush() == nil && s.r.Context().Err() == nil
}

// flush sends what was written. A writer that cannot do so would keep the page waiting for ever.
func (s *stream) flush() error {
	err := s.control.Flush()
	if errors.Is(err, http.ErrNotSupported) {
		_, _ = fmt.Fprint(s.w, "event: bye\ndata: {}\n\n")
	}
	return err
}

// rest waits until there is something to send, and reports whether the page is still there.
func (s *stream) rest() bool {
	if !s.wait(streamPace, nil) {
		return false
	}
	_, _, wake := s.h.ring.after(s.at, 1)
	if wake == nil {
		return true
	}
	pause := s.h.config.Heartbeat
	if s.stirs {
		pause = streamPulse
	}
	return s.wait(max(pause-time.Since(s.pulsed), 0), wake)
}

func (s *stream) wait(d time.Duration, wake <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wake:
	case <-s.r.Context().Done():
		return false
	}
	return true
}

// lost tells that events are gone: so many, or an unknown number where the page comes from an earlier run of the program. What
// follows is how things are now.
func (s *stream) lost(count uint64, reason string) {
	_, _ = s.w.Write(frame("lost", s.h.ring.id(s.at), map[string]any{"count": count, "reason": reason}))
	s.pulsed = time.Time{}
}

// frame is one server-sent event.
func frame(kind, id string, data any) []byte {
	var b bytes.Buffer
	if id != "" {
		b.WriteString("id: " + id + "\n")
	}
	b.WriteString("event: " + kind + "\ndata: ")
	_ = json.NewEncoder(&b).Encode(data) // with a line break at its end; nothing that is sent can fail to be JSON
	b.WriteString("\n")
	return b.Bytes()
}
