package dashboard

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/schemactor/schemactor/schema"
)

const (
	revisionsUsual = 20
	revisionsMost  = 100
)

// historyAnswer is a page of the revisions of one table, newest first.
type historyAnswer struct {
	Table     schema.Ref `json:"table"`
	Total     int        `json:"total"`
	Offset    int        `json:"offset"`
	Revisions []revision `json:"revisions"`
}

// revision is one row of the ledger's history, and what the table became by it.
type revision struct {
	ID          int64                `json:"id"`
	Generation  int64                `json:"generation"`
	State       schema.RevisionState `json:"state"`
	From        string               `json:"fromFingerprint,omitempty"`
	To          string               `json:"toFingerprint"`
	Statements  []string             `json:"statements,omitempty"`
	Reason      string               `json:"reason,omitempty"`
	Failure     string               `json:"failure,omitempty"`
	Millis      float64              `json:"ms"`
	Host        string               `json:"host,omitempty"`
	PID         int64                `json:"pid,omitempty"`
	Application string               `json:"application,omitempty"`
	Version     string               `json:"version,omitempty"`
	AppliedAt   time.Time            `json:"appliedAt"`
	Tampered    bool                 `json:"tampered,omitempty"`

	// Diff is the table before and after, a line for each column, key, index, foreign key and check. It is empty where the ledger
	// did not write down how the table looked; DiffNote then says why.
	Diff     []diffLine `json:"diff,omitempty"`
	DiffNote string     `json:"diffNote,omitempty"`
}

func (h *Handler) serveHistory(w http.ResponseWriter, r *http.Request) {
	status, ok := h.named(w, r)
	if !ok {
		return
	}
	offset, err := number(r.URL.Query(), "offset", 0, 1<<31-1)
	if err != nil {
		failed(w, err)
		return
	}
	limit, err := number(r.URL.Query(), "limit", revisionsUsual, revisionsMost)
	if err != nil {
		failed(w, err)
		return
	}
	h.question(w, r, func(ctx context.Context) (any, error) {
		all, err := h.source.History(ctx, status.Table.String())
		if err != nil {
			return nil, err
		}
		answer := &historyAnswer{Table: status.Table, Total: len(all), Offset: min(offset, len(all)), Revisions: []revision{}}
		for at := len(all) - 1 - answer.Offset; at >= 0 && len(answer.Revisions) < limit; at-- {
			answer.Revisions = append(answer.Revisions, describe(all, at))
		}
		return answer, nil
	})
}

// describe tells of one revision among all of its table, oldest first.
func describe(all []schema.Revision, at int) revision {
	r := &all[at]
	told := revision{
		ID: r.ID, Generation: r.Generation, State: r.State, From: r.FromFingerprint, To: r.ToFingerprint, Statements: r.Statements,
		Reason: r.Reason, Failure: r.Failure, Millis: milliseconds(r.Duration), Host: r.Host, PID: r.PID,
		Application: r.Application, Version: r.Version, AppliedAt: r.AppliedAt, Tampered: r.Tampered,
	}
	after, ok := shapeOf(r)
	if !ok {
		told.DiffNote = "The ledger writes down how a table looks once a change is done; this revision is not such a one."
		if r.Catalog != "" {
			told.DiffNote = "What the ledger holds of the table's look cannot be read."
		}
		return told
	}
	var before []string
	for earlier := at - 1; earlier >= 0; earlier-- {
		if shape, ok := shapeOf(&all[earlier]); ok {
			before = shape
			break
		}
	}
	told.Diff = diff(before, after)
	if r.State == schema.RevisionAdopted && before == nil {
		told.DiffNote = "The table was there and matched: nothing was run. This is how it looked."
	}
	return told
}

// shapeOf gives the lines of the table as it looked after a revision.
func shapeOf(r *schema.Revision) ([]string, bool) {
	var live schema.Live
	if r.Catalog == "" || json.Unmarshal([]byte(r.Catalog), &live) != nil {
		return nil, false
	}
	return shape(&live), true
}
