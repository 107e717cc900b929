package dashboard

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/schemactor/schemactor/schema"
)

// problem is the body of every answer that is an error, as RFC 9457 has it.
type problem struct {
	Title  string `json:"title"`  // the status in words
	Status int    `json:"status"` // that of the answer
	Code   string `json:"code"`   // for programs; docs/dashboard.md has them all
	Detail string `json:"detail"` // for people
	// Hazards are those that an action met and nobody approved.
	Hazards []schema.Hazard `json:"hazards,omitempty"`
}

func fail(w http.ResponseWriter, status int, code, detail string) {
	send(w, &problem{Title: http.StatusText(status), Status: status, Code: code, Detail: detail})
}

func send(w http.ResponseWriter, p *problem) {
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	write(w, p.Status, "application/problem+json", p)
}

// reply answers with a JSON body.
func reply(w http.ResponseWriter, body any) { write(w, http.StatusOK, "application/json", body) }

func write(w http.ResponseWriter, status int, mediaType string, body any) {
	text, err := json.Marshal(body)
	if err != nil { // nothing that is answered can fail to be JSON
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(append(text, '\n')) // who has left is told nothing
}

// kinds tells the library's errors from each other, the narrower ones first.
var kinds = []struct {
	is     error
	status int
	code   string
}{
	{errBusy, http.StatusServiceUnavailable, "busy"},
	{schema.ErrClosed, http.StatusServiceUnavailable, "closed"},
	{schema.ErrStalePlan, http.StatusConflict, "stale-plan"},
	{schema.ErrDestructive, http.StatusConflict, "not-approved"},
	{schema.ErrMigrationRequired, http.StatusConflict, "migration-required"},
	{schema.ErrSchemaMismatch, http.StatusConflict, "mismatch"},
	{schema.ErrStaleModel, http.StatusConflict, "stale-model"},
	{schema.ErrUnfitRows, http.StatusConflict, "unfit-rows"},
	{schema.ErrLockTimeout, http.StatusServiceUnavailable, "locked"},
	{schema.ErrPermission, http.StatusBadGateway, "permission"},
	{schema.ErrUnavailable, http.StatusServiceUnavailable, "unavailable"},
	{schema.ErrInvalid, http.StatusUnprocessableEntity, "invalid"},
	{context.DeadlineExceeded, http.StatusGatewayTimeout, "timeout"},
	{context.Canceled, http.StatusServiceUnavailable, "canceled"},
}

// failed answers with an error of the source. Only the library's own words are passed on: these hold no row values.
func failed(w http.ResponseWriter, err error) {
	p := &problem{Status: http.StatusBadGateway, Code: "database", Detail: "the database answered with an error"}
	for _, kind := range kinds {
		if errors.Is(err, kind.is) {
			p.Status, p.Code, p.Detail = kind.status, kind.code, kind.is.Error()
			break
		}
	}
	var known *schema.Error
	var ensure *schema.EnsureError
	var policy *schema.PolicyError
	switch {
	case errors.As(err, &ensure):
		p.Detail = ensure.Error()
	case errors.As(err, &policy):
		p.Detail = policy.Error()
	case errors.As(err, &known):
		p.Detail = known.Error()
	}
	if errors.As(err, &policy) {
		p.Hazards = policy.Refused
	}
	if p.Code == "timeout" {
		p.Detail = "the database did not answer in time"
	}
	p.Title = http.StatusText(p.Status)
	send(w, p)
}
