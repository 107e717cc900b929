package dashboard

import (
	"context"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// Handler serves the page and its API. It is safe for concurrent use. It runs no goroutines of its own; what requests do ends
// with Close.
type Handler struct {
	source Source
	config Config
	served http.Handler // routes behind the middleware
	origin *http.CrossOriginProtection

	assets  map[string]*asset
	roster  *roster
	ring    *ring
	reads   chan struct{} // a place for each question to the database
	streams chan struct{} // a place for each live page
	apply   chan struct{} // the one place for plans that are being applied

	unlisten func()
	ctx      context.Context // ends with Close
	cancel   context.CancelFunc
	mu       sync.Mutex // of running and ctx together: nothing begins after Close
	running  sync.WaitGroup
}

// New gives the handler for a source, and begins to listen to it. A nil cfg is the zero Config; a faulty one is schema.ErrInvalid.
// Call Close when the server shuts down: before http.Server.Shutdown, which waits for live pages and does not end them.
func New(source Source, cfg *Config) (*Handler, error) {
	if source == nil {
		return nil, schema.Invalid("new dashboard", "", "", "no source given")
	}
	config, err := resolve(cfg)
	if err != nil {
		return nil, err
	}
	h := &Handler{
		source: source, config: config, origin: http.NewCrossOriginProtection(),
		reads: make(chan struct{}, config.Reads), streams: make(chan struct{}, config.Streams), apply: make(chan struct{}, 1),
		ring: newRing(config.Recent),
	}
	for _, origin := range config.TrustedOrigins {
		if err := h.origin.AddTrustedOrigin(origin); err != nil {
			return nil, schema.Invalid("new dashboard", "", "", "Config.TrustedOrigins: %v", err)
		}
	}
	if h.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.roster = newRoster(source.Status, h.ring)
	h.served = h.routes()
	if config.Middleware != nil {
		h.served = config.Middleware(h.served)
	}
	h.unlisten = source.Listen(h.ring.listener())
	return h, nil
}

// Close stops listening, ends live pages and whatever else is being served, and waits for it, no longer than ctx allows; then the
// error is the context's cause. Requests that come later are answered with 503. A second Close does the same again.
func (h *Handler) Close(ctx context.Context) error {
	h.unlisten()
	h.mu.Lock()
	h.cancel()
	h.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		h.running.Wait()
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// enter counts a request in, unless the handler is closed.
func (h *Handler) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ctx.Err() != nil {
		return false
	}
	h.running.Add(1)
	return true
}

// ServeHTTP serves whatever is below the prefix, with the prefix or without it.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	protect(w.Header())
	if !h.enter() {
		fail(w, http.StatusServiceUnavailable, "closed", "the dashboard is closed")
		return
	}
	defer h.running.Done()

	inner := r.URL.Path
	if rest, ok := strings.CutPrefix(inner, h.config.Prefix); ok {
		inner = rest
	} else if inner == "" || inner+"/" == h.config.Prefix {
		// Relative links need the slash. The path that the client knows may be longer than the one that came here.
		w.Header().Set("Location", path.Base(strings.TrimRight(clientPath(r), "/"))+"/")
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer h.endsWithClose(w, cancel)()
	below := r.WithContext(ctx)
	url := *r.URL
	url.Path, url.RawPath = "/"+strings.TrimPrefix(inner, "/"), ""
	below.URL = &url
	h.served.ServeHTTP(w, below)
}

// endsWithClose ends a request when the handler is closed: also one whose client does not send its body, or does not take the answer.
// What it gives is to be called when the request is over.
func (h *Handler) endsWithClose(w http.ResponseWriter, cancel context.CancelFunc) (over func()) {
	told := make(chan struct{})
	stop := context.AfterFunc(h.ctx, func() {
		defer close(told)
		cancel()
		control := http.NewResponseController(w) // not every writer has deadlines
		_ = control.SetReadDeadline(time.Now())
		_ = control.SetWriteDeadline(time.Now().Add(partingPatience))
	})
	return func() {
		if !stop() {
			<-told // or the next request of the connection would have these deadlines
		}
	}
}

// clientPath is the path as it was asked for, before any prefix was taken off.
func clientPath(r *http.Request) string {
	asked, _, _ := strings.Cut(r.RequestURI, "?")
	if asked == "" {
		return r.URL.Path
	}
	return asked
}

// endpoint is one path of the API.
type endpoint struct {
	method string
	serve  http.HandlerFunc
}

// routes leads a request to its endpoint, or to a file of the page. A ServeMux would send clients whose path is not clean to one that
// lacks the prefix.
func (h *Handler) routes() http.Handler {
	endpoints := map[string]endpoint{}
	for pattern, serve := range h.endpoints() {
		method, path, _ := strings.Cut(pattern, " ")
		endpoints[path] = endpoint{method: method, serve: serve}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		found, ok := endpoints[r.URL.Path]
		switch {
		case !ok && strings.HasPrefix(r.URL.Path, "/api/"):
			fail(w, http.StatusNotFound, "no-endpoint", "there is no such endpoint")
		case !ok:
			h.serveAsset(w, r)
		case r.Method != found.method:
			w.Header().Set("Allow", found.method)
			fail(w, http.StatusMethodNotAllowed, "method", "this is asked for by "+found.method)
		default:
			found.serve(w, r)
		}
	})
}

// endpoints are those of the API; docs/dashboard.md tells what they give.
func (h *Handler) endpoints() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		"GET /api/overview": h.serveOverview,
		"GET /api/tables":   h.serveTables,
		"GET /api/table":    h.serveTable,
		"GET /api/lane":     h.serveLane,
		"GET /api/events":   h.serveEvents,
		"GET /api/history":  h.serveHistory,
		"GET /api/drift":    h.serveDrift,
		"GET /api/plan":     h.servePlan,
		"POST /api/ensure":  h.serveEnsure,
		"POST /api/retry":   h.serveEnsure,
		"POST /api/apply":   h.serveApply,
	}
}
