package nodes_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// scores stores rows with ties and nulls in every column that can be ordered by.
func scores(t *testing.T, d dialect.Dialect) *nodes.Node[score, int64] {
	node := open[score, int64](t, d)
	at := time.Date(2023, 6, 1, 12, 0, 0, 1000, time.UTC)
	for i := range int64(24) {
		s := score{ID: (i*7)%24 + 1, Team: string(rune('a' + i%3)), Ok: i%2 == 0, Rate: float64(i%4) / 3, Blob: make([]byte, i%3)}
		if i%7 != 0 {
			s.Day = ptr(time.Date(1969, 12, 30+int(i%3), 0, 0, 0, 0, time.UTC))
		}
		if i%4 != 0 {
			s.Value = ptr(i%5 - 2)
		}
		if i%3 != 1 {
			s.Price = ptr(fmt.Sprintf("%d.%03d", i%4-2, i%2*125))
		}
		if i%5 != 0 {
			s.At = ptr(at.Add(time.Duration(i%3) * time.Microsecond))
		}
		if i%6 != 0 {
			s.Ref = &uuid.UUID{byte(i % 4 * 80)}
		}
		require.NoError(t, node.Create(t.Context(), &s))
	}
	return node
}

var scoreOrders = [][]nodes.Order{
	nil,
	{nodes.Desc("id")},
	{nodes.Asc("team")},
	{nodes.Desc("team")},
	{nodes.Asc("value")},
	{nodes.Desc("value")},
	{nodes.Asc("price")},
	{nodes.Desc("price"), nodes.Asc("id")},
	{nodes.Asc("at")},
	{nodes.Desc("at")},
	{nodes.Asc("ref")},
	{nodes.Desc("ref")},
	{nodes.Asc("ok"), nodes.Desc("rate")},
	{nodes.Desc("rate"), nodes.Asc("ok")},
	{nodes.Asc("team"), nodes.Desc("value")},
	{nodes.Desc("value"), nodes.Asc("at"), nodes.Desc("ref")},
	{nodes.Asc("value"), nodes.Desc("price"), nodes.Asc("team"), nodes.Desc("id")},
	{nodes.Asc("id"), nodes.Desc("team")},
	{nodes.Desc("day"), nodes.Asc("blob")},
	{nodes.Desc("blob"), nodes.Asc("day")},
}

func TestPagesAreTheWholeList(t *testing.T) {
	var first [][]int64 // what the first database answered: the second must say the same
	each(t, func(t *testing.T, d dialect.Dialect) {
		node := scores(t, d)
		where := nodes.Or(nodes.Ne("team", "c"), nodes.Null("value"), nodes.Gt("value", 0))
		var lists [][]int64
		for _, order := range scoreOrders {
			list, err := node.List(t.Context(), nodes.Query{Where: where, OrderBy: order})
			require.NoError(t, err)
			require.Greater(t, len(list), 12)
			lists = append(lists, scoreIDs(list))
			for _, limit := range []int{1, 2, 3, 7, len(list) - 1, len(list), 0} {
				q := nodes.Query{Where: where, OrderBy: order, Limit: limit}
				var paged []score
				for pages := 0; ; pages++ {
					require.LessOrEqual(t, pages, len(list), "%v: pages do not end", order)
					page, err := node.Page(t.Context(), q)
					require.NoError(t, err)
					paged = append(paged, page.Rows...)
					if page.Next == "" {
						break
					}
					require.Len(t, page.Rows, limit, "only the last page may be short")
					q.After = page.Next
				}
				require.Equal(t, scoreIDs(list), scoreIDs(paged), "%v by %d", order, limit)
				require.Equal(t, list, paged)
			}
		}
		if first == nil {
			first = lists
		}
		require.Equal(t, first, lists, "databases differ in their order")
	})
}

func TestNullsSortAsTheLargest(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		node := scores(t, d)
		for _, order := range []nodes.Order{nodes.Asc("value"), nodes.Desc("value")} {
			list, err := node.List(t.Context(), nodes.Query{OrderBy: []nodes.Order{order}})
			require.NoError(t, err)
			want := slices.Clone(list)
			slices.SortStableFunc(want, func(a, b score) int {
				by := func(s score) int64 {
					if s.Value == nil {
						return 1000
					}
					return *s.Value
				}
				out := int(by(a) - by(b))
				if out == 0 {
					out = int(a.ID - b.ID)
				}
				if order.Descending {
					return -out
				}
				return out
			})
			require.Equal(t, scoreIDs(want), scoreIDs(list))
		}
	})
}

func scoreIDs(rows []score) []int64 {
	out := make([]int64, len(rows))
	for i, r := range rows {
		out[i] = r.ID
	}
	return out
}

