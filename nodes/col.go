package nodes

import (
	"reflect"

	"github.com/schemactor/schemactor/dialect"
)

// Col is the name of a column of T's table whose values are of Go type V, so that the compiler checks what it is compared
// with and the table whose rows it is asked of:
//
//	var age = nodes.Col[User, int]("age")
//	adults, err := users.List(ctx, nodes.Query{Where: age.Ge(18), OrderBy: []nodes.Order{age.Desc()}})
//
// V is the type of the field, or what is inside of its pointer or sql.Null. schema.WithColumns has name and type checked
// when the table is registered; without it the name is looked up with each use, and a value that the column cannot hold
// is schema.ErrInvalid, as with the functions of the same names. So is what is used on another struct's table.
type Col[T, V any] string

// ColumnOf implements schema.ColumnOf.
func (c Col[T, V]) ColumnOf() (row reflect.Type, column string, value reflect.Type) {
	return reflect.TypeFor[T](), string(c), reflect.TypeFor[V]()
}

// Name is the column's name, for what takes names: Only, Aggregate, UpdateOnly.
func (c Col[T, V]) Name() string { return string(c) }

// Eq matches rows whose column equals the value.
func (c Col[T, V]) Eq(value V) Cond { return c.own(Eq(string(c), value)) }

// Ne matches rows whose column is not NULL and differs from the value.
func (c Col[T, V]) Ne(value V) Cond { return c.own(Ne(string(c), value)) }

// Lt matches rows whose column is less than the value.
func (c Col[T, V]) Lt(value V) Cond { return c.own(Lt(string(c), value)) }

// Le matches rows whose column is at most the value.
func (c Col[T, V]) Le(value V) Cond { return c.own(Le(string(c), value)) }

// Gt matches rows whose column is greater than the value.
func (c Col[T, V]) Gt(value V) Cond { return c.own(Gt(string(c), value)) }

// Ge matches rows whose column is at least the value.
func (c Col[T, V]) Ge(value V) Cond { return c.own(Ge(string(c), value)) }

// In matches rows whose column equals one of the values; no values match no row.
func (c Col[T, V]) In(values ...V) Cond { return c.own(In(string(c), values...)) }

// NotIn matches rows whose column is not NULL and equals none of the values; no values match every row.
func (c Col[T, V]) NotIn(values ...V) Cond { return c.own(NotIn(string(c), values...)) }

// Between matches rows whose column lies between two values, both included.
func (c Col[T, V]) Between(low, high V) Cond { return c.own(Between(string(c), low, high)) }

// Null matches rows whose column is NULL.
func (c Col[T, V]) Null() Cond { return c.own(Null(string(c))) }

// NotNull matches rows whose column is not NULL.
func (c Col[T, V]) NotNull() Cond { return c.own(NotNull(string(c))) }

// Like matches rows whose column, a text, fits an SQL pattern; see the function Like.
func (c Col[T, V]) Like(pattern string) Cond { return c.own(Like(string(c), pattern)) }

// Contains matches rows whose column, a text, holds another.
func (c Col[T, V]) Contains(text string) Cond { return c.own(Contains(string(c), text)) }

// Prefix matches rows whose column, a text, begins with another.
func (c Col[T, V]) Prefix(text string) Cond { return c.own(Prefix(string(c), text)) }

// Suffix matches rows whose column, a text, ends with another.
func (c Col[T, V]) Suffix(text string) Cond { return c.own(Suffix(string(c), text)) }

// Asc sorts by the column, smallest first, nulls last.
func (c Col[T, V]) Asc() Order { return c.sorted(Asc(string(c))) }

// Desc sorts by the column, nulls first, then largest first.
func (c Col[T, V]) Desc() Order { return c.sorted(Desc(string(c))) }

// Count counts the values that are not null.
func (c Col[T, V]) Count() Term { return c.term(dialect.FuncCount) }

// Sum adds up the values; see the function Sum.
func (c Col[T, V]) Sum() Term { return c.term(dialect.FuncSum) }

// Avg is the mean of the values; see the function Avg.
func (c Col[T, V]) Avg() Term { return c.term(dialect.FuncAvg) }

// Min is the smallest value; see the function Min.
func (c Col[T, V]) Min() Term { return c.term(dialect.FuncMin) }

// Max is the largest value; see the function Max.
func (c Col[T, V]) Max() Term { return c.term(dialect.FuncMax) }

func (c Col[T, V]) own(cond Cond) Cond {
	cond.Model = reflect.TypeFor[T]()
	return cond
}

func (c Col[T, V]) sorted(order Order) Order {
	order.Model = reflect.TypeFor[T]()
	return order
}

func (c Col[T, V]) term(f dialect.Func) Term {
	return Term{Func: f, Column: string(c), Model: reflect.TypeFor[T]()}
}
