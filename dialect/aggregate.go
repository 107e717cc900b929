package dialect

import (
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/schema"
)

// Aggregator is the part of a Grammar that is about groups of rows.
type Aggregator interface {
	// SumExpr gives the sum of a numeric column. Of integers, and of a decimal's digits without the point, it is whole and
	// exact whatever its size: the value of parts that are digits to a radix, the highest first. Of floats it is one part.
	SumExpr(c *schema.Column) (parts []string, radix int64)
	// ExtremeExpr gives the least value of a column, or the greatest; of a decimal its digits without the point, as a
	// number or as text. ok is false for kinds that have no order, and for truth.
	ExtremeExpr(c *schema.Column, greatest bool) (expr string, ok bool)
}

// Aggregate writes a query that gives one row for each group, ordered by the columns of By, and what reads these rows.
// Without By there is one row also where nothing matches. Results are the same on every database: see GroupReader.
func (s *Statements) Aggregate(op string, a Aggregation) (sql string, args []any, groups *Groups, err error) {
	w := &writer{Statements: s, op: op}
	g := &Groups{}
	by, err := s.Positions(op, "By", a.By)
	if err != nil {
		return "", nil, nil, err
	}
	if len(by)+len(a.Terms) == 0 {
		return "", nil, nil, w.fault("", "nothing to compute")
	}
	names, order := make([]string, len(by)), make([]Order, len(by))
	selected := make([]string, len(by))
	for i, at := range by {
		c := &s.table.Columns()[at]
		g.add(figure{name: c.Name, column: c, cells: 1, read: readValue})
		selected[i], names[i], order[i] = s.grammar.SelectExpr(c), s.columns[at].name, Order{Column: c.Name}
	}
	for _, t := range a.Terms {
		exprs, err := w.term(t, g)
		if err != nil {
			return "", nil, nil, err
		}
		for _, expr := range exprs {
			selected = append(selected, expr+" AS "+s.grammar.Quote(w.unlike(len(selected))))
		}
	}
	if again := g.again(); again != "" {
		return "", nil, nil, w.fault(clip(again), "two results of this name: give one of them another by As")
	}
	w.write("SELECT ", strings.Join(selected, ", "), " FROM ", s.name)
	if err := w.where(a.Where); err != nil {
		return "", nil, nil, err
	}
	if len(by) > 0 {
		w.write(" GROUP BY ", strings.Join(names, ", "))
	}
	if err := w.orderBy(order); err != nil {
		return "", nil, nil, err
	}
	if err := w.page(a.Limit, a.Offset); err != nil {
		return "", nil, nil, err
	}
	return w.sql.String(), w.args, g, nil
}

// unlike gives a name for the n-th result that no column has: an order by a column means the result of its name first.
func (w *writer) unlike(n int) string {
	prefix := "schemactor_"
	for slices.ContainsFunc(w.table.Columns(), func(c schema.Column) bool {
		return strings.HasPrefix(strings.ToLower(c.Name), prefix)
	}) {
		prefix += "_"
	}
	return prefix + strconv.Itoa(n)
}

// term gives the expressions of a term and says how they are read.
func (w *writer) term(t Term, g *Groups) (exprs []string, err error) {
	f := figure{name: t.Label(), read: readCount, cells: 1}
	if t.Func == FuncCount && t.Column == "" {
		g.add(f)
		return []string{"count(*)"}, w.own("", t.Model)
	}
	if !slices.Contains([]Func{FuncCount, FuncSum, FuncAvg, FuncMin, FuncMax}, t.Func) {
		return nil, w.fault(clip(t.Column), "unknown function %q", clip(string(t.Func)))
	}
	at, err := w.column(t.Column)
	if err != nil {
		return nil, err
	}
	if err := w.own(t.Column, t.Model); err != nil {
		return nil, err
	}
	f.column = &w.table.Columns()[at]
	count := "count(" + w.columns[at].name + ")"
	switch t.Func {
	case FuncCount:
		exprs = []string{count}
	case FuncMin, FuncMax:
		expr, ok := w.grammar.ExtremeExpr(f.column, t.Func == FuncMax)
		if !ok {
			return nil, w.fault(t.Column, "%s: values of kind %s have no order here", t.Func, f.column.Kind)
		}
		exprs, f.read = []string{expr}, readExtreme
	default:
		if !f.summable() {
			return nil, w.fault(t.Column, "%s is for numbers, not for kind %s", t.Func, f.column.Kind)
		}
		exprs, f.radix = w.grammar.SumExpr(f.column)
		f.read = readSum
		if t.Func == FuncAvg {
			exprs, f.read = append(slices.Clone(exprs), count), readAverage
		}
	}
	f.cells = len(exprs)
	g.add(f)
	return exprs, nil
}
