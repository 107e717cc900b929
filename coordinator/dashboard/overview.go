package dashboard

import (
	"context"
	"net/http"
	"time"

	"github.com/schemactor/schemactor/schema"
)

// overview is the whole at a glance. It is asked for, and sent to live pages as the event "pulse".
type overview struct {
	Now      time.Time            `json:"now"`
	Title    string               `json:"title"`
	Revision uint64               `json:"revision"` // grows when any table is not as it was
	Total    int                  `json:"total"`
	Counts   map[schema.State]int `json:"counts"`
	Behind   int                  `json:"behind"`  // ready tables that a newer program has changed
	Waiters  int                  `json:"waiters"` // callers that wait now, of all tables
	Ready    bool                 `json:"ready"`   // what Coordinator.Ready says: every table is
	Actions  bool                 `json:"actions"`
	Lane     laneAnswer           `json:"lane"`
}

func (h *Handler) overview(ctx context.Context) (*overview, error) {
	t, err := h.roster.look(ctx)
	if err != nil {
		return nil, err
	}
	return &overview{
		Now: time.Now().UTC(), Title: h.config.Title, Revision: t.revision, Total: len(t.all), Counts: t.counts, Behind: t.behind,
		Waiters: t.waiters, Ready: t.counts[schema.StateReady] == len(t.all), Actions: h.config.Actions, Lane: h.lane(),
	}, nil
}

func (h *Handler) serveOverview(w http.ResponseWriter, r *http.Request) {
	whole, err := h.overview(r.Context())
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, whole)
}

// laneAnswer is the write lane.
type laneAnswer struct {
	schema.LaneStatus
	Batch []batchSize `json:"batch"` // Sizes with what each place is for
}

// batchSize is how many batches had a size.
type batchSize struct {
	From  int   `json:"from"`
	To    int   `json:"to"` // 0: no bound
	Count int64 `json:"count"`
}

func (h *Handler) lane() laneAnswer {
	answer := laneAnswer{LaneStatus: h.source.LaneStatus(), Batch: make([]batchSize, schema.LaneSizes)}
	for i, count := range answer.Sizes {
		size := batchSize{From: 1, To: 1 << i, Count: count}
		if i > 0 {
			size.From = 1<<(i-1) + 1
		}
		if i == schema.LaneSizes-1 {
			size.To = 0
		}
		answer.Batch[i] = size
	}
	return answer
}

func (h *Handler) serveLane(w http.ResponseWriter, _ *http.Request) { reply(w, h.lane()) }
