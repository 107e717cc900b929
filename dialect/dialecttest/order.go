package dialecttest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func exerciseOrder(t *testing.T, open opener) {
	d := open(t)
	s := storeOf[sample](t, d)
	rows := samples()
	// Stored in another order than any that is asked for.
	for _, i := range []int{3, 6, 0, 5, 2, 4, 1} {
		s.mustInsert(t, rows[i])
	}
	ids := func(t *testing.T, limit, offset int, order ...dialect.Order) []int64 {
		found, err := s.list(t.Context(), dialect.Cond{}, order, limit, offset)
		require.NoError(t, err)
		ids := []int64{}
		for _, row := range found {
			ids = append(ids, row.ID)
		}
		return ids
	}
	up, down := []int64{1, 2, 3, 4, 5, 6, 7}, []int64{7, 6, 5, 4, 3, 2, 1}
	for _, column := range []string{"id", "age", "rate", "price", "day", "at", "ref"} {
		t.Run(column, func(t *testing.T) {
			require.Equal(t, up, ids(t, 0, 0, ascending(column)), "nulls last")
			require.Equal(t, down, ids(t, 0, 0, descending(column)), "nulls first")
		})
	}
	t.Run("text by code point", func(t *testing.T) {
		require.Equal(t, []int64{7, 1, 5, 4, 6, 2, 3}, ids(t, 0, 0, ascending("name")))
		require.Equal(t, []int64{3, 2, 6, 4, 5, 1, 7}, ids(t, 0, 0, descending("name")))
	})
	t.Run("bytes", func(t *testing.T) {
		require.Equal(t, []int64{4, 1, 2, 3, 5, 6, 7}, ids(t, 0, 0, ascending("raw")))
	})
	t.Run("bool", func(t *testing.T) {
		require.Equal(t, []int64{2, 4, 6, 1, 3, 5, 7}, ids(t, 0, 0, ascending("yes"), ascending("id")))
	})
	t.Run("several columns", func(t *testing.T) {
		require.Equal(t, []int64{6, 4, 3, 2, 5, 1, 7}, ids(t, 0, 0, ascending("color"), descending("id")))
		require.Equal(t, []int64{7, 1, 5, 2, 3, 4, 6}, ids(t, 0, 0, descending("color"), ascending("id")))
	})
	t.Run("limit and offset", func(t *testing.T) {
		by := ascending("id")
		require.Equal(t, []int64{1, 2}, ids(t, 2, 0, by))
		require.Equal(t, []int64{3, 4}, ids(t, 2, 2, by))
		require.Equal(t, []int64{6, 7}, ids(t, 0, 5, by))
		require.Equal(t, []int64{}, ids(t, 0, 7, by))
		require.Equal(t, up, ids(t, 1<<62, 0, by))
	})
	t.Run("refused", func(t *testing.T) {
		for name, order := range map[string]dialect.Order{
			"nosuch": ascending("nosuch"), "id; --": ascending("id; --"), "1": descending("1"), "doc": ascending("doc"),
		} {
			_, err := s.list(t.Context(), dialect.Cond{}, []dialect.Order{order}, 0, 0)
			require.ErrorIs(t, err, schema.ErrInvalid)
			require.ErrorContains(t, err, name)
		}
		_, err := s.list(t.Context(), dialect.Cond{}, nil, -1, 0)
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = s.list(t.Context(), dialect.Cond{}, nil, 0, -1)
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
	t.Run("wide decimals", func(t *testing.T) { exerciseWideDecimals(t, d) })
}

// exerciseWideDecimals: a database orders decimals of any width by their value or refuses to, but never by their text.
func exerciseWideDecimals(t *testing.T, d dialect.Dialect) {
	s := storeOf[wideCell](t, d)
	values := []string{
		"-9999999999999999999999999999.9999999999", "-2.0000000000", "-1.9999999999", "0.0000000001", "9.0000000000",
		"10.0000000000", "9999999999999999999999999999.9999999998", "9999999999999999999999999999.9999999999",
	}
	for i, value := range values {
		s.mustInsert(t, &wideCell{ID: int64(i), Plain: value})
	}
	rows, err := s.list(t.Context(), dialect.Cond{}, []dialect.Order{ascending("plain")}, 0, 0)
	if err != nil {
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "plain")
		_, err = s.list(t.Context(), compare(dialect.OpGt, "plain", "9"), nil, 0, 0)
		require.ErrorIs(t, err, schema.ErrInvalid)
		return
	}
	for i, row := range rows {
		require.Equal(t, values[i], row.Plain)
	}
	n, err := s.count(t.Context(), compare(dialect.OpGt, "plain", "9"))
	require.NoError(t, err)
	require.EqualValues(t, 3, n)
}
