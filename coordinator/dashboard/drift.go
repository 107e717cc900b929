package dashboard

import (
	"context"
	"net/http"

	"github.com/schemactor/schemactor/schema"
)

// answersMost is how many tables an answer about all of them lists.
const answersMost = 500

// driftAnswer tells how tables differ from ledger and model: those that do, or the one that was asked for.
type driftAnswer struct {
	Compared int            `json:"compared"` // tables that were looked at
	Drifted  int            `json:"drifted"`  // those of them that differ
	Tables   []schema.Drift `json:"tables"`   // at most 500
}

func (h *Handler) serveDrift(w http.ResponseWriter, r *http.Request) {
	one, names, ok := h.perhaps(w, r)
	if !ok {
		return
	}
	h.question(w, r, func(ctx context.Context) (any, error) {
		all, err := h.source.Drift(ctx, names...)
		if err != nil {
			return nil, err
		}
		answer := &driftAnswer{Compared: len(all), Tables: []schema.Drift{}}
		for _, d := range all {
			if d.Any() {
				answer.Drifted++
			}
			if (d.Any() || one) && len(answer.Tables) < answersMost {
				answer.Tables = append(answer.Tables, d)
			}
		}
		return answer, nil
	})
}

// perhaps reads which table is asked about: one, or without a name all.
func (h *Handler) perhaps(w http.ResponseWriter, r *http.Request) (one bool, names []string, ok bool) {
	if query := r.URL.Query(); query.Get("name") == "" && query.Get("namespace") == "" {
		return false, nil, true
	}
	status, ok := h.named(w, r)
	return true, []string{status.Table.String()}, ok
}
