package schema

import (
	"fmt"
	"slices"
	"strings"
)

// Plan is what would be done to make one table match its model: the differences found, and the statements that
// settle them, in their order. The plan that people see is the object that is carried out. As JSON its field names are
// stable. It is not changed once a planner has made it.
type Plan struct {
	Table Ref `json:"table"`
	// Model is the fingerprint of the model, Base the Live.Hash of the table that the plan was made against: a plan is
	// carried out on no other. An empty Base is a missing table.
	Model string `json:"model"`
	Base  string `json:"base,omitempty"`
	// Rows is how many rows the table holds; a number above a policy's row limit means "more than that".
	Rows       int64       `json:"rows,omitempty"`
	Changes    []Change    `json:"changes,omitempty"`
	Hints      []string    `json:"hints,omitempty"` // what looks like something that the model could say, as a rename
	Notes      []string    `json:"notes,omitempty"` // what limits the comparison
	Statements []Statement `json:"statements,omitempty"`
	// Faults are differences that no statement can settle: a person must change the model or the table.
	Faults []string `json:"faults,omitempty"`
}

// Statement is one SQL statement of a Plan.
type Statement struct {
	SQL string `json:"sql"`
	// Mode is where the statement runs.
	Mode Mode `json:"mode"`
	// Lock is the strongest lock that is taken on a table others use, in the database's own words; empty is none.
	Lock string `json:"lock,omitempty"`
	// Rewrites reports that the table is written anew, Scans that the duration grows with the table's rows.
	Rewrites bool     `json:"rewrites,omitempty"`
	Scans    bool     `json:"scans,omitempty"`
	Hazards  []Hazard `json:"hazards,omitempty"`
	// Deferred statements run after the tables of the whole group are there: foreign keys, which may form a cycle.
	Deferred bool `json:"deferred,omitempty"`
	// Refuse makes the statement a query that must give no row; if it gives one, the plan stops with these words.
	Refuse string `json:"refuse,omitempty"`
	// Undo takes away what the statement may leave behind when it fails halfway; empty where that is nothing.
	Undo string `json:"undo,omitempty"`
	// Next is for ModeBatches: SQL does the first batch, Next each further one. Both give one row: the number of rows
	// looked at and then, as texts, the key of the last one, whose columns Next takes as its parameters. The last batch
	// is one that looked at no row.
	Next string `json:"next,omitempty"`
}

// Mode says where a statement of a plan runs. A plan whose statements are all ModeTransaction is carried out as a whole
// or not at all, together with its ledger row; any other goes step by step, and what was interrupted is found by
// inspection and finished by the next ensure.
type Mode string

// The modes.
const (
	// ModeTransaction runs in one transaction with the statements of this mode beside it.
	ModeTransaction Mode = "transaction"
	// ModeAlone runs in a short transaction of its own, so that it never waits for a lock while it holds another.
	ModeAlone Mode = "alone"
	// ModeConcurrent runs outside any transaction.
	ModeConcurrent Mode = "concurrent"
	// ModeBatches runs again and again, each time in a transaction of its own, until nothing is left to do.
	ModeBatches Mode = "batches"
)

// Empty reports whether table and model match in every respect.
func (p *Plan) Empty() bool {
	return len(p.Changes) == 0 && len(p.Statements) == 0 && len(p.Faults) == 0
}

// Blocking gives the changes without which the table does not match the model.
func (p *Plan) Blocking() []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Blocking() {
			out = append(out, c)
		}
	}
	return out
}

// Stepwise reports whether the plan has statements that run outside the transaction that holds the lock.
func (p *Plan) Stepwise() bool {
	return slices.ContainsFunc(p.Statements, func(s Statement) bool { return s.Mode != ModeTransaction })
}

// Steps gives the statements in the portions in which a stepwise plan is carried out: neighbours of ModeTransaction
// together, each other one alone.
func (p *Plan) Steps() [][]Statement {
	var steps [][]Statement
	joined := false
	for _, s := range p.Statements {
		together := s.Mode == ModeTransaction
		if together && joined {
			steps[len(steps)-1] = append(steps[len(steps)-1], s)
		} else {
			steps = append(steps, []Statement{s})
		}
		joined = together
	}
	return steps
}

// Hazards gives all hazards of the statements, each once.
func (p *Plan) Hazards() []Hazard {
	var out []Hazard
	for _, s := range p.Statements {
		for _, h := range s.Hazards {
			if !slices.ContainsFunc(out, h.same) {
				out = append(out, h)
			}
		}
	}
	return out
}

// Refused gives the hazards that a policy does not allow.
func (p *Plan) Refused(policy Policy) []Hazard {
	return slices.DeleteFunc(p.Hazards(), func(h Hazard) bool {
		_, ok := policy.Allows(h, p.Table)
		return ok
	})
}

// Reasons gives the reasons for which a policy allows the plan's hazards, as "drop-column(legacy): nobody reads it".
func (p *Plan) Reasons(policy Policy) string {
	var out []string
	for _, h := range p.Hazards() {
		if reason, ok := policy.Allows(h, p.Table); ok {
			out = append(out, h.String()+": "+reason)
		}
	}
	return strings.Join(out, "; ")
}

// Long reports whether the plan is more work than a policy lets onto the request path.
func (p *Plan) Long(policy Policy) bool {
	limit := policy.RowLimit()
	return limit >= 0 && p.Rows > limit && slices.ContainsFunc(p.Statements, func(s Statement) bool { return s.Scans })
}

// String prints the plan for people: a line for each change, and each statement with what it means for others.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", p.Table)
	if p.Empty() && len(p.Notes) == 0 {
		b.WriteString("matches\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%s, %s\n", counted(len(p.Changes), "change"), counted(len(p.Statements), "statement"))
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "  ~ %s\n", c)
	}
	for _, line := range p.Faults {
		fmt.Fprintf(&b, "  ! %s\n", line)
	}
	for _, line := range p.Hints {
		fmt.Fprintf(&b, "  ? %s\n", line)
	}
	for _, line := range p.Notes {
		fmt.Fprintf(&b, "  . %s\n", line)
	}
	for _, s := range p.Statements {
		fmt.Fprintf(&b, "  > %s\n", strings.ReplaceAll(s.SQL, "\n", "\n    "))
		if words := s.words(); words != "" {
			fmt.Fprintf(&b, "      %s\n", words)
		}
	}
	return b.String()
}

// counted gives a number with its noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// words tells in one line what the statement means for others.
func (s Statement) words() string {
	var out []string
	add := func(when bool, word string) {
		if when {
			out = append(out, word)
		}
	}
	add(s.Refuse != "", "stops if it finds a row: "+s.Refuse)
	add(s.Mode != ModeTransaction && s.Mode != "", "runs "+modeWords[s.Mode])
	add(s.Lock != "", "lock: "+s.Lock)
	add(s.Rewrites, "rewrites the table")
	add(s.Scans && !s.Rewrites, "reads the table")
	for _, h := range s.Hazards {
		out = append(out, "hazard: "+h.String())
	}
	return strings.Join(out, "; ")
}

var modeWords = map[Mode]string{
	ModeAlone: "in a transaction of its own", ModeConcurrent: "outside any transaction", ModeBatches: "in batches",
}