func TestPageIsNotDisturbedByWrites(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, node := t.Context(), scores(t, d)
		q := nodes.Query{OrderBy: []nodes.Order{nodes.Asc("id")}, Limit: 5}
		page, err := node.Page(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []int64{1, 2, 3, 4, 5}, scoreIDs(page.Rows))
		require.NoError(t, node.Delete(ctx, 5), "even the row that the cursor stands behind")
		require.NoError(t, node.Delete(ctx, 1))
		require.NoError(t, node.Create(ctx, &score{ID: -7}))
		q.After = page.Next
		page, err = node.Page(ctx, q)
		require.NoError(t, err)
		require.Equal(t, []int64{6, 7, 8, 9, 10}, scoreIDs(page.Rows))
	})
}

func TestCursorsThatDoNotFit(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, node, notes := t.Context(), scores(t, d), open[note, int64](t, d)
		byTeam := nodes.Query{OrderBy: []nodes.Order{nodes.Asc("team")}, Limit: 2}
		page, err := node.Page(ctx, byTeam)
		require.NoError(t, err)
		require.Regexp(t, `^[A-Za-z0-9_-]+$`, string(page.Next), "it can stand in a URL")
		good := page.Next

		flipped := []byte(good)
		flipped[len(flipped)/2] ^= 1
		for name, q := range map[string]nodes.Query{
			"other order":     {OrderBy: []nodes.Order{nodes.Asc("value")}, After: good},
			"other direction": {OrderBy: []nodes.Order{nodes.Desc("team")}, After: good},
			"no order":        {After: good},
			"cut":             {OrderBy: byTeam.OrderBy, After: good[:len(good)-3]},
			"longer":          {OrderBy: byTeam.OrderBy, After: good + "AAAA"},
			"changed":         {OrderBy: byTeam.OrderBy, After: nodes.Cursor(flipped)},
			"no text":         {OrderBy: byTeam.OrderBy, After: "not a cursor!"},
			"short":           {OrderBy: byTeam.OrderBy, After: "AQ"},
		} {
			_, err := node.Page(ctx, q)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, "page scores", name)
			require.ErrorContains(t, err, "cursor", name)
		}
		_, err = notes.Page(ctx, nodes.Query{After: good})
		require.ErrorIs(t, err, schema.ErrInvalid, "another table's")

		// List and All go on behind a cursor as well.
		rest, err := node.List(ctx, nodes.Query{OrderBy: byTeam.OrderBy, After: good})
		require.NoError(t, err)
		require.Len(t, rest, 22)
	})
}

func TestPageLimitIsTheDefault(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, pairs := t.Context(), open[pair, pairKey](t, d)
		for i := range nodes.PageLimit + 1 {
			require.NoError(t, pairs.Create(ctx, &pair{i / 10, i % 10}))
		}
		page, err := pairs.Page(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Len(t, page.Rows, nodes.PageLimit)
		page, err = pairs.Page(ctx, nodes.Query{After: page.Next})
		require.NoError(t, err)
		require.Equal(t, []pair{{10, 0}}, page.Rows)
		require.Empty(t, page.Next)
	})
}

// hushed has a nullable column whose field cannot tell NULL from its zero value.
type hushed struct {
	ID    int64  `db:"id"    schema:"pk"`
	Word  string `db:"word"  schema:"null"`
	Count int    `db:"count" schema:"null"`
}

func TestPagesTellZeroFromNull(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, node := t.Context(), open[hushed, int64](t, d)
		for id := range int64(12) {
			h := hushed{ID: id}
			if id%3 == 0 {
				h.Word, h.Count = "word", int(id)-6
			}
			require.NoError(t, node.Create(ctx, &h))
			if id%3 == 1 { // what Create cannot store, Patch and other programs can
				_, err := node.Patch(ctx, id, nodes.Set{"word": "", "count": 0})
				require.NoError(t, err)
			}
		}
		for _, order := range [][]nodes.Order{
			{nodes.Asc("word")},
			{nodes.Desc("word")},
			{nodes.Asc("count"), nodes.Desc("word")},
			{nodes.Desc("count")},
		} {
			list, err := node.List(ctx, nodes.Query{OrderBy: order})
			require.NoError(t, err)
			require.Len(t, list, 12)
			var paged []hushed
			for q := (nodes.Query{OrderBy: order, Limit: 1}); ; {
				page, err := node.Page(ctx, q)
				require.NoError(t, err)
				paged = append(paged, page.Rows...)
				require.LessOrEqual(t, len(paged), 12)
				if q.After = page.Next; q.After == "" {
					break
				}
			}
			require.Equal(t, list, paged, "%v", order)
		}
	})
}
