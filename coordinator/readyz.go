package coordinator

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/schemactor/schemactor/schema"
)

const (
	// namedNotReady is how many tables an answer names, and longestReason what it tells of each, in bytes: probes are logged.
	namedNotReady = 20
	longestReason = 500
)

// ReadyConfig tunes ReadyHandler. The zero value, and a nil pointer, answer from memory alone.
type ReadyConfig struct {
	// Check is asked once all tables are ready, and its error makes the answer a 503: Coordinator.Ping, or a function that asks
	// for more. Probes that come together ask it once. Its error's text is shown only where it is this library's. nil asks
	// nothing: a database that went away after the tables were ready is then not noticed.
	Check func(ctx context.Context) error
	// CheckTimeout bounds one check; what takes longer has failed. 0 or less is 2 s.
	CheckTimeout time.Duration
	// CheckEvery is how long the outcome of a check counts, from when it began. 0 or less is 1 s.
	CheckEvery time.Duration
}

// The words of ReadyHandler for how things stand.
const (
	readyCompatible   = "compatible"
	readyBehind       = "behind"
	readyStarting     = "starting"
	readyUnavailable  = "unavailable"
	readyIncompatible = "incompatible"
	readyClosed       = "closed"
)

// readiness is the body of an answer.
type readiness struct {
	Status   string          `json:"status"`
	Reason   string          `json:"reason,omitempty"` // of the check that failed
	Tables   readyTables     `json:"tables"`
	NotReady []notReadyTable `json:"notReady,omitempty"`
	More     int             `json:"more,omitempty"` // so many others are not ready
	retry    time.Time       // when a failed table may be tried again; zero unless one is
}

// readyTables counts tables by state; those that are behind are ready, too.
type readyTables struct {
	Registered int `json:"registered"`
	Ready      int `json:"ready"`
	Behind     int `json:"behind,omitempty"`
	Starting   int `json:"starting,omitempty"`
	Failed     int `json:"failed,omitempty"`
	Blocked    int `json:"blocked,omitempty"`
}

type notReadyTable struct {
	Table     string       `json:"table"`
	State     schema.State `json:"state"`
	Reason    string       `json:"reason,omitempty"`
	NextRetry time.Time    `json:"nextRetry,omitzero"`
}

// ReadyHandler answers readiness probes over HTTP: 200 where requests can be served, otherwise 503 with Retry-After, and a
// JSON body whose status says why. It serves GET and HEAD on whatever path it is mounted at, and is safe for concurrent use.
//
//	compatible    200  every table is ready
//	behind        200  the same, and a newer program has changed some of them, with room for this one
//	starting      503  some table was not made ready yet: EnsureAll makes it so, this handler never does
//	unavailable   503  a table failed and is tried again, or Check failed
//	incompatible  503  a table needs a person: it does not match, the model is too old, a permission is missing
//	closed        503  Close was called
//
// Once it has answered 200, a table that is merely looked at again, or that was dropped and is made again by the next call,
// is no reason for a 503: all replicas hear of a change at the same moment, and would all be taken away. One that failed
// remains a reason until an attempt succeeds. The answer is from
// memory, but for ReadyConfig.Check; it names up to 20 tables that are not ready, and holds no row values and no credentials.
func (c *Coordinator) ReadyHandler(cfg *ReadyConfig) http.Handler {
	h := &readyHandler{coordinator: c}
	if cfg != nil && cfg.Check != nil {
		h.check = newCheck(*cfg)
	}
	return h
}

type readyHandler struct {
	coordinator *Coordinator
	check       *check      // nil: none
	served      atomic.Bool // a 200 was answered
}

func (h *readyHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	now := h.look(r.Context())
	header, code := w.Header(), http.StatusOK
	if now.Status == readyCompatible || now.Status == readyBehind {
		h.served.Store(true)
	} else {
		code = http.StatusServiceUnavailable
		wait := max(1, int(time.Until(now.retry)/time.Second)+1)
		header.Set("Retry-After", strconv.Itoa(wait))
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	body, _ := json.Marshal(now) // strings, numbers and times always can be
	w.WriteHeader(code)
	if r.Method == http.MethodGet {
		_, _ = w.Write(append(body, '\n')) // a probe that has gone away needs no answer
	}
}

// look says how things stand, and asks the check only where nothing else keeps the program from serving.
func (h *readyHandler) look(ctx context.Context) readiness {
	now := h.coordinator.readiness()
	if now.Status == readyStarting && h.served.Load() {
		now.Status = readyCompatible
		if now.Tables.Behind > 0 {
			now.Status = readyBehind
		}
	}
	if h.check == nil || now.Status != readyCompatible && now.Status != readyBehind {
		return now
	}
	if err := h.check.ask(ctx); err != nil {
		now.Status, now.Reason = readyUnavailable, checkReason(err)
	}
	return now
}

// readiness counts the tables, from memory.
func (c *Coordinator) readiness() readiness {
	tables := c.system.Tables()
	now := readiness{Tables: readyTables{Registered: len(tables)}}
	for _, t := range tables {
		s := t.Status()
		switch s.State {
		case schema.StateReady:
			now.Tables.Ready++
			if s.Behind {
				now.Tables.Behind++
			}
			continue
		case schema.StateFailed:
			now.Tables.Failed++
			if now.retry.IsZero() || s.NextRetry.Before(now.retry) {
				now.retry = s.NextRetry
			}
		case schema.StateBlocked:
			now.Tables.Blocked++
		case schema.StateEnsuring:
			if s.LastError != "" { // it failed, and the attempt that runs may fail as well
				now.Tables.Failed++
			} else {
				now.Tables.Starting++
			}
		default:
			now.Tables.Starting++
		}
		if len(now.NotReady) == namedNotReady {
			now.More++
			continue
		}
		now.NotReady = append(now.NotReady, notReadyTable{
			Table: s.Table.String(), State: s.State, Reason: shorten(s.LastError), NextRetry: s.NextRetry,
		})
	}
	switch {
	case c.closed.Load():
		now = readiness{Status: readyClosed, Tables: readyTables{Registered: len(tables)}}
	case now.Tables.Blocked > 0:
		now.Status = readyIncompatible
	case now.Tables.Failed > 0:
		now.Status = readyUnavailable
	case now.Tables.Starting > 0:
		now.Status = readyStarting
	case now.Tables.Behind > 0:
		now.Status = readyBehind
	default:
		now.Status = readyCompatible
	}
	return now
}

// shorten cuts a text, between two runes.
func shorten(text string) string {
	if len(text) <= longestReason {
		return text
	}
	return strings.ToValidUTF8(text[:longestReason], "") + "…"
}
