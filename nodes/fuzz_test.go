package nodes_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// FuzzParseWhere: whatever the text, there is a condition or an ErrInvalid, and no condition makes a query fail in any
// other way than by ErrInvalid.
func FuzzParseWhere(f *testing.F) {
	for _, seed := range []string{
		`{}`, `null`, `[]`, `{"name": "Ada"}`, `{"age": {"$gte": 18, "$lt": 65}}`, `{"$and": []}`, `{"$or": [{}, {"id": 1}]}`,
		`{"$not": {"name": {"$in": ["a", null]}}}`, `{"age": {"$between": [1, 2, 3]}}`, `{"name": {"$like": "\\"}}`,
		`{"name": {"$regex": "x"}}`, `{"nowhere": 1}`, `{"age": 1e400}`, `{"value": {"$gt": "x"}}`, `{"at": "2024-01-01T00:00:00Z"}`,
		`{"price": {"$lte": 12.5}}`, `{"ref": "00000000-0000-0000-0000-000000000000"}`, `{"ok": true}`,
	} {
		f.Add([]byte(seed))
	}
	d, err := sqlite.Open(f.Context(), ":memory:", nil)
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, d.Close()) })
	node := open[score, int64](f, d)
	require.NoError(f, node.Create(f.Context(), &score{ID: 1}))
	f.Fuzz(func(t *testing.T, text []byte) {
		where, err := nodes.ParseWhere(text)
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			return
		}
		for _, q := range []nodes.Query{{Where: where}, {Where: nodes.Not(where)}} {
			if _, err = node.List(t.Context(), q); err != nil {
				require.ErrorIs(t, err, schema.ErrInvalid)
			}
		}
	})
}

// FuzzCursor: whatever the text, it is a place in the list or an ErrInvalid.
func FuzzCursor(f *testing.F) {
	d, err := sqlite.Open(f.Context(), ":memory:", nil)
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, d.Close()) })
	node := open[score, int64](f, d)
	for id := range int64(5) {
		s := score{ID: id, Team: "team"}
		if id%2 == 0 {
			s.Value, s.Price = ptr(id), ptr("1.250")
		}
		require.NoError(f, node.Create(f.Context(), &s))
	}
	for i, order := range scoreOrders {
		page, err := node.Page(f.Context(), nodes.Query{OrderBy: order, Limit: 2})
		require.NoError(f, err)
		f.Add(string(page.Next), uint(i))
	}
	f.Add("", uint(0))
	f.Add("AQ", uint(0))
	f.Fuzz(func(t *testing.T, text string, order uint) {
		q := nodes.Query{OrderBy: scoreOrders[order%uint(len(scoreOrders))], After: nodes.Cursor(text)}
		if _, err := node.Page(t.Context(), q); err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
		}
	})
}
