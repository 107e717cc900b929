package service

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
)

const (
	// bodyMost is the largest body that is read, in bytes.
	bodyMost = 64 << 10
	// answerMost is how long a client may take for an answer that is no operation's. Pages that stream bound each write themselves.
	answerMost = 30 * time.Second
)

// endpoint is one operation of the API; its error becomes a problem.
type endpoint func(w http.ResponseWriter, r *http.Request) error

// handle adds an operation, with the bounds that all of them have.
func (s *Service) handle(pattern string, do endpoint) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), s.config.RequestTimeout)
		defer cancel()
		// Set here and not for the server: pages that stream live longer. A server that cannot has no deadlines to be set.
		end := time.Now().Add(s.config.RequestTimeout)
		control := http.NewResponseController(w)
		_ = control.SetReadDeadline(end)
		_ = control.SetWriteDeadline(end.Add(time.Second))
		r = r.WithContext(ctx)
		r.Body = http.MaxBytesReader(w, r.Body, bodyMost)
		w.Header().Set("Cache-Control", "no-store")
		if err := do(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

type requestKey struct{}

// requestID gives the identifier of the request that a context is of.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// identify takes the caller's identifier if it is one that may be logged, or makes one.
func identify(r *http.Request) string {
	given := r.Header.Get("X-Request-Id")
	if given == "" || len(given) > 64 {
		return uuid.NewString()
	}
	for _, c := range given {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' && c != '.' {
			return uuid.NewString()
		}
	}
	return given
}

// surround is what every request passes: an identifier, a line in the log, and an answer where there would be none.
func (s *Service) surround(mux *http.ServeMux) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, refuse(http.StatusForbidden, "cross-origin", "a page of another origin asks for a change"))
	}))
	guarded := protection.Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, id := time.Now(), identify(r)
		answer := &answer{ResponseWriter: w}
		header := w.Header()
		header.Set("X-Request-Id", id)
		header.Set("X-Content-Type-Options", "nosniff")
		if s.draining.Load() {
			// The client opens its next connection where somebody stays.
			header.Set("Connection", "close")
		}
		control := http.NewResponseController(w)
		if r.ContentLength != 0 {
			// Also where nobody reads the body: before it answers the server does.
			_ = control.SetReadDeadline(began.Add(s.config.RequestTimeout))
		}
		_ = control.SetWriteDeadline(began.Add(answerMost))
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
		_, pattern := mux.Handler(r)
		defer func() {
			fault := recover()
			if fault == http.ErrAbortHandler {
				panic(fault)
			}
			if fault != nil {
				// What it panicked with may hold anything; its type is enough to find it.
				s.logger.Error("a request panicked", zap.String("request_id", id), zap.String("type", fmt.Sprintf("%T", fault)),
					zap.ByteString("stack", debug.Stack()))
				if answer.code == 0 {
					s.fail(answer, r, refuse(http.StatusInternalServerError, "internal", ""))
				} else {
					// What was begun must not look as if it were whole: the server cuts it off.
					defer panic(http.ErrAbortHandler)
				}
			}
			if answer.code == 0 {
				answer.code = http.StatusOK // nothing was said, which is what net/http then says
			}
			took := time.Since(began)
			s.metrics.count(pattern, answer.code, took)
			s.log(r, pattern, answer, took)
		}()
		if pattern == "" {
			s.unrouted(answer, r)
			return
		}
		guarded.ServeHTTP(answer, r)
	})
}

// log writes the line of one request: its route, and neither path nor parameters.
func (s *Service) log(r *http.Request, pattern string, a *answer, took time.Duration) {
	if line := s.logger.Check(zap.InfoLevel, "request"); line != nil {
		line.Write(zap.String("request_id", requestID(r.Context())), zap.String("method", r.Method), zap.String("route", pattern),
			zap.Int("status", a.code), zap.Int64("bytes", a.bytes), zap.Duration("duration", took))
	}
}

// unrouted answers what no route is for as the mux would, and as a problem.
func (s *Service) unrouted(w http.ResponseWriter, r *http.Request) {
	quiet := &discarded{header: w.Header()}
	s.mux.ServeHTTP(quiet, r)
	if quiet.code == http.StatusMethodNotAllowed {
		s.fail(w, r, refuse(quiet.code, "method", "there are "+w.Header().Get("Allow")))
		return
	}
	s.fail(w, r, refuse(http.StatusNotFound, "not-found", "there is nothing at this path"))
}

// discarded takes an answer's headers and code, and no body.
type discarded struct {
	header http.Header
	code   int
}

func (d *discarded) Header() http.Header         { return d.header }
func (d *discarded) WriteHeader(code int)        { d.code = code }
func (d *discarded) Write(b []byte) (int, error) { return len(b), nil }

// answer notes what was answered.
type answer struct {
	http.ResponseWriter
	code  int
	bytes int64
}

// WriteHeader notes the code.
func (a *answer) WriteHeader(code int) {
	if a.code == 0 {
		a.code = code
	}
	a.ResponseWriter.WriteHeader(code)
}

// Write notes the number of bytes.
func (a *answer) Write(b []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through, for deadlines and streams.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
