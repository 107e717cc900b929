package dialect

import (
	"math"
	"reflect"

	"github.com/schemactor/schemactor/schema"
)

// Cond is a condition on the rows of one table: a tree of comparisons on named columns. The zero Cond is empty and
// matches every row. Column names are looked up and values are checked when a statement is built, never before.
// Conds are values and are not changed once made.
type Cond struct {
	Op     Op
	Column string // for comparisons
	Values []any  // Eq..GreaterEqual and patterns: one; In, NotIn: any number; Between: two
	Conds  []Cond // And, Or: any number; Not: one

	// Model is the struct whose table the column is one of; a condition that is used on another's is ErrInvalid. Nil goes
	// with every table that has such a column.
	Model reflect.Type
}

// Op is a condition's operator.
type Op string

// The operators, spelled as in the JSON form behind a dollar sign.
const (
	OpNone     Op = "" // the empty condition
	OpEq       Op = "eq"
	OpNe       Op = "ne"
	OpLt       Op = "lt"
	OpLe       Op = "lte"
	OpGt       Op = "gt"
	OpGe       Op = "gte"
	OpIn       Op = "in"
	OpNotIn    Op = "nin"
	OpLike     Op = "like" // SQL pattern: % is any run, _ one character, \ takes the next literally; case-sensitive
	OpContains Op = "contains"
	OpPrefix   Op = "prefix"
	OpSuffix   Op = "suffix"
	OpNull     Op = "null"
	OpNotNull  Op = "notnull"
	OpBetween  Op = "between" // both ends included
	OpAnd      Op = "and"
	OpOr       Op = "or"
	OpNot      Op = "not"
)

// Empty reports whether the condition matches every row because it says nothing.
func (c Cond) Empty() bool { return c.Op == OpNone }

// operands gives how many values a comparison takes; ok is false for what is no comparison.
func (o Op) operands() (low, high int, ok bool) {
	switch o {
	case OpEq, OpNe, OpLt, OpLe, OpGt, OpGe, OpLike, OpContains, OpPrefix, OpSuffix:
		return 1, 1, true
	case OpIn, OpNotIn:
		return 0, math.MaxInt, true
	case OpNull, OpNotNull:
		return 0, 0, true
	case OpBetween:
		return 2, 2, true
	default:
		return 0, 0, false
	}
}

// Order is one term of an ordering. Nulls sort as the largest values: last ascending, first descending.
type Order struct {
	Column     string
	Descending bool
	Model      reflect.Type // as with Cond
}

// Check refuses an order by a column that is not the table's. The error is ErrInvalid without an operation.
func (o Order) Check(t *schema.Table) error {
	if _, ok := t.Column(o.Column); !ok {
		return schema.Invalid("", t.String(), clip(o.Column), "order by an unknown column")
	}
	return foreign(t, o.Column, o.Model)
}

// foreign refuses a column that says it is another struct's. The error has no operation.
func foreign(t *schema.Table, column string, model reflect.Type) error {
	if model == nil || model == t.GoType() {
		return nil
	}
	return schema.Invalid("", t.String(), clip(column), "the column is one of %s", model)
}
