package dashboard

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"

	"github.com/schemactor/schemactor/schema"
)

// planAnswer tells what would be done to tables: those for which it is something, or the one that was asked for.
type planAnswer struct {
	Compared int        `json:"compared"` // tables that were looked at
	Planned  int        `json:"planned"`  // those of them that a plan would change
	Plans    []planView `json:"plans"`    // at most 500, in the order in which they would be carried out
}

// planView is a plan, with what people want to know of it.
type planView struct {
	Plan     *schema.Plan    `json:"plan"`
	Hash     string          `json:"hash"` // of the plan as it is here; POST api/apply wants it
	Text     string          `json:"text"` // the plan as the library prints it
	Hazards  []schema.Hazard `json:"hazards,omitempty"`
	Stepwise bool            `json:"stepwise"` // more than one transaction
}

func view(plan *schema.Plan) planView {
	return planView{Plan: plan, Hash: hashOf(plan), Text: plan.String(), Hazards: plan.Hazards(), Stepwise: plan.Stepwise()}
}

// hashOf is the same for two plans exactly if they say the same.
func hashOf(plan *schema.Plan) string {
	text, _ := json.Marshal(plan) // strings, numbers and slices of them
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (h *Handler) servePlan(w http.ResponseWriter, r *http.Request) {
	one, names, ok := h.perhaps(w, r)
	if !ok {
		return
	}
	h.question(w, r, func(ctx context.Context) (any, error) {
		all, err := h.source.Plan(ctx, names...)
		if err != nil {
			return nil, err
		}
		answer := &planAnswer{Compared: len(all), Plans: []planView{}}
		for _, plan := range all {
			if !plan.Empty() {
				answer.Planned++
			}
			if (!plan.Empty() || one) && len(answer.Plans) < answersMost {
				answer.Plans = append(answer.Plans, view(plan))
			}
		}
		return answer, nil
	})
}
