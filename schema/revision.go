package schema

import "time"

// Entry is the ledger's present word on one table.
type Entry struct {
	Ref         Ref
	Generation  int64
	Fingerprint string // of the model that was last applied or adopted
	CatalogHash string // Live.Hash as observed after that
	Spec        string // the model as JSON, for people and for later diffs
	UpdatedAt   time.Time
	UpdatedBy   string // application@host:pid
	// Tampered reports that the row is not the one this library wrote: its seal does not fit. Such an entry is no
	// evidence.
	Tampered bool
}

// Revision is one row of the append-only history: one change to one table, or one step towards it.
type Revision struct {
	ID              int64
	Ref             Ref
	Generation      int64
	FromFingerprint string // empty where the table was made, or adopted for the first time
	ToFingerprint   string
	Statements      []string // what was run, or for RevisionApplying is to be run; empty where an existing table was adopted as it was
	Checksum        string   // SHA-256 over all fields but ID, hexadecimal
	State           RevisionState
	Reason          string        // why the policy allowed hazards; empty where there were none
	Failure         string        // RevisionFailed: the kind of error, never a row value
	Catalog         string        // Live as JSON, as observed afterwards; empty for applying and failed
	Duration        time.Duration // of the whole attempt, lock wait excluded; stored to the microsecond
	Host            string
	PID             int64
	Application     string // Config.Application of the program that did it
	Version         string // Config.Version of it
	AppliedAt       time.Time
	// Tampered reports that the checksum does not fit the row: somebody edited it.
	Tampered bool
}

// RevisionState says how a revision ended.
type RevisionState string

// The states. A change that is made in one transaction commits together with its revision, which is then applied or
// adopted. A change of several steps is announced by an applying revision, which a second one, applied or failed,
// follows; where none does, the program died halfway, and the next ensure has gone on or will. Where the database takes no
// change of a shape back, each is announced so, and its revision becomes what comes of it.
const (
	RevisionApplied  RevisionState = "applied"  // statements were run
	RevisionAdopted  RevisionState = "adopted"  // the table was there and matched; nothing was run
	RevisionApplying RevisionState = "applying" // statements that are not taken back are about to run
	RevisionFailed   RevisionState = "failed"   // they did not all run
)
