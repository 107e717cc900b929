package schema

import (
	"math/bits"
	"time"
)

// State is where a table stands for this process.
type State string

// The states of a table.
const (
	StateUnknown  State = "unknown"  // nobody asked yet, or the memory was given up
	StateEnsuring State = "ensuring" // being made ready now
	StateReady    State = "ready"    // remembered as matching
	StateFailed   State = "failed"   // the last attempt failed and its backoff runs; after that the next caller tries again
	StateBlocked  State = "blocked"  // the last attempt failed for good: only Ensure by hand tries again
	StateClosed   State = "closed"
)

// Status is what people look at: one table as this process sees it. It is read from memory, never from a database.
type Status struct {
	Table       Ref       `json:"table"`
	State       State     `json:"state"`
	Generation  int64     `json:"generation,omitempty"` // 0 unless ready
	Fingerprint string    `json:"fingerprint"`
	Behind      bool      `json:"behind,omitempty"`    // ready, and changed since by a newer model that leaves this one room
	Since       time.Time `json:"since"`               // when the state was entered, UTC
	Waiters     int       `json:"waiters"`             // callers waiting now
	Asks        int64     `json:"asks"`                // messages sent to the schema actor so far; warm calls send none
	Attempts    int64     `json:"attempts"`            // attempts to make the table ready so far
	LastError   string    `json:"lastError,omitempty"` // of the last failed attempt, cleared by a success
	NextRetry   time.Time `json:"nextRetry,omitzero"`  // when the backoff ends; zero unless failed
}

// LaneStatus is what a write lane is doing and has done.
type LaneStatus struct {
	Waiting int  `json:"waiting"`           // writes that wait for the next batch
	Direct  int  `json:"direct"`            // writes that run by themselves at this moment
	Resting bool `json:"resting,omitempty"` // batches were of no use lately, and all writes run by themselves for up to a second

	Batches  int64 `json:"batches"`  // transactions that held more than one caller's write, or were begun for them
	Together int64 `json:"together"` // writes that were done in these
	Apart    int64 `json:"apart"`    // writes that waited for a batch and then ran by themselves

	Sizes [LaneSizes]int64 `json:"sizes"` // how many of the batches had each size; see LaneSize
}

// LaneSizes is how many sizes of batches are told apart.
const LaneSizes = 12

// LaneSize is where in LaneStatus.Sizes a batch of so many writes counts: place i is for up to 2^i of them, and more than those of
// the place before; the last also for all that are larger.
func LaneSize(writes int) int {
	return min(bits.Len(uint(max(writes, 1)-1)), LaneSizes-1)
}
