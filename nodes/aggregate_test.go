package nodes_test

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// randomScores are rows with nulls, equal values and signs in all columns; sums of Rate are exact.
func randomScores(d *rand.Rand, count int) []score {
	day := time.Date(2024, 2, 28, 0, 0, 0, 0, time.UTC)
	rows := make([]score, count)
	for i := range rows {
		r := &rows[i]
		*r = score{
			ID: int64(i + 1), Team: fmt.Sprint("team ", d.IntN(4)), Ok: d.IntN(2) == 0,
			Rate: float64(d.IntN(2000)-1000) / 4, Blob: []byte{byte(d.IntN(9))},
		}
		if d.IntN(3) > 0 {
			r.Value = ptr(d.Int64N(7) - 3)
			r.Price = ptr(big.NewRat(d.Int64N(2e9)-1e9, 1000).FloatString(3))
		}
		if d.IntN(3) > 0 {
			r.At = ptr(day.Add(time.Duration(d.Int64N(1e9)) * time.Millisecond))
			r.Day = ptr(day.AddDate(0, 0, d.IntN(400)))
			r.Ref = ptr(uuid.UUID{byte(d.IntN(256)), 5: byte(d.IntN(256))})
		}
	}
	return rows
}

// figures are what the reference makes of one group of rows.
func figures(rows []score) nodes.Group {
	g := nodes.Group{"count": int64(len(rows))}
	numberFigures(g, "value", rows, func(s *score) (*big.Rat, any) {
		if s.Value == nil {
			return nil, nil
		}
		return new(big.Rat).SetInt64(*s.Value), *s.Value
	}, func(sum *big.Rat) any { return sum.Num().Int64() })
	numberFigures(g, "price", rows, func(s *score) (*big.Rat, any) {
		if s.Price == nil {
			return nil, nil
		}
		n, _ := new(big.Rat).SetString(*s.Price)
		return n, *s.Price
	}, func(sum *big.Rat) any { return sum.FloatString(3) })
	numberFigures(g, "rate", rows, func(s *score) (*big.Rat, any) { return new(big.Rat).SetFloat64(s.Rate), s.Rate },
		func(sum *big.Rat) any { f, _ := sum.Float64(); return f })
	var at, day []time.Time
	var team []string
	for _, s := range rows {
		team = append(team, s.Team)
		if s.At != nil {
			at, day = append(at, *s.At), append(day, *s.Day)
		}
	}
	g["min(at)"], g["max(at)"], g["min(day)"], g["max(day)"], g["count(ref)"] = nil, nil, nil, nil, int64(len(at))
	if len(at) > 0 {
		g["min(at)"], g["max(at)"] = slices.MinFunc(at, time.Time.Compare), slices.MaxFunc(at, time.Time.Compare)
		g["min(day)"], g["max(day)"] = slices.MinFunc(day, time.Time.Compare), slices.MaxFunc(day, time.Time.Compare)
	}
	g["min(team)"], g["max(team)"] = nil, nil
	if len(team) > 0 {
		g["min(team)"], g["max(team)"] = slices.Min(team), slices.Max(team)
	}
	return g
}

// numberFigures adds the figures of a column of numbers, whose values get gives exactly and as they come out.
func numberFigures(g nodes.Group, column string, rows []score, get func(*score) (*big.Rat, any), total func(*big.Rat) any) {
	var sum, low, high *big.Rat
	var least, greatest any
	count := int64(0)
	for i := range rows {
		n, value := get(&rows[i])
		if n == nil {
			continue
		}
		if count++; count == 1 {
			sum = new(big.Rat)
		}
		sum.Add(sum, n)
		if low == nil || n.Cmp(low) < 0 {
			low, least = n, value
		}
		if high == nil || n.Cmp(high) > 0 {
			high, greatest = n, value
		}
	}
	g["count("+column+")"], g["min("+column+")"], g["max("+column+")"] = count, least, greatest
	g["sum("+column+")"], g["avg("+column+")"] = nil, nil
	if count > 0 {
		g["sum("+column+")"] = total(sum)
		g["avg("+column+")"], _ = new(big.Rat).Quo(sum, new(big.Rat).SetInt64(count)).Float64()
	}
}

