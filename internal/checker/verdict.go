package checker

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Finding is the result of one check. Table is empty for what concerns the whole database.
type Finding struct {
	Check string `json:"check"`
	Table string `json:"table,omitempty"`
	Want  string `json:"want"`
	Have  string `json:"have"`
	OK    bool   `json:"ok"`
}

// String tells the finding in one line.
func (f Finding) String() string {
	head := strings.TrimSpace(f.Check + " " + f.Table)
	if f.OK {
		return head + ": ok"
	}
	return fmt.Sprintf("%s: want %s, have %s", head, f.Want, f.Have)
}

// Verdict is everything that was found, in the order of the checks.
type Verdict struct {
	Findings []Finding
}

// OK reports whether every check was passed, of which there is at least one.
func (v *Verdict) OK() bool { return len(v.Findings) > 0 && len(v.Failed()) == 0 }

// Failed gives the findings that break a promise.
func (v *Verdict) Failed() []Finding {
	var out []Finding
	for _, f := range v.Findings {
		if !f.OK {
			out = append(out, f)
		}
	}
	return out
}

// Err is nil where OK is true, and otherwise names every failed finding.
func (v *Verdict) Err() error {
	failed := v.Failed()
	switch {
	case len(v.Findings) == 0:
		return fmt.Errorf("nothing was checked")
	case len(failed) == 0:
		return nil
	}
	lines := make([]string, len(failed))
	for i, f := range failed {
		lines[i] = f.String()
	}
	return fmt.Errorf("%d of %d checks failed: %s", len(failed), len(v.Findings), strings.Join(lines, "; "))
}

// MarshalJSON gives the findings and whether all are well.
func (v *Verdict) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		OK       bool      `json:"ok"`
		Findings []Finding `json:"findings"`
	}{v.OK(), append([]Finding{}, v.Findings...)})
}

// String gives a table for people: a line for each check that was passed, with how many tables it was passed by, and a
// line for each finding that was not, or the first of these where there are many.
func (v *Verdict) String() string {
	rows := [][]string{{"check", "of", "verdict", ""}}
	for _, check := range v.Checks() {
		passed, failed := 0, 0
		subject := "database"
		for _, f := range v.Findings {
			switch {
			case f.Check != check:
			case f.OK:
				passed++
				if f.Table != "" {
					subject = f.Table
				}
			default:
				if failed++; failed > shown {
					continue
				}
				of := f.Table
				if of == "" {
					of = subject
				}
				rows = append(rows, []string{check, of, "BROKEN", "want " + f.Want + ", have " + f.Have})
			}
		}
		if failed > shown {
			rows = append(rows, []string{check, fmt.Sprintf("%d tables more", failed-shown), "BROKEN", ""})
		}
		if passed > 1 {
			subject = fmt.Sprintf("%d tables", passed)
		}
		if passed > 0 {
			rows = append(rows, []string{check, subject, "ok", ""})
		}
	}
	return aligned(rows)
}

// Checks gives the names of the checks, each once, in their order.
func (v *Verdict) Checks() []string {
	var names []string
	seen := map[string]bool{}
	for _, f := range v.Findings {
		if !seen[f.Check] {
			seen[f.Check] = true
			names = append(names, f.Check)
		}
	}
	return names
}

func (v *Verdict) add(check, table, want, have string) {
	v.Findings = append(v.Findings, Finding{Check: check, Table: table, Want: want, Have: have, OK: want == have})
}

// aligned writes rows in columns.
func aligned(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+3))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
