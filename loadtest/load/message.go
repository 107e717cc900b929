package load

import (
	"time"

	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/schema"
)

// role is the name under which workers are started, and application what the history calls them.
const (
	role        = "loadtest"
	application = "loadtest"
)

// task is what a worker is started with.
type task struct {
	Address     database.Address
	Mode        Mode
	Namespace   string
	Stem        string
	Tables      int
	Version     int   // of the model
	Number      int64 // of the worker, from 1; each one that is started has another
	Writers     int
	Connections int
	Seed        uint64
	Mix         Mix
	Keys        Keys
	RowSize     int
	Rate        float64 // operations per second of this worker; 0 is no rate
	Quota       int64   // operations after the warm-up; negative is no limit
	Tick        time.Duration
	Begin       time.Time // of the run; zero as long as it has not begun
	Notes       string    // a file that is not there yet
}

func (t *task) ref(table int) schema.Ref { return refOf(t.Namespace, t.Stem, table) }

// order is what the parent says to a worker.
type order struct {
	Stop bool // finish what was begun, and end; without it: go
	// Begin is when all might begin, Measured when operations begin to count, and From when this worker's first operation was to
	// begin: for one that takes the place of another, when that one ended.
	Begin, Measured, From time.Time
}

// message is what a worker says.
type message struct {
	Event  event
	Report tallied
}

type event string

const (
	eventReady event = "ready" // connected, and waiting for the word to go
	eventTick  event = "tick"
	eventEnd   event = "end"
)

const (
	// patience is how long one operation may take, in which a table may have to be made behind others.
	patience = 30 * time.Second
	// pause is how long a writer rests after an error.
	pause = 20 * time.Millisecond
	// prepareTimeout is how long a worker of a newer version may take to change all tables.
	prepareTimeout = 5 * time.Minute
)
