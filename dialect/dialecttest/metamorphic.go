package dialecttest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/schemactor/schemactor/dialect"
)

// die is a row of few and colliding values, so that random conditions meet them.
type die struct {
	ID    int64      `db:"id"    schema:"pk"`
	Text  string     `db:"text"`
	Text0 *string    `db:"text0"`
	Num   int32      `db:"num"`
	Num0  *int64     `db:"num0"`
	Rate0 *float64   `db:"rate0"`
	Cost0 *string    `db:"cost0" schema:"type=decimal,precision=6,scale=2"`
	At0   *time.Time `db:"at0"`
	Day   time.Time  `db:"day"   schema:"type=date"`
	On0   *bool      `db:"yes0"`
}

// The values that columns have, in their order.
var (
	someTexts = []string{"", "%", "*", "A", "Aa", "B_", "[a]", "a", "a\\b", "ab", "ba", "é", "日本"}
	someNums  = []int64{-300, -1, 0, 1, 2, 10, 2000000000}
	someRates = []float64{-1e100, -0.5, 0, 0.1, 3, 1e15}
	someCosts = []string{"-9999.99", "-10.00", "-9.99", "0.00", "0.01", "9.90", "10.00", "100.00"}
	someTimes = []time.Time{moment(0), moment(0).Add(time.Microsecond), moment(1), moment(59)}
)

// facet reads one column in Go: the value for a statement, and its rank among the column's values; null has none.
type facet struct {
	column string
	domain []any
	rank   func(*die) (rank int, ok bool)
}

func facetOf[V any](column string, domain []V, read func(*die) *V, same func(a, b V) bool) facet {
	f := facet{column: column}
	for _, v := range domain {
		f.domain = append(f.domain, v)
	}
	f.rank = func(row *die) (int, bool) {
		v := read(row)
		if v == nil {
			return 0, false
		}
		return slices.IndexFunc(domain, func(w V) bool { return same(w, *v) }), true
	}
	return f
}

func exactly[V cmp.Ordered](a, b V) bool { return a == b }

func facets() []facet {
	nums32 := make([]int32, len(someNums))
	for i, n := range someNums {
		nums32[i] = int32(n)
	}
	days := []time.Time{day(1), day(2), day(28), day(29)}
	return []facet{
		facetOf("text", someTexts, func(r *die) *string { return &r.Text }, exactly),
		facetOf("text0", someTexts, func(r *die) *string { return r.Text0 }, exactly),
		facetOf("num", nums32, func(r *die) *int32 { return &r.Num }, exactly),
		facetOf("num0", someNums, func(r *die) *int64 { return r.Num0 }, exactly),
		facetOf("rate0", someRates, func(r *die) *float64 { return r.Rate0 }, exactly),
		facetOf("cost0", someCosts, func(r *die) *string { return r.Cost0 }, exactly),
		facetOf("at0", someTimes, func(r *die) *time.Time { return r.At0 }, time.Time.Equal),
		facetOf("day", days, func(r *die) *time.Time { return &r.Day }, time.Time.Equal),
		facetOf("yes0", []bool{false, true}, func(r *die) *bool { return r.On0 }, func(a, b bool) bool { return a == b }),
	}
}

// throw draws a row.
func throw(r *rapid.T, id int) die {
	return die{
		ID: int64(id), Text: drawOf(r, "text", someTexts), Text0: maybeOf(r, "text0", someTexts),
		Num: int32(drawOf(r, "num", someNums)), Num0: maybeOf(r, "num0", someNums), Rate0: maybeOf(r, "rate0", someRates),
		Cost0: maybeOf(r, "cost0", someCosts), At0: maybeOf(r, "at0", someTimes),
		Day: drawOf(r, "day", []time.Time{day(1), day(2), day(28), day(29)}), On0: maybeOf(r, "yes0", []bool{false, true}),
	}
}

func drawOf[V any](r *rapid.T, label string, values []V) V {
	return rapid.SampledFrom(values).Draw(r, label)
}

func maybeOf[V any](r *rapid.T, label string, values []V) *V {
	at := rapid.IntRange(-1, len(values)-1).Draw(r, label)
	if at < 0 {
		return nil
	}
	return &values[at]
}

func exerciseMetamorphic(t *testing.T, open opener) {
	d := open(t)
	s := storeOf[die](t, d)
	columns := facets()
	rapid.Check(t, func(r *rapid.T) {
		rows := make([]die, rapid.IntRange(0, 12).Draw(r, "rows"))
		refill(t, r, d, s, rows)
		for range 8 {
			cond := drawCond(r, columns, 3)
			order := drawOrder(r, columns)
			limit, offset := rapid.IntRange(0, 6).Draw(r, "limit"), rapid.IntRange(0, 4).Draw(r, "offset")
			want := search(rows, columns, cond, order, limit, offset)
			found, err := s.list(t.Context(), cond, order, limit, offset)
			require.NoError(r, err)
			require.Len(r, found, len(want), "%+v", cond)
			for i := range found {
				require.Equal(r, want[i], found[i], "%+v", cond)
			}
			n, err := s.count(t.Context(), cond)
			require.NoError(r, err)
			require.EqualValues(r, len(search(rows, columns, cond, nil, 0, 0)), n)
		}
	})
}

