package nodes

import "github.com/schemactor/schemactor/dialect"

// Query says which rows, in which order and how many. The zero Query is every row, ordered by key. It is a value:
// methods never change it.
type Query struct {
	// Where is the condition; the zero Cond matches every row.
	Where Cond
	// OrderBy sorts the rows; nulls sort as the largest values. The key's columns are always appended, in the direction
	// of the last term, so that the order of any two rows is settled.
	OrderBy []Order
	// Limit is the most rows to give; 0 is all of them (for Page, PageLimit).
	Limit int
	// Offset skips so many rows; 0 is none. The database still reads them: for more than a few pages use After.
	Offset int
	// After continues behind the last row of an earlier Page with the same table and OrderBy; empty starts at the
	// beginning. Together with Offset it is an error.
	After Cursor
	// Only names the columns to read; fields of the others stay zero, also those of the key. Empty reads all of them.
	Only []string
	// Distinct gives rows that are equal in the columns of Only once. It needs Only, and orders by these columns instead
	// of the key.
	Distinct bool
	// All confirms that every row is meant where an empty Where would be refused; see AllRows. With a Where it is an error.
	All bool
}

// Cond is a condition on rows; see Eq and its neighbours. Column names and values are checked when it is used.
type Cond = dialect.Cond

// Order is one term of an ordering; see Asc and Desc.
type Order = dialect.Order

// AllRows is the query that means every row, on purpose: what BulkUpdate, BulkDelete and BulkPurge want to see instead of an
// empty condition.
func AllRows() Query { return Query{All: true} }

// Asc sorts by a column, smallest first, nulls last.
func Asc(column string) Order { return Order{Column: column} }

// Desc sorts by a column, nulls first, then largest first.
func Desc(column string) Order { return Order{Column: column, Descending: true} }

// Eq matches rows whose column equals the value; nil asks for NULL.
func Eq(column string, value any) Cond { return compare(dialect.OpEq, column, value) }

// Ne matches rows whose column is not NULL and differs from the value; nil asks for any value but NULL.
func Ne(column string, value any) Cond { return compare(dialect.OpNe, column, value) }

// Lt matches rows whose column is less than the value.
func Lt(column string, value any) Cond { return compare(dialect.OpLt, column, value) }

// Le matches rows whose column is at most the value.
func Le(column string, value any) Cond { return compare(dialect.OpLe, column, value) }

// Gt matches rows whose column is greater than the value.
func Gt(column string, value any) Cond { return compare(dialect.OpGt, column, value) }

// Ge matches rows whose column is at least the value.
func Ge(column string, value any) Cond { return compare(dialect.OpGe, column, value) }

// In matches rows whose column equals one of the values, none of which may be nil. No values match no row.
// A slice is given as values...; values of different types as In[any].
func In[V any](column string, values ...V) Cond { return compareAll(dialect.OpIn, column, values) }

// NotIn matches rows whose column is not NULL and equals none of the values, of which none may be nil. No values match
// every row.
func NotIn[V any](column string, values ...V) Cond {
	return compareAll(dialect.OpNotIn, column, values)
}

// Like matches rows whose column fits an SQL pattern, case-sensitively: % is any run of characters, _ one character,
// and a backslash takes the next literally.
func Like(column, pattern string) Cond { return compare(dialect.OpLike, column, pattern) }

// Contains matches rows whose column holds the text, case-sensitively; it has no wildcards.
func Contains(column, text string) Cond { return compare(dialect.OpContains, column, text) }

// Prefix matches rows whose column begins with the text, case-sensitively; it has no wildcards.
func Prefix(column, text string) Cond { return compare(dialect.OpPrefix, column, text) }

// Suffix matches rows whose column ends with the text, case-sensitively; it has no wildcards.
func Suffix(column, text string) Cond { return compare(dialect.OpSuffix, column, text) }

// Null matches rows whose column is NULL.
func Null(column string) Cond { return Cond{Op: dialect.OpNull, Column: column} }

// NotNull matches rows whose column is not NULL.
func NotNull(column string) Cond { return Cond{Op: dialect.OpNotNull, Column: column} }

// Between matches rows whose column lies between two values, both included.
func Between(column string, low, high any) Cond {
	return Cond{Op: dialect.OpBetween, Column: column, Values: []any{low, high}}
}

// And matches rows that every condition matches. Empty conditions are left out; none at all is the empty condition.
func And(conds ...Cond) Cond {
	kept := make([]Cond, 0, len(conds))
	for _, c := range conds {
		if !c.Empty() {
			kept = append(kept, c)
		}
	}
	switch len(kept) {
	case 0:
		return Cond{}
	case 1:
		return kept[0]
	}
	return Cond{Op: dialect.OpAnd, Conds: kept}
}

// Or matches rows that at least one condition matches; none at all match no row.
func Or(conds ...Cond) Cond {
	if len(conds) == 1 {
		return conds[0]
	}
	return Cond{Op: dialect.OpOr, Conds: append([]Cond(nil), conds...)}
}

// Not matches rows for which the condition is false; where it is unknown because of a NULL, neither matches.
func Not(cond Cond) Cond { return Cond{Op: dialect.OpNot, Conds: []Cond{cond}} }

// ParseWhere reads a condition from JSON, in the usual spelling: {"age": {"$gte": 18}, "$or": [{"name": "Ada"}, …]}.
// An unknown operator or a malformed document is schema.ErrInvalid; column names and the types of values are checked
// when the condition is used.
func ParseWhere(json []byte) (Cond, error) { return dialect.ParseCond(json) }

func compare(op dialect.Op, column string, value any) Cond {
	return Cond{Op: op, Column: column, Values: []any{value}}
}

func compareAll[V any](op dialect.Op, column string, values []V) Cond {
	c := Cond{Op: op, Column: column, Values: make([]any, len(values))}
	for i, v := range values {
		c.Values[i] = v
	}
	return c
}
