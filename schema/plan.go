package schema

import (
	"fmt"
	"strings"
)

// Plan is what would be done to make one table match its model: the differences found, and the statements that
// settle them. A plan for a missing table has statements only; a plan for an existing one that differs has changes
// only, for this release creates tables and does not alter them.
type Plan struct {
	Table      Ref         `json:"table"`
	Changes    []Change    `json:"changes,omitempty"`
	Statements []Statement `json:"statements,omitempty"`
}

// Statement is one SQL statement of a Plan.
type Statement struct {
	SQL string `json:"sql"`
	// Deferred statements run after the tables of the whole group are there: foreign keys, which may form a cycle.
	Deferred bool `json:"deferred,omitempty"`
}

// Empty reports whether table and model match in every respect.
func (p *Plan) Empty() bool { return len(p.Changes) == 0 && len(p.Statements) == 0 }

// Blocking gives the changes without which the table cannot serve the model.
func (p *Plan) Blocking() []Change {
	var out []Change
	for _, c := range p.Changes {
		if c.Blocking() {
			out = append(out, c)
		}
	}
	return out
}

// String prints the plan for people, a line for each change and each statement.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", p.Table)
	if p.Empty() {
		b.WriteString("matches\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%d changes, %d statements\n", len(p.Changes), len(p.Statements))
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "  ~ %s\n", c)
	}
	for _, s := range p.Statements {
		fmt.Fprintf(&b, "  > %s\n", s.SQL)
	}
	return b.String()
}
