package load

import "time"

// role is the name under which workers are started.
const role = "loadtest"

// task is what a worker is started with.
type task struct {
	Address     string
	Namespace   string
	Stem        string
	Tables      int
	Number      int64 // of the worker, from 1; each one that is started has another
	Writers     int
	Connections int
	Seed        uint64
	Notes       string // a file that is not there yet
}

// order is what the parent says to a worker.
type order string

const (
	orderGo   order = "go"
	orderStop order = "stop" // finish what was begun, and end
)

// message is what a worker says.
type message struct {
	Event  event
	Report report
}

type event string

const (
	eventReady event = "ready" // connected, and waiting for orderGo
	eventTick  event = "tick"
	eventEnd   event = "end"
)

const (
	// tickEvery is how often a worker reports.
	tickEvery = 200 * time.Millisecond
	// patience is how long one operation may take, in which a table may have to be made behind others.
	patience = 30 * time.Second
	// pause is how long a writer rests after an error.
	pause = 20 * time.Millisecond
)
