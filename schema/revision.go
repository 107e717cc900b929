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
}

// Revision is one row of the append-only history: one change to one table.
type Revision struct {
	ID              int64
	Ref             Ref
	Generation      int64
	FromFingerprint string // empty for the first
	ToFingerprint   string
	Statements      []string // what was run; empty where an existing table was adopted as it was
	Checksum        string   // SHA-256 of the statements, hexadecimal
	State           RevisionState
	Duration        time.Duration // of the whole attempt, lock wait excluded; stored to the microsecond
	Host            string
	PID             int64
	Application     string // Config.Application of the program that did it
	AppliedAt       time.Time
}

// RevisionState says how a revision ended.
type RevisionState string

// The states. A revision commits together with what it describes, so that on the databases where DDL is transactional
// only these are ever seen.
const (
	RevisionApplied RevisionState = "applied" // statements were run
	RevisionAdopted RevisionState = "adopted" // the table was there and matched; nothing was run
)
