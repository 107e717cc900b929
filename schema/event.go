package schema

import "time"

// Listener receives what happens to tables. Every field is optional. Callbacks run on the library's goroutines, one
// at a time for each table: they must be quick and must not call back into the coordinator. A Listener is not changed
// once it was handed over.
type Listener struct {
	// Ensuring: an attempt to make the table ready begins.
	Ensuring func(Event)
	// Entered: the attempt has come to the step Event.Phase; steps may be come to again. What it says is the place where an
	// attempt is, or was when its program died. With Event.SQL that statement is about to run.
	Entered func(Event)
	// LockWaiting: another process holds the table's lock; Event.Duration is the wait so far.
	LockWaiting func(Event)
	// Applied: one statement ran inside the attempt's transaction; Event.SQL is its text. It is not committed yet.
	Applied func(Event)
	// Progress: a step that goes through the table in batches has come to Event.Rows rows; Event.SQL is its statement.
	Progress func(Event)
	// Ready: the table is remembered as matching; Event.Duration is that of the attempt, Event.Waiters who were answered.
	Ready func(Event)
	// Failed: the attempt failed; Event.Err is what callers get, Event.Retry how long the database is left alone.
	Failed func(Event)
	// Invalidated: a memory was given up because of Event.Err.
	Invalidated func(Event)
}

// Event is one thing that happened to one table. Fields that do not apply are zero.
type Event struct {
	Table      Ref
	Phase      Phase
	Generation int64
	Statements int           // how many statements the attempt ran; 0 for a table that was found matching
	SQL        string        // one statement, for Applied
	Duration   time.Duration // monotonic
	Retry      time.Duration // backoff; negative means until Ensure is called by hand
	Waiters    int
	Rows       int64 // looked at so far, for Progress
	Err        error // never holds row values or credentials
}

// Tee gives a Listener that calls all of ls in their order; nil ones are skipped.
func Tee(ls ...*Listener) *Listener {
	pick := func(field func(*Listener) func(Event)) func(Event) {
		var calls []func(Event)
		for _, l := range ls {
			if l == nil {
				continue
			}
			if call := field(l); call != nil {
				calls = append(calls, call)
			}
		}
		if len(calls) == 0 {
			return nil
		}
		return func(e Event) {
			for _, call := range calls {
				call(e)
			}
		}
	}
	return &Listener{
		Ensuring:    pick(func(l *Listener) func(Event) { return l.Ensuring }),
		Entered:     pick(func(l *Listener) func(Event) { return l.Entered }),
		LockWaiting: pick(func(l *Listener) func(Event) { return l.LockWaiting }),
		Applied:     pick(func(l *Listener) func(Event) { return l.Applied }),
		Progress:    pick(func(l *Listener) func(Event) { return l.Progress }),
		Ready:       pick(func(l *Listener) func(Event) { return l.Ready }),
		Failed:      pick(func(l *Listener) func(Event) { return l.Failed }),
		Invalidated: pick(func(l *Listener) func(Event) { return l.Invalidated }),
	}
}