// refill draws new rows and puts them in place of the former ones, in one transaction.
func refill(t *testing.T, r *rapid.T, d dialect.Dialect, s *store[die], rows []die) {
	for i := range rows {
		rows[i] = throw(r, i)
	}
	tx, err := d.Begin(t.Context())
	require.NoError(r, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	_, err = tx.Exec(t.Context(), "DELETE FROM "+d.QuoteTable(s.table.Ref()))
	require.NoError(r, err)
	for i := range rows {
		require.NoError(r, s.insertIn(t.Context(), tx, pointer(rows[i])))
	}
	require.NoError(r, tx.Commit(t.Context()))
}

func drawCond(r *rapid.T, columns []facet, depth int) dialect.Cond {
	if depth > 0 {
		switch op := rapid.SampledFrom([]dialect.Op{"", "", dialect.OpAnd, dialect.OpOr, dialect.OpNot}).Draw(r, "logic"); op {
		case dialect.OpNone:
		case dialect.OpNot:
			return not(drawCond(r, columns, depth-1))
		default:
			conds := make([]dialect.Cond, rapid.IntRange(0, 3).Draw(r, "terms"))
			for i := range conds {
				conds[i] = drawCond(r, columns, depth-1)
			}
			return dialect.Cond{Op: op, Conds: conds}
		}
	}
	c := rapid.SampledFrom(columns).Draw(r, "column")
	value := func() any { return drawOf(r, "value", c.domain) }
	op := rapid.SampledFrom([]dialect.Op{
		dialect.OpEq, dialect.OpNe, dialect.OpLt, dialect.OpLe, dialect.OpGt, dialect.OpGe, dialect.OpIn, dialect.OpNotIn,
		dialect.OpBetween, dialect.OpNull, dialect.OpNotNull, dialect.OpContains, dialect.OpPrefix, dialect.OpSuffix, dialect.OpNone,
	}).Draw(r, "op")
	switch op {
	case dialect.OpNone:
		return dialect.Cond{}
	case dialect.OpNull, dialect.OpNotNull:
		return compare(op, c.column)
	case dialect.OpBetween:
		return compare(op, c.column, value(), value())
	case dialect.OpIn, dialect.OpNotIn:
		values := make([]any, rapid.IntRange(0, 3).Draw(r, "values"))
		for i := range values {
			values[i] = value()
		}
		return compare(op, c.column, values...)
	case dialect.OpContains, dialect.OpPrefix, dialect.OpSuffix:
		column := rapid.SampledFrom([]string{"text", "text0"}).Draw(r, "text column")
		return compare(op, column, drawOf(r, "piece", someTexts))
	case dialect.OpEq, dialect.OpNe:
		if rapid.IntRange(0, 5).Draw(r, "null") == 0 {
			return compare(op, c.column, nil)
		}
	}
	return compare(op, c.column, value())
}

func drawOrder(r *rapid.T, columns []facet) []dialect.Order {
	order := make([]dialect.Order, rapid.IntRange(0, 2).Draw(r, "order terms"), 3)
	for i := range order {
		order[i] = dialect.Order{
			Column:     rapid.SampledFrom(columns).Draw(r, "order by").column,
			Descending: rapid.Bool().Draw(r, "descending"),
		}
	}
	return append(order, descending("id"))
}

// search is the model: what the database must find.
func search(rows []die, columns []facet, cond dialect.Cond, order []dialect.Order, limit, offset int) []die {
	var out []die
	for i := range rows {
		if holds(&rows[i], columns, cond) == yes {
			out = append(out, rows[i])
		}
	}
	slices.SortStableFunc(out, func(a, b die) int {
		for _, o := range order {
			c := cmp.Compare(standing(&a, columns, o.Column), standing(&b, columns, o.Column))
			if c != 0 && o.Descending {
				return -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	out = out[min(offset, len(out)):]
	if limit > 0 {
		out = out[:min(limit, len(out))]
	}
	return out
}

// standing is where a row stands in the order of a column: nulls behind all others.
func standing(row *die, columns []facet, column string) int {
	if column == "id" {
		return int(row.ID)
	}
	if rank, ok := facetNamed(columns, column).rank(row); ok {
		return rank
	}
	return 1 << 30
}

func facetNamed(columns []facet, name string) facet {
	at := slices.IndexFunc(columns, func(f facet) bool { return f.column == name })
	if at < 0 {
		panic(fmt.Sprintf("no facet %s", name))
	}
	return columns[at]
}