// allFigures are the terms of figures.
func allFigures() []nodes.Term {
	terms := []nodes.Term{
		nodes.CountRows(), nodes.CountOf("ref"), nodes.Min("team"), nodes.Max("team"), nodes.Min("at"), nodes.Max("at"),
		nodes.Min("day"), nodes.Max("day"),
	}
	for _, c := range []string{"value", "price", "rate"} {
		terms = append(terms, nodes.CountOf(c), nodes.Sum(c), nodes.Avg(c), nodes.Min(c), nodes.Max(c))
	}
	return terms
}

// equalGroups compares figures; means, which databases compute each in its way, but for the last digits.
func equalGroups(t *testing.T, want, got []nodes.Group) {
	t.Helper()
	require.Len(t, got, len(want))
	for i, w := range want {
		for name, value := range w {
			mean, isMean := value.(float64)
			if isMean && name[:3] == "avg" {
				require.InDelta(t, mean, got[i][name], 1e-12*max(1, math.Abs(mean)), "%d: %s", i, name)
				continue
			}
			require.Equal(t, value, got[i][name], "%d: %s", i, name)
		}
		require.Len(t, got[i], len(w))
	}
}

// Aggregate gives what a reference in Go computes of the same rows, for several ways of making groups.
func TestAggregateIsTheReference(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	nulls := func(a, b *int64) int { // the largest
		if a == nil || b == nil {
			return cmp.Compare(asNumber(a == nil), asNumber(b == nil))
		}
		return cmp.Compare(*a, *b)
	}
	ways := []struct {
		by    []string
		name  func(s *score) nodes.Group
		order func(a, b *score) int
	}{
		{nil, func(*score) nodes.Group { return nodes.Group{} }, func(a, b *score) int { return 0 }},
		{
			[]string{"team"},
			func(s *score) nodes.Group { return nodes.Group{"team": s.Team} },
			func(a, b *score) int { return cmp.Compare(a.Team, b.Team) },
		},
		{[]string{"ok", "value"}, func(s *score) nodes.Group {
			g := nodes.Group{"ok": s.Ok, "value": nil}
			if s.Value != nil {
				g["value"] = *s.Value
			}
			return g
		}, func(a, b *score) int {
			return cmp.Or(cmp.Compare(asNumber(a.Ok), asNumber(b.Ok)), nulls(a.Value, b.Value))
		}},
	}
	each(t, func(t *testing.T, d dialect.Dialect) {
		node := open[score, int64](t, d)
		for round := range uint64(6) {
			rows := randomScores(rand.New(rand.NewPCG(seed, round)), int(round*round*12))
			_, err := node.BulkPurge(t.Context(), nodes.AllRows())
			require.NoError(t, err)
			_, err = node.BulkCreate(t.Context(), rows)
			require.NoError(t, err)
			if round%2 == 1 {
				rows = slices.DeleteFunc(rows, func(s score) bool { return s.Rate < -100 })
			}
			for _, way := range ways {
				q := nodes.Query{}
				if round%2 == 1 {
					q.Where = nodes.Ge("rate", -100)
				}
				got, err := node.Aggregate(t.Context(), q, way.by, allFigures()...)
				require.NoError(t, err)
				slices.SortStableFunc(rows, func(a, b score) int { return way.order(&a, &b) })
				var want []nodes.Group
				if len(way.by) == 0 && len(rows) == 0 {
					want = append(want, figures(nil))
				}
				for first := 0; first < len(rows); {
					next := first
					for next < len(rows) && way.order(&rows[first], &rows[next]) == 0 {
						next++
					}
					g := figures(rows[first:next])
					for name, value := range way.name(&rows[first]) {
						g[name] = value
					}
					want, first = append(want, g), next
				}
				t.Logf("seed %d, round %d: %d groups by %v", seed, round, len(want), way.by)
				equalGroups(t, want, got)
				if len(want) > 2 {
					got, err = node.Aggregate(t.Context(), nodes.Query{Where: q.Where, Limit: 1, Offset: 1}, way.by, allFigures()...)
					require.NoError(t, err)
					equalGroups(t, want[1:2], got)
				}
			}
		}
	})
}

