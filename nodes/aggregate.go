package nodes

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Term is one figure that Aggregate computes for each group; As gives it a name. See Sum and its neighbours.
type Term = dialect.Term

// Group is what Aggregate gives for rows that are equal in some columns: these columns by their names, then the terms, by
// the names that As gave them or else as "count", "sum(price)". Values of columns, minima and maxima are those of a field
// of the column's kind without its own type (see schema.Kind): int64, float64, bool, string, []byte, time.Time, [16]byte;
// nil is NULL.
type Group map[string]any

// CountRows counts the rows, as an int64.
func CountRows() Term { return Term{Func: dialect.FuncCount} }

// CountOf counts the values of a column that are not null, as an int64.
func CountOf(column string) Term { return Term{Func: dialect.FuncCount, Column: column} }

// Sum adds up a column's numbers, exactly: of whole ones it is an int64, of decimals the text of one, and of floats, which
// databases round each in its way, a float64. What does not fit is schema.ErrInvalid and names the column.
func Sum(column string) Term { return Term{Func: dialect.FuncSum, Column: column} }

// Avg is the mean of a column's numbers, as a float64.
func Avg(column string) Term { return Term{Func: dialect.FuncAvg, Column: column} }

// Min is the smallest value of a column.
func Min(column string) Term { return Term{Func: dialect.FuncMin, Column: column} }

// Max is the largest value of a column.
func Max(column string) Term { return Term{Func: dialect.FuncMax, Column: column} }

// Aggregate computes figures of the rows that a query's condition matches, for each group of rows that are equal in the
// columns of by. NULLs are equal there, and groups are ordered by these columns, in which NULL is the largest. Without by
// all rows are one group, which is there also where no row matches; then, and where all values are null, all terms but
// counts are nil. The groups are the caller's.
//
// Limit and Offset count groups. Order, cursor, Only and Distinct of the query are schema.ErrInvalid, and so are a column
// that is not there, one of the wrong kind for a term, and two results of one name.
func (n *Node[T, K]) Aggregate(ctx context.Context, q Query, by []string, terms ...Term) ([]Group, error) {
	if n.calls == nil {
		return n.doAggregate(ctx, q, by, terms)
	}
	call := n.begin(ctx, schema.MethodAggregate)
	defer call.end()
	groups, err := n.doAggregate(call.ctx, q, by, terms)
	call.came(0, len(groups), err)
	return groups, err
}

func (n *Node[T, K]) doAggregate(ctx context.Context, q Query, by []string, terms []Term) ([]Group, error) {
	const op = "aggregate"
	if len(q.OrderBy)+len(q.Only)+len(q.After) > 0 || q.Distinct {
		return nil, schema.Invalid(op, n.name, "", "groups know no order, cursor, Only or Distinct")
	}
	if _, err := n.arrange(op, q); err != nil {
		return nil, err
	}
	sql, args, meaning, err := n.reading().Aggregate(op, dialect.Aggregation{
		Where: q.Where, By: by, Terms: terms, Limit: q.Limit, Offset: q.Offset,
	})
	if err != nil {
		return nil, n.invalid(op, err)
	}
	var groups []Group
	err = n.read(ctx, op, func(querier dialect.Querier) (err error) {
		groups, err = readGroups(ctx, querier, sql, args, meaning)
		return err
	})
	if err != nil {
		return nil, overflowed(err, meaning)
	}
	return groups, nil
}

// overflowed names the columns of floats in PostgreSQL's refusal to add them up, which does not.
func overflowed(err error, meaning *dialect.Groups) error {
	known, ok := errors.AsType[*schema.Error](err)
	if !ok || known.Kind != schema.ErrInvalid || known.Constraint != "" {
		return err
	}
	out := *known
	out.Constraint = meaning.Floats()
	return &out
}

// readGroups reads all groups that a query gives.
func readGroups(
	ctx context.Context, q dialect.Querier, sql string, args []any, meaning *dialect.Groups,
) (groups []Group, err error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	reader := meaning.Reader()
	for rows.Next() {
		if err := rows.Scan(reader.Dest()...); err != nil {
			return nil, err
		}
		group, err := reader.Group()
		if err != nil {
			return nil, err
		}
		groups = append(groups, group)
	}
	return groups, rows.Err()
}
