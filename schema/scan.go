package schema

import "unsafe"

// Scanner hands out the destinations into which a driver scans one row.
type Scanner[T any] struct {
	fields []*access
	dest   []any
	cells  []cell // by position in fields; without access where the driver fills the field itself
	finish bool   // some field has something to do in Done
	row    unsafe.Pointer
}

// NativeDest is implemented by those destinations of a Scanner that a driver may fill in a shorter way than through
// Scan. A driver that keeps the column's kind in a form of its own (PostgreSQL: timestamptz, date, uuid) may scan into
// Native instead, and so spares a boxed value for each row; one that keeps it as text must use Scan.
type NativeDest interface {
	// Native gives a *time.Time, *[16]byte or a pointer to such a pointer, for the present row; nil where there is none.
	Native() any
}

// Scanner makes a scanner for rows of the columns at the given positions. It is for one goroutine at a time and meant
// to be reused: for all rows of one result, and after Forget for other results.
func (a *Accessor[T]) Scanner(columns []int) *Scanner[T] {
	s := &Scanner[T]{
		fields: make([]*access, len(columns)),
		dest:   make([]any, len(columns)),
		cells:  make([]cell, len(columns)),
	}
	for i, column := range columns {
		f := &a.fields[column]
		s.fields[i] = f
		s.finish = s.finish || f.done != nil
		if f.direct != nil {
			continue
		}
		c := &s.cells[i]
		*c = cell{access: f, table: a.table}
		s.dest[i] = c
		if f.json {
			s.dest[i] = jsonCell{c}
		}
	}
	return s
}

// Dest gives the destinations for the next row: pointers into row where the driver can fill the field itself, and
// sql.Scanner values elsewhere. The slice is valid until the next call. The row is held until then, too.
func (s *Scanner[T]) Dest(row *T) []any {
	s.row = unsafe.Pointer(row)
	for i, f := range s.fields {
		if c := &s.cells[i]; c.access != nil {
			c.field = f.at(s.row)
		} else {
			s.dest[i] = f.direct(f.at(s.row))
		}
	}
	return s.dest
}

// Done completes the row after the driver filled the destinations: times become UTC, and so on. Call it after each Scan.
func (s *Scanner[T]) Done() error {
	if !s.finish || s.row == nil {
		return nil
	}
	for _, f := range s.fields {
		if f.done != nil {
			f.done(f.at(s.row))
		}
	}
	return nil
}

// Forget lets go of the row, so that a scanner which is kept keeps nothing else. No destination may be used any more.
func (s *Scanner[T]) Forget() {
	s.row = nil
	for i := range s.cells {
		if c := &s.cells[i]; c.access != nil {
			c.field = nil
		} else {
			s.dest[i] = nil
		}
	}
}

// cell is the sql.Scanner in front of one field; it is aimed at each row in turn.
type cell struct {
	access *access
	table  *Table
	field  unsafe.Pointer
}

// Scan stores what the driver read, nil being null. Nothing of src is kept.
func (c *cell) Scan(src any) error { return located(c.table, c.access.scan(c.field, src)) }

// Native implements NativeDest.
func (c *cell) Native() any {
	if c.access.native == nil {
		return nil
	}
	return c.access.native(c.field)
}

// jsonCell lets pgx hand over its buffer as it is, where Scan would get a copy.
type jsonCell struct{ *cell }

// ScanBytes is Scan for bytes that are the driver's; a nil slice is null.
func (c jsonCell) ScanBytes(src []byte) error {
	if src == nil {
		return c.Scan(nil)
	}
	return c.Scan(src)
}