func asNumber(is bool) int {
	if is {
		return 1
	}
	return 0
}

// A sum of whole numbers that is no int64 is refused by the column's name; one of decimals may be longer than they are.
func TestAggregateOfLargeNumbers(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		node := open[score, int64](t, d)
		rows := []score{
			{ID: 1, Value: ptr[int64](math.MaxInt64), Price: ptr("999999.999")},
			{ID: 2, Price: ptr("999999.999")},
			{ID: 3, Value: ptr[int64](1), Price: ptr("0.003")},
		}
		_, err := node.BulkCreate(t.Context(), rows)
		require.NoError(t, err)
		_, err = node.Aggregate(t.Context(), nodes.Query{}, nil, nodes.Sum("price"), nodes.Sum("value"))
		require.ErrorIs(t, err, schema.ErrInvalid)
		known, _ := asSchemaError(err)
		require.Equal(t, "value", known.Constraint)
		got, err := node.Aggregate(t.Context(), nodes.Query{}, nil, nodes.Sum("price"), nodes.Avg("value"), nodes.Max("value"))
		require.NoError(t, err)
		require.Equal(t, nodes.Group{
			"sum(price)": "2000000.001", "avg(value)": float64(math.MaxInt64) / 2, "max(value)": int64(math.MaxInt64),
		}, got[0])
		require.NoError(t, node.Update(t.Context(), &score{ID: 3, Value: ptr[int64](-1)}))
		got, err = node.Aggregate(t.Context(), nodes.Query{}, nil, nodes.Sum("value").As("all of it"))
		require.NoError(t, err)
		require.Equal(t, []nodes.Group{{"all of it": int64(math.MaxInt64 - 1)}}, got)
	})
}

// What cannot be computed is refused by name, before anything is sent.
func TestAggregateRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[score](t, d)
		node, err := nodes.New[score, int64](over, table, gate)
		require.NoError(t, err)
		for name, c := range map[string]struct {
			by    []string
			terms []nodes.Term
			q     nodes.Query
		}{
			"nothing":   {},
			"nowhere":   {by: []string{"nowhere"}, terms: []nodes.Term{nodes.CountRows()}},
			"team":      {terms: []nodes.Term{nodes.Sum("team")}},
			"at":        {terms: []nodes.Term{nodes.Avg("at")}},
			"ok":        {terms: []nodes.Term{nodes.Max("ok")}},
			"x":         {terms: []nodes.Term{nodes.Sum("value").As("x"), nodes.Sum("rate").As("x")}},
			"value":     {by: []string{"value"}, terms: []nodes.Term{nodes.CountRows().As("value")}},
			"ordered":   {terms: []nodes.Term{nodes.CountRows()}, q: nodes.Query{OrderBy: []nodes.Order{nodes.Asc("team")}}},
			"distinct":  {terms: []nodes.Term{nodes.CountRows()}, q: nodes.Query{Only: []string{"team"}, Distinct: true}},
			"negative":  {terms: []nodes.Term{nodes.CountRows()}, q: nodes.Query{Limit: -1}},
			"statement": {terms: []nodes.Term{{Func: "count(*); DROP TABLE scores; --"}}},
		} {
			_, err := node.Aggregate(t.Context(), c.q, c.by, c.terms...)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			if _, is := table.Column(name); is {
				require.ErrorContains(t, err, name)
			}
		}
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}
