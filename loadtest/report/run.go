package report

import "time"

// Format is the version of the JSON form that Encode writes, and the only one that Decode reads.
const Format = 1

// The modes of a run: how a program makes sure that its tables are there.
const (
	ModeCoordinator  = "coordinator"    // this library
	ModeCheckEveryOp = "check-every-op" // looks, and migrates where it must, before each operation
	ModeIfNotExists  = "if-not-exists"  // CREATE TABLE IF NOT EXISTS at the first use in each process
)

// Run is the result of one run. The zero value of each field says that it is not known, or that there was none.
type Run struct {
	// Format is that of the JSON form; Encode sets it.
	Format int `json:"format"`
	// Name is for people, who tell several runs apart by it. It may be empty: then it is the mode.
	Name string `json:"name,omitempty"`
	// Mode is one of the constants, or a word of the runner's own.
	Mode string `json:"mode"`
	// Started is when the writers might begin, by the clock on the wall.
	Started time.Time `json:"started"`
	// Elapsed is the time from Started until the last writer had ended, with Warmup in it.
	Elapsed time.Duration `json:"elapsed_ns"`
	// Warmup is the first part of Elapsed, which is in Series, and not in All and Operations.
	Warmup time.Duration `json:"warmup_ns,omitempty"`
	// Interrupted: somebody ended the run before its time.
	Interrupted bool `json:"interrupted,omitempty"`
	// TargetRate is how many operations per second were to be begun, whether earlier ones had ended or not; latencies are then
	// counted from the moment when an operation was to begin. 0 is a closed loop: each writer does one after another.
	TargetRate float64 `json:"target_rate_per_s,omitempty"`

	Database Database `json:"database"`
	Machine  Machine  `json:"machine"`
	// Config is every setting, in the order of the help.
	Config []Setting `json:"config,omitempty"`

	// Tables is how many tables the ledger (or, for a baseline, the catalogue) has at the end; Migrations is how many times one was
	// made or changed.
	Tables     int64 `json:"tables"`
	Migrations int64 `json:"migrations"`
	// Unsaid is the number of rows that are there although nobody acknowledged them: their writers were killed before they could.
	Unsaid int64 `json:"unsaid_rows,omitempty"`

	// Series is how the run went, in the order of time.
	Series []Point `json:"series,omitempty"`
	// All is all operations together; its Name is ignored.
	All Operation `json:"all"`
	// Operations is each kind of operation by itself, in the order in which they are to be shown.
	Operations []Operation `json:"operations,omitempty"`
	// Errors is what callers got, by class, the most frequent first. It covers all of Elapsed.
	Errors []ErrorCount `json:"errors,omitempty"`

	// Ensures is how each process made each table ready.
	Ensures []Ensure `json:"ensures,omitempty"`
	// EnsuresLeftOut is the number of spans that the runner did not keep, because there were too many.
	EnsuresLeftOut int64 `json:"ensures_left_out,omitempty"`
	// Faults is what was done to the run, and other moments that explain what the charts show.
	Faults []Mark `json:"faults,omitempty"`
	// Promises is the verdict, in the order in which it is to be shown. Empty: nobody has judged.
	Promises []Promise `json:"promises,omitempty"`
}

// Database is what was written to. It has no address, for that may hold a password.
type Database struct {
	Kind    string `json:"kind"`              // "SQLite", "PostgreSQL"
	Version string `json:"version,omitempty"` // as the server says it
}

// Machine is what the run ran on.
type Machine struct {
	OS   string `json:"os,omitempty"`   // as runtime.GOOS/runtime.GOARCH
	CPU  string `json:"cpu,omitempty"`  // the model, if it is known
	CPUs int    `json:"cpus,omitempty"` // that the runner may use
	Go   string `json:"go,omitempty"`   // the version
	// Library is the version or commit of this module.
	Library string `json:"library,omitempty"`
}

// Setting is one flag of the runner.
type Setting struct {
	Flag  string `json:"flag"`            // without dashes
	Value string `json:"value"`           // as the command line spells it; of a database only the kind
	Given bool   `json:"given,omitempty"` // and not the default
}

