package dashboard

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// ActionKind is what somebody wants to be done.
type ActionKind string

// The actions.
const (
	ActionEnsure ActionKind = "ensure" // make a table ready that is not; one that is stays so without a look at the database
	ActionRetry  ActionKind = "retry"  // try again now what failed, whatever its backoff
	ActionApply  ActionKind = "apply"  // carry a plan out
)

// Action is what Config.Authorize is asked about.
type Action struct {
	Kind  ActionKind
	Table schema.Ref
	// Plan is what would be carried out, for ActionApply, and Approve the hazards that whoever asks for it accepts. For the other
	// actions they are empty.
	Plan    *schema.Plan
	Approve []schema.Allowance
}

// bodyMost is how long the body of an action may be, in bytes.
const bodyMost = 64 << 10

// actionBody is the body of a request for an action.
type actionBody struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// For apply: the hash of the plan that was shown, the hazards that are accepted, and why, for the history.
	Hash   string              `json:"hash"`
	Allow  []schema.HazardKind `json:"allow"`
	Reason string              `json:"reason"`
}

// doneAnswer is the answer to an action that was done: the table as it is now.
type doneAnswer struct {
	Table row `json:"table"`
}

// asked reads a request for an action, and answers itself where there is to be none. A page of another site can have a browser
// send requests here, but none that says where it comes from and is let in, and none with this content type.
func (h *Handler) asked(w http.ResponseWriter, r *http.Request) (body actionBody, status schema.Status, ok bool) {
	if !h.config.Actions {
		fail(w, http.StatusForbidden, "read-only", "this dashboard is read-only")
		return body, status, false
	}
	if err := h.origin.Check(r); err != nil {
		fail(w, http.StatusForbidden, "cross-origin", "the request comes from another site")
		return body, status, false
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		fail(w, http.StatusUnsupportedMediaType, "content-type", "the content type must be application/json")
		return body, status, false
	}
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyMost))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		fail(w, http.StatusBadRequest, "body", "the body is not the JSON document that is wanted")
		return body, status, false
	}
	if _, err := decoder.Token(); err != io.EOF {
		fail(w, http.StatusBadRequest, "body", "there is more than one JSON document in the body")
		return body, status, false
	}
	status, ok = h.known(w, r, schema.Ref{Namespace: body.Namespace, Name: body.Name})
	return body, status, ok
}

// allowed asks the program whether the action may be done, and answers where not.
func (h *Handler) allowed(w http.ResponseWriter, r *http.Request, action Action) bool {
	if err := h.config.Authorize(r, action); err != nil {
		fail(w, http.StatusForbidden, "forbidden", err.Error())
		return false
	}
	return true
}

// serveEnsure makes a table ready, or tries again what failed; the path says which.
func (h *Handler) serveEnsure(w http.ResponseWriter, r *http.Request) {
	_, status, ok := h.asked(w, r)
	if !ok {
		return
	}
	action := Action{Kind: ActionKind(strings.TrimPrefix(r.URL.Path, "/api/")), Table: status.Table}
	if !h.allowed(w, r, action) {
		return
	}
	if action.Kind == ActionRetry && status.State != schema.StateFailed && status.State != schema.StateBlocked {
		fail(w, http.StatusConflict, "not-failed", "the last attempt did not fail: the table is "+string(status.State))
		return
	}
	h.question(w, r, func(ctx context.Context) (any, error) {
		if err := h.source.Ensure(ctx, status.Table.String()); err != nil {
			return nil, err
		}
		return h.done(ctx, status.Table)
	})
}

func (h *Handler) done(ctx context.Context, table schema.Ref) (*doneAnswer, error) {
	t, err := h.roster.look(ctx)
	if err != nil {
		return nil, err
	}
	at, found := t.find(table)
	if !found {
		return nil, schema.Invalid("look", table.String(), "", "the table is not registered any more")
	}
	return &doneAnswer{Table: h.row(t.all[at])}, nil
}

// serveApply carries out the plan that was shown, and no other: it is made again, and must be the same to the letter. Whoever asked
// for it may leave; it goes on until it is done or the handler is closed.
func (h *Handler) serveApply(w http.ResponseWriter, r *http.Request) {
	body, status, ok := h.asked(w, r)
	if !ok {
		return
	}
	action := Action{Kind: ActionApply, Table: status.Table}
	for _, kind := range body.Allow {
		action.Approve = append(action.Approve, schema.Allowance{Hazard: kind, Table: status.Table.String(), Reason: body.Reason})
	}
	approve := schema.Policy{Allow: action.Approve}
	if err := approve.Validate(); err != nil {
		failed(w, err)
		return
	}
	var plans []*schema.Plan
	err := h.read(r.Context(), func(ctx context.Context) (err error) {
		plans, err = h.source.Plan(ctx, status.Table.String())
		return err
	})
	if err != nil {
		failed(w, err)
		return
	}
	if len(plans) != 1 || hashOf(plans[0]) != body.Hash {
		fail(w, http.StatusConflict, "stale-plan", "the plan is not the one that was shown any more; look at the new one")
		return
	}
	action.Plan = plans[0]
	if !h.allowed(w, r, action) {
		return
	}
	select {
	case h.apply <- struct{}{}:
		defer func() { <-h.apply }()
	default:
		fail(w, http.StatusConflict, "applying", "another plan is being applied")
		return
	}
	if err := h.source.Migrate(h.ctx, plans, approve); err != nil {
		failed(w, err)
		return
	}
	answer, err := h.done(h.ctx, status.Table)
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, answer)
}
