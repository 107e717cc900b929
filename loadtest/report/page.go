package report

import (
	"errors"
	"io"
)

// ErrNoRuns is what Write gives when there is nothing to write about.
var ErrNoRuns = errors.New("no runs to report")

// Write writes a page of one run, or of several beside each other, the first of which the others are measured by.
func Write(w io.Writer, runs ...Run) error {
	if len(runs) == 0 {
		return ErrNoRuns
	}
	return errors.New("not there yet")
}
