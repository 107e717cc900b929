package workflow

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// Result is what came of one run. It is the caller's.
type Result struct {
	// RunID is the run's own name, a UUID of version 7: it is in the error, too.
	RunID string
	// Outputs are what the steps gave, by their names; of a run that failed, those that completed.
	Outputs map[string]map[string]any
	// Completed are the steps that completed, in the order in which they did.
	Completed []string
	// Undone says that they did so in a transaction that was then rolled back.
	Undone bool
}

// Error says which step of which run failed. It matches what its cause matches.
type Error struct {
	Workflow, RunID string
	Step            string // empty where no step is to blame, as at the commit
	Err             error
}

// Error names workflow, run and step before the cause.
func (e *Error) Error() string {
	if e.Step == "" {
		return fmt.Sprintf("workflow %s, run %s: %v", e.Workflow, e.RunID, e.Err)
	}
	return fmt.Sprintf("workflow %s, run %s: step %s: %v", e.Workflow, e.RunID, e.Step, e.Err)
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// PanicError is the cause where a step panicked. What it panicked with may hold anything, and is not printed.
type PanicError struct {
	Value any
	Stack []byte // of the goroutine that panicked
}

// Error names the Go type of what the step panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("panic with a Go %T", e.Value) }

// newRunID makes a UUID of version 7, so that runs sort by their time.
func newRunID() string {
	var id [16]byte
	_, _ = rand.Read(id[6:]) // never fails, by its documentation
	var now [8]byte
	binary.BigEndian.PutUint64(now[:], uint64(time.Now().UnixMilli()))
	copy(id[:6], now[2:])
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:]
}
