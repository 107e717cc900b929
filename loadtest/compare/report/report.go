package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/schemactor/schemactor/loadtest/compare/match"
)

// Report is a result with all that is needed to get it again.
type Report struct {
	Command string    `json:"command"`
	Date    time.Time `json:"date"`
	Took    string    `json:"took"`
	Seed    uint64    `json:"seed"`
	Keys    string    `json:"keys"` // ordered or random
	Machine Machine   `json:"machine"`
	*match.Result
}

// JSON writes every sample.
func (r *Report) JSON(w io.Writer) error {
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(r)
}
