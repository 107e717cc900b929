package actors

import (
	"context"
	"time"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// silent marks messages that Proto.Actor must not print when they reach a stopped actor.
type silent struct{}

// IgnoreDeadLetterLogging is what Proto.Actor looks for.
func (silent) IgnoreDeadLetterLogging() {}

// ask wants the table ready. The reply channel has room for the one answer, so that the actor never waits for a caller.
type ask struct {
	silent
	ctx    context.Context // of the caller: tells whether it is still there
	byHand bool            // try also where a failure is remembered
	reply  chan answer
}

// settle gives the caller its answer; a second one is dropped.
func (m *ask) settle(outcome answer) {
	select {
	case m.reply <- outcome:
	default:
	}
}

// answer is one outcome, the same for all who waited for it.
type answer struct {
	snapshot *schema.Snapshot
	err      error
}

// finished is what an attempt sends back to the actor that started it.
type finished struct {
	silent
	snapshot   *schema.Snapshot
	failed     *schema.EnsureError // nil for success
	seen       dialect.Sighting    // what the boot read showed last
	statements int
	duration   time.Duration
}

// migrated says that the table was brought to its model outside of an attempt of the actor's own.
type migrated struct {
	silent
	snapshot   *schema.Snapshot
	statements int
	duration   time.Duration
	done       chan struct{} // closed when it has been taken note of
}

// hinted says that somebody else has changed the table: a remembered failure may be out of date.
type hinted struct{ silent }

// invalidated says that a memory was given up.
type invalidated struct {
	silent
	seen *schema.Snapshot
}
