package service

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"github.com/schemactor/schemactor/schema"
)

// problem is an RFC 9457 body. Its words come from here and from the library, whose errors hold no row values.
type problem struct {
	Type       string `json:"type"` // about:blank: the status says it all, and code tells apart what shares one
	Title      string `json:"title"`
	Status     int    `json:"status"`
	Code       string `json:"code"`
	Detail     string `json:"detail,omitempty"`
	Constraint string `json:"constraint,omitempty"`
	RequestID  string `json:"request_id"`
}

// refusal is an error of the request itself.
type refusal struct {
	status int
	code   string
	detail string
}

func (r *refusal) Error() string { return r.detail }

// refuse makes a refusal.
func refuse(status int, code, detail string) error { return &refusal{status, code, detail} }

// verdict is what one kind of error is over HTTP.
type verdict struct {
	kind   error
	status int
	code   string
	detail string
}

// verdicts are looked through in this order: an outcome that is not known matches other kinds, too.
func verdicts() []verdict {
	return []verdict{
		{schema.ErrOutcomeUnknown, 503, "outcome-unknown", "it is not known whether this was stored; look for it before sending it again"},
		{schema.ErrNotFound, 404, "not-found", "there is no such row"},
		{schema.ErrDuplicate, 409, "duplicate", "a row with this unique value is there already"},
		{schema.ErrConflict, 412, "conflict", "the row has another version by now; read it again"},
		{schema.ErrForeignKey, 422, "foreign-key", "a row that this one points to is missing, or others point to it"},
		{schema.ErrCheck, 422, "check", "a value is not allowed"},
		{schema.ErrNotNull, 422, "not-null", "a value is missing"},
		{schema.ErrInvalid, 400, "invalid", "the request does not fit the table"},
		{schema.ErrClosed, 503, "stopping", "the service is stopping"},
		{context.DeadlineExceeded, 503, "timeout", "this took too long"},
		{schema.ErrUnavailable, 503, "unavailable", "the database does not answer; nothing was stored"},
	}
}

// judge says what an error is over HTTP. What is not known here and may pass by itself is a 503, as is a table that is not
// ready; all else is a fault of ours.
func judge(err error) problem {
	p := problem{Type: "about:blank", Status: http.StatusInternalServerError, Code: "internal"}
	var refused *refusal
	var tooLarge *http.MaxBytesError
	var notReady *schema.EnsureError
	var known *schema.Error
	switch {
	case errors.As(err, &refused):
		p.Status, p.Code, p.Detail = refused.status, refused.code, refused.detail
		return p
	case errors.As(err, &tooLarge):
		p.Status, p.Code, p.Detail = http.StatusRequestEntityTooLarge, "too-large", "the body is larger than allowed"
		return p
	case errors.As(err, &notReady):
		p.Status, p.Code, p.Detail = http.StatusServiceUnavailable, "not-ready", "a table is not ready; nothing was stored"
		return p
	}
	for _, v := range verdicts() {
		if errors.Is(err, v.kind) {
			p.Status, p.Code, p.Detail = v.status, v.code, v.detail
			if errors.As(err, &known) {
				p.Constraint = known.Constraint
				if v.kind == schema.ErrInvalid && known.Detail != "" {
					p.Detail = known.Detail
				}
			}
			return p
		}
	}
	if schema.Transient(err) {
		p.Status, p.Code, p.Detail = http.StatusServiceUnavailable, "busy", "others were in the way; nothing was stored"
	}
	return p
}

// fail answers with the problem that an error is. A client that has gone away is told nothing.
func (s *Service) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := judge(err)
	p.Title, p.RequestID = http.StatusText(p.Status), requestID(r.Context())
	if p.Status >= http.StatusInternalServerError && !errors.Is(r.Context().Err(), context.Canceled) {
		s.logger.Warn("request failed", zap.String("request_id", p.RequestID), zap.String("code", p.Code), zap.Error(err))
	}
	header := w.Header()
	if p.Status == http.StatusServiceUnavailable {
		header.Set("Retry-After", "1")
	}
	header.Del("Location")
	header.Del("ETag")
	header.Set("Cache-Control", "no-store")
	body, _ := json.Marshal(p) // strings and numbers always can be
	header.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
