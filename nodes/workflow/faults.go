package workflow

import (
	"errors"

	"github.com/schemactor/schemactor/schema"
)

// mostFaults is how many faults are told: a document of one MiB can have a million.
const mostFaults = 100

// faults are what is wrong with a workflow.
type faults struct {
	list   []error
	untold int
}

// add takes in a fault; fault is called only while there is room.
func (f *faults) add(fault func() error) {
	if len(f.list) == mostFaults {
		f.untold++
		return
	}
	f.list = append(f.list, fault())
}

// joined is nil where nothing is wrong.
func (f *faults) joined(op, name string) error {
	if f.untold == 0 {
		return errors.Join(f.list...)
	}
	more := schema.Invalid(op, name, "", "%d more faults", f.untold)
	return errors.Join(append(f.list, more)...)
}
