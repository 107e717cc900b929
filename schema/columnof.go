package schema

import (
	"fmt"
	"reflect"
)

// ColumnOf is a name that claims to be a column of a struct's table, with values of a Go type: see nodes.Col.
type ColumnOf interface {
	// ColumnOf gives the struct, the column's name, and the Go type of its values. A field that can be null by a pointer
	// or an sql.Null has the values of what is inside.
	ColumnOf() (row reflect.Type, column string, value reflect.Type)
}

// WithColumns has the claims of typed columns looked at when the table is made: a column that is not there, one of another
// struct, and one whose field has another Go type are faults of the table as those of its tags. It does not shape it.
func WithColumns(columns ...ColumnOf) TableOption {
	return func(b *builder) {
		for _, c := range columns {
			b.checkColumnOf(c)
		}
	}
}

func (b *builder) checkColumnOf(c ColumnOf) {
	if c == nil {
		b.fault("", "WithColumns: a column is nil")
		return
	}
	row, name, value := c.ColumnOf()
	t := b.table
	at, ok := t.byName[name]
	switch {
	case row != t.goType:
		b.fault("", fmt.Sprintf("WithColumns: column %q is one of %s", name, row))
		return
	case !ok:
		b.fault("", fmt.Sprintf("WithColumns: there is no column %q", name))
		return
	}
	field := t.columns[at].access.goType
	if field == nil {
		return // the field is at fault itself
	}
	if inner, _, err := unwrapNull(field); err == nil && inner != value {
		b.fault(t.columns[at].Field, fmt.Sprintf("WithColumns: column %q has values of Go type %s, not %s", name, inner, value))
	}
}
