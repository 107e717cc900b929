package dashboard

import (
	"context"
	"net/http"
)

// question asks the database for something and answers with it: within Config.Timeout, and no more than Config.Reads at a time.
func (h *Handler) question(w http.ResponseWriter, r *http.Request, ask func(ctx context.Context) (any, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), h.config.Timeout)
	defer cancel()
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	case <-ctx.Done():
		if r.Context().Err() == nil {
			fail(w, http.StatusServiceUnavailable, "busy", "other pages are asking the database; try again")
		}
		return
	}
	answer, err := ask(ctx)
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, answer)
}
