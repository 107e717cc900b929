package nodes

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// keptFailures is how many rows a BulkError keeps.
const keptFailures = 1000

// RowError is what was wrong with one row of a bulk method.
type RowError struct {
	Index int // in the rows that were given, from 0
	Err   error
}

// BulkError names the rows that a bulk method could not store: all of them with PerRow, without it the one for which
// nothing was stored. It matches, by errors.Is and errors.As, what the errors of its rows match.
type BulkError struct {
	Op, Table string
	Rows      []RowError // by index; the first 1000 of them
	Total     int        // how many there are
}

// Error names the first few rows and tells how many there are. It holds no row values.
func (e *BulkError) Error() string {
	const most = 3
	var text strings.Builder
	fmt.Fprintf(&text, "%s %s: %d rows failed", e.Op, e.Table, e.Total)
	if e.Total == 1 {
		text.Reset()
		fmt.Fprintf(&text, "%s %s: 1 row failed", e.Op, e.Table)
	}
	for _, row := range e.Rows[:min(most, len(e.Rows))] {
		fmt.Fprintf(&text, "; row %d: %v", row.Index, row.Err)
	}
	if e.Total > most {
		text.WriteString("; …")
	}
	return text.String()
}

// Unwrap gives the errors of the rows.
func (e *BulkError) Unwrap() []error {
	out := make([]error, len(e.Rows))
	for i, row := range e.Rows {
		out[i] = row.Err
	}
	return out
}

func (*BulkError) final() {}

// add notes that a row has failed.
func (e *BulkError) add(index int, err error) {
	e.Total++
	e.Rows = append(e.Rows, RowError{index, err})
	if len(e.Rows) >= 2*keptFailures {
		e.order()
	}
}

// order puts the rows in their order and drops those that are too many.
func (e *BulkError) order() {
	slices.SortFunc(e.Rows, func(a, b RowError) int { return a.Index - b.Index })
	kept := min(keptFailures, len(e.Rows))
	clear(e.Rows[kept:])
	e.Rows = e.Rows[:kept]
}

// join takes in the failures of rows that come before others; before says how many rows came before these.
func (e *BulkError) join(other *BulkError, before int64) {
	for _, row := range other.Rows {
		e.add(int(before)+row.Index, row.Err)
	}
	e.Total += other.Total - len(other.Rows)
}

// asError is nil where no row has failed.
func (e *BulkError) asError() error {
	if e.Total == 0 {
		return nil
	}
	e.order()
	return e
}

// ofRow reports whether an error is about the row that was to be stored, so that another one may be stored all the same.
func ofRow(err error) bool {
	if _, hook := errors.AsType[*hookError](err); hook {
		return true
	}
	for _, kind := range []error{
		schema.ErrDuplicate, schema.ErrForeignKey, schema.ErrCheck, schema.ErrNotNull, schema.ErrInvalid,
		schema.ErrConflict, schema.ErrNotFound,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