// Point is what happened in one interval.
type Point struct {
	// Offset is the end of the interval, Length its length.
	Offset time.Duration `json:"offset_ns"`
	Length time.Duration `json:"length_ns"`
	// Operations is the number of operations that were acknowledged in the interval, by the name that Run.Operations has for them.
	Operations map[string]int64 `json:"operations,omitempty"`
	// Errors is the number of errors that callers got in the interval.
	Errors int64 `json:"errors,omitempty"`
	// P50, P99 and Max are of all operations that were acknowledged in the interval; 0 where there were none.
	P50 time.Duration `json:"p50_ns,omitempty"`
	P99 time.Duration `json:"p99_ns,omitempty"`
	Max time.Duration `json:"max_ns,omitempty"`
	// Tables and Migrations are as those of Run, at the end of the interval.
	Tables     int64 `json:"tables"`
	Migrations int64 `json:"migrations"`
}

// Done is the number of operations that were acknowledged in the interval.
func (p *Point) Done() int64 {
	var n int64
	for _, count := range p.Operations {
		n += count
	}
	return n
}

// Operation is what came of one kind of operation, after the warm-up.
type Operation struct {
	Name   string `json:"name,omitempty"` // "create"
	Count  int64  `json:"count"`          // acknowledged
	Errors int64  `json:"errors,omitempty"`
	// Mean and Quantiles are of the latency of those that were acknowledged. Quantiles rise, and the last one is that of 1, the
	// longest; with those that a histogram gives by itself, the curve has as many points as it needs.
	Mean      time.Duration `json:"mean_ns,omitempty"`
	Quantiles []Quantile    `json:"quantiles,omitempty"`
}

// Quantile says that a part of the operations took Latency at most.
type Quantile struct {
	Quantile float64       `json:"quantile"` // from 0 to 1
	Latency  time.Duration `json:"latency_ns"`
}

// ErrorCount is one class of error that callers got.
type ErrorCount struct {
	Class string `json:"class"`
	Count int64  `json:"count"`
	// Fault is the kind of the fault whose own these errors are, as "restart"; they break no promise. Empty: nothing explains them.
	Fault string `json:"fault,omitempty"`
	// Example is the text of one of them. It holds no values of rows.
	Example string `json:"example,omitempty"`
}

// Ensure is how one process made one table ready, or found that it was.
type Ensure struct {
	Table   string `json:"table"`
	Process int64  `json:"process"` // from 1; a process that is started in the place of a killed one has a number of its own
	Spans   []Span `json:"spans"`   // in the order of time; between them the process did nothing about the table
}

// Phase is what a process does about a table.
type Phase string

// The phases of a Span.
const (
	PhaseLooking  Phase = "looking"  // reads ledger and catalogue, without a lock: perhaps the table is there
	PhaseWaiting  Phase = "waiting"  // for the lock, which another process may have
	PhaseLocked   Phase = "locked"   // has the lock: reads again, and plans
	PhaseApplying Phase = "applying" // runs statements, up to the commit
	PhaseReady    Phase = "ready"    // remembers the table as ready
	PhaseFailed   Phase = "failed"   // an attempt has failed, and the next one is not there yet
)

// Span is one phase.
type Span struct {
	Phase Phase `json:"phase"`
	// From and To are offsets. What goes on when the run or the process ends, ends there.
	From time.Duration `json:"from_ns"`
	To   time.Duration `json:"to_ns"`
	// Note is a word on it, as the class of the error of PhaseFailed. It may be empty.
	Note string `json:"note,omitempty"`
}

// Mark is a moment, or a stretch of time, that explains what the charts show.
type Mark struct {
	Offset time.Duration `json:"offset_ns"`
	// To is the end of a stretch, as of a freeze; 0 for a moment.
	To time.Duration `json:"to_ns,omitempty"`
	// Kind is a word for what was done: "kill", "freeze", "restart", "cut", "drop", "change".
	Kind string `json:"kind"`
	// Target is what it was done to, as "process 3" or a table's name. It may be empty.
	Target string `json:"target,omitempty"`
}

// Promise is one thing that was to hold, and whether it did.
type Promise struct {
	Name string `json:"name"` // "one migration per table"
	Kept bool   `json:"kept"`
	Want string `json:"want,omitempty"` // "50 of 50 tables"
	Got  string `json:"got,omitempty"`
	// Detail is what a person needs to look further, as the table that it is about. It may be empty.
	Detail string `json:"detail,omitempty"`
}
