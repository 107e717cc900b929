package schema

import (
	"fmt"
	"strings"
)

// Standing says how a model stands to what the ledger knows of its table.
type Standing string

// The standings.
const (
	StandingCurrent Standing = "current" // the ledger's last word is this model
	StandingBehind  Standing = "behind"  // the table was this model's before a newer one came
	StandingNew     Standing = "new"     // the ledger has never seen it
)

// Drift is what differs between the ledger, the live table and the model of one table.
type Drift struct {
	Table    Ref      `json:"table"`
	Standing Standing `json:"standing"`
	Missing  bool     `json:"missing,omitempty"` // the table is not there
	// SinceLedger is what somebody else has changed: the live table against what the ledger remembers of it, which is
	// the Want side. Empty where the ledger has no memory.
	SinceLedger []Change `json:"sinceLedger,omitempty"`
	// ToModel is the live table against the model.
	ToModel []Change `json:"toModel,omitempty"`
	// Tampered names the ledger rows that somebody edited: "present entry", or "revision 12".
	Tampered []string `json:"tampered,omitempty"`
	// Unfinished are the revisions that were begun and whose end nobody wrote down.
	Unfinished []int64  `json:"unfinished,omitempty"`
	Notes      []string `json:"notes,omitempty"` // what limits the comparison
}

// Any reports whether anything at all is not as ledger and model have it.
func (d *Drift) Any() bool {
	return d.Missing || d.Standing != StandingCurrent || len(d.SinceLedger)+len(d.ToModel)+len(d.Tampered)+len(d.Unfinished) > 0
}

// String tells the drift to people, a line for each difference.
func (d *Drift) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", d.Table)
	switch {
	case !d.Any():
		b.WriteString("no drift\n")
	case d.Missing:
		fmt.Fprintf(&b, "the table is missing; model is %s\n", d.Standing)
	default:
		fmt.Fprintf(&b, "model is %s\n", d.Standing)
	}
	for _, c := range d.SinceLedger {
		fmt.Fprintf(&b, "  since the ledger: %s\n", c)
	}
	for _, c := range d.ToModel {
		fmt.Fprintf(&b, "  to the model: %s\n", c)
	}
	for _, row := range d.Tampered {
		fmt.Fprintf(&b, "  edited in the ledger: %s\n", row)
	}
	for _, id := range d.Unfinished {
		fmt.Fprintf(&b, "  begun and not ended: revision %d\n", id)
	}
	for _, note := range d.Notes {
		fmt.Fprintf(&b, "  note: %s\n", note)
	}
	return b.String()
}
