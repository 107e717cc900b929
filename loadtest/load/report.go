package load

import (
	"time"

	"github.com/schemactor/schemactor/internal/checker"
)

// Sample is how a run stands while it goes on.
type Sample struct {
	Elapsed    time.Duration `json:"elapsed"`
	Counts     Counts        `json:"counts"` // since the beginning
	Rate       float64       `json:"rate"`   // creates per second since the last sample
	P50        time.Duration `json:"p50"`    // of creates since the last sample; 0 where there were none
	P99        time.Duration `json:"p99"`
	Tables     int64         `json:"tables"`     // that the ledger has
	Migrations int64         `json:"migrations"` // that it counts
	Errors     int64         `json:"errors"`
	Kills      int64         `json:"kills"`
}

// Report is what came of a run.
type Report struct {
	Database    string           `json:"database"` // for people; no password
	Writers     int              `json:"writers"`
	Tables      int              `json:"tables"`
	Processes   int              `json:"processes"`
	Seed        uint64           `json:"seed"`
	Elapsed     time.Duration    `json:"elapsed"`
	Interrupted bool             `json:"interrupted,omitempty"`
	Counts      Counts           `json:"counts"`
	P50         time.Duration    `json:"p50"` // of all creates, those that waited for their table included
	P99         time.Duration    `json:"p99"`
	Max         time.Duration    `json:"max"`
	Ready       int64            `json:"ready"`      // tables that the ledger has
	Migrations  int64            `json:"migrations"` // that it counts
	Kills       int64            `json:"kills"`
	Unsaid      int64            `json:"unsaid"` // rows that are there and that nobody acknowledged
	Faults      []Fault          `json:"faults,omitempty"`
	Verdict     *checker.Verdict `json:"verdict"`
	// Kept says where the tables are, if they were kept.
	Kept string `json:"kept,omitempty"`
}

// OK reports whether every promise was kept: the verdict is a good one, and no caller got an error. What a worker had no
// time to tell before it was killed is no error; what it told before counts.
func (r *Report) OK() bool { return len(r.Faults) == 0 && r.Verdict.OK() }
