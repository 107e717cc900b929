package dashboard

import (
	"context"
	"errors"
	"net/http"
)

// errBusy is a question that never got its turn.
var errBusy = errors.New("other pages are asking the database; try again")

// read asks the database for something: within Config.Timeout, and no more than Config.Reads at a time.
func (h *Handler) read(parent context.Context, ask func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(parent, h.config.Timeout)
	defer cancel()
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	case <-ctx.Done():
		if parent.Err() != nil {
			return context.Cause(parent)
		}
		return errBusy
	}
	return ask(ctx)
}

// question answers with what the database says.
func (h *Handler) question(w http.ResponseWriter, r *http.Request, ask func(ctx context.Context) (any, error)) {
	var answer any
	err := h.read(r.Context(), func(ctx context.Context) (err error) {
		answer, err = ask(ctx)
		return err
	})
	if err != nil {
		failed(w, err)
		return
	}
	reply(w, answer)
}
