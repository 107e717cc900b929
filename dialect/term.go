package dialect

import "reflect"

// Func is what a Term makes of the rows of a group.
type Func string

// The functions. Nulls count for none of them but FuncCount without a column.
const (
	FuncCount Func = "count" // how many rows, or with a column, how many of its values are not null
	FuncSum   Func = "sum"   // of numbers
	FuncAvg   Func = "avg"   // of numbers
	FuncMin   Func = "min"   // of kinds that have an order, truth excepted
	FuncMax   Func = "max"
)

// Term is one figure of an Aggregation. It is a value.
type Term struct {
	Func   Func
	Column string       // empty for FuncCount of rows
	Name   string       // what the figure is called; empty is Label's choice
	Model  reflect.Type // as with Cond
}

// As gives the same term under a name of the caller's, which never reaches the database. An empty one is none.
func (t Term) As(name string) Term {
	t.Name = name
	return t
}

// Label is the term's name, or "sum(price)" and "count" where it has none.
func (t Term) Label() string {
	switch {
	case t.Name != "":
		return t.Name
	case t.Column == "":
		return string(t.Func)
	}
	return string(t.Func) + "(" + t.Column + ")"
}

// Aggregation asks for figures about groups of rows.
type Aggregation struct {
	Where         Cond
	By            []string // the columns in which the rows of a group are equal, NULLs too; none: all rows are one group
	Terms         []Term
	Limit, Offset int // of groups; 0 is none
}
