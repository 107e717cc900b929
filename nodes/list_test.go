package nodes_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// crowd stores people with names and ages that conditions can tell apart.
func crowd(t *testing.T, people *nodes.Node[person, uuid.UUID]) {
	for _, p := range []person{
		newPerson("Ada", ptr(36)), newPerson("Bob", ptr(20)), newPerson("ada", ptr(36)), newPerson("Cy%", nil),
		newPerson("C_y", ptr(0)), newPerson(`C\y`, ptr(99)), newPerson("C*[y]?", nil), newPerson("Zoë", ptr(20)),
	} {
		require.NoError(t, people.Create(t.Context(), &p))
	}
}

func TestConditions(t *testing.T) {
	cases := []struct {
		name  string
		where nodes.Cond
		json  string // the same in JSON; empty where there is none
		want  []string
	}{
		{"eq", nodes.Eq("name", "Ada"), `{"name": "Ada"}`, []string{"Ada"}},
		{"eq operator", nodes.Eq("age", 20), `{"age": {"$eq": 20}}`, []string{"Bob", "Zoë"}},
		{"eq nil", nodes.Eq("age", nil), `{"age": null}`, []string{"C*[y]?", "Cy%"}},
		{"ne", nodes.Ne("age", 36), `{"age": {"$ne": 36}}`, []string{"Bob", `C\y`, "C_y", "Zoë"}},
		{"ne nil", nodes.Ne("age", nil), `{"age": {"$ne": null}}`, []string{"Ada", "Bob", `C\y`, "C_y", "Zoë", "ada"}},
		{"lt", nodes.Lt("age", 20), `{"age": {"$lt": 20}}`, []string{"C_y"}},
		{"le", nodes.Le("age", 20), `{"age": {"$lte": 20}}`, []string{"Bob", "C_y", "Zoë"}},
		{"gt", nodes.Gt("age", 36), `{"age": {"$gt": 36}}`, []string{`C\y`}},
		{"ge", nodes.Ge("age", 36), `{"age": {"$gte": 36}}`, []string{"Ada", `C\y`, "ada"}},
		{"text order", nodes.Gt("name", "Zoë"), "", []string{"ada"}},
		{"in", nodes.In("age", 0, 99), `{"age": {"$in": [0, 99]}}`, []string{`C\y`, "C_y"}},
		{"in none", nodes.In[int]("age"), `{"age": {"$in": []}}`, nil},
		{"not in", nodes.NotIn("age", 0, 99, 20), `{"age": {"$nin": [0, 99, 20]}}`, []string{"Ada", "ada"}},
		{
			"not in none", nodes.NotIn[int]("age"), `{"age": {"$nin": []}}`,
			[]string{"Ada", "Bob", "C*[y]?", `C\y`, "C_y", "Cy%", "Zoë", "ada"},
		},
		{"like", nodes.Like("name", "_da"), `{"name": {"$like": "_da"}}`, []string{"Ada", "ada"}},
		{"like many", nodes.Like("name", "C%"), "", []string{"C*[y]?", `C\y`, "C_y", "Cy%"}},
		{"like escaped", nodes.Like("name", `C\_y`), "", []string{"C_y"}},
		{"like backslash", nodes.Like("name", `C\\y`), "", []string{`C\y`}},
		{"like wide", nodes.Like("name", "Zo_"), "", []string{"Zoë"}},
		{"contains", nodes.Contains("name", "%"), `{"name": {"$contains": "%"}}`, []string{"Cy%"}},
		{"contains class", nodes.Contains("name", "*["), "", []string{"C*[y]?"}},
		{"prefix", nodes.Prefix("name", "C_"), `{"name": {"$prefix": "C_"}}`, []string{"C_y"}},
		{"prefix case", nodes.Prefix("name", "A"), "", []string{"Ada"}},
		{"suffix", nodes.Suffix("name", "]?"), `{"name": {"$suffix": "]?"}}`, []string{"C*[y]?"}},
		{"null", nodes.Null("age"), `{"age": {"$null": true}}`, []string{"C*[y]?", "Cy%"}},
		{"not null", nodes.And(nodes.NotNull("age"), nodes.Lt("age", 21)), "", []string{"Bob", "C_y", "Zoë"}},
		{"between", nodes.Between("age", 20, 36), `{"age": {"$between": [20, 36]}}`, []string{"Ada", "Bob", "Zoë", "ada"}},
		{
			"and", nodes.And(nodes.Ge("age", 20), nodes.Lt("age", 36), nodes.Cond{}),
			`{"age": {"$gte": 20, "$lt": 36}}`,
			[]string{"Bob", "Zoë"},
		},
		{
			"or", nodes.Or(nodes.Eq("name", "Ada"), nodes.Null("age")),
			`{"$or": [{"name": "Ada"}, {"age": null}]}`,
			[]string{"Ada", "C*[y]?", "Cy%"},
		},
		{"or one", nodes.Or(nodes.Eq("age", 99)), "", []string{`C\y`}},
		{"or none", nodes.Or(), "", nil},
		{"not", nodes.Not(nodes.Ge("age", 20)), `{"$not": {"age": {"$gte": 20}}}`, []string{"C_y"}},
		{
			"deep", nodes.Not(nodes.Or(nodes.Null("age"), nodes.And(nodes.Ge("age", 1), nodes.Ne("name", "Ada")))), "",
			[]string{"Ada", "C_y"},
		},
	}
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		crowd(t, people)
		for _, c := range cases {
			wheres := []nodes.Cond{c.where}
			if c.json != "" {
				parsed, err := nodes.ParseWhere([]byte(c.json))
				require.NoError(t, err, c.name)
				wheres = append(wheres, parsed)
			}
			for _, where := range wheres {
				q := nodes.Query{Where: where, OrderBy: []nodes.Order{nodes.Asc("name")}}
				rows, err := people.List(t.Context(), q)
				require.NoError(t, err, c.name)
				require.NotNil(t, rows)
				require.Equal(t, c.want, names(rows), c.name)
				count, err := people.Count(t.Context(), q)
				require.NoError(t, err, c.name)
				require.EqualValues(t, len(c.want), count, c.name)
			}
		}
	})
}

func names(rows []person) []string {
	var out []string
	for _, p := range rows {
		out = append(out, p.Name)
	}
	return out
}

func TestListInOrderWithLimitAndOffset(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		crowd(t, people)
		byAge := []nodes.Order{nodes.Desc("age"), nodes.Asc("name")}
		all := []string{"C*[y]?", "Cy%", `C\y`, "Ada", "ada", "Bob", "Zoë", "C_y"}
		for _, c := range []struct {
			q    nodes.Query
			want []string
		}{
			{nodes.Query{OrderBy: byAge}, all},
			{nodes.Query{OrderBy: byAge, Limit: 3}, all[:3]},
			{nodes.Query{OrderBy: byAge, Limit: 3, Offset: 2}, all[2:5]},
			{nodes.Query{OrderBy: byAge, Offset: 6}, all[6:]},
			{nodes.Query{OrderBy: byAge, Offset: 60}, nil},
			{nodes.Query{OrderBy: byAge, Limit: 100}, all},
			{nodes.Query{OrderBy: []nodes.Order{nodes.Asc("age"), nodes.Asc("name")}, Limit: 2}, []string{"C_y", "Bob"}},
		} {
			rows, err := people.List(t.Context(), c.q)
			require.NoError(t, err)
			require.Equal(t, c.want, names(rows))
			var streamed []person
			for p, err := range people.All(t.Context(), c.q) {
				require.NoError(t, err)
				streamed = append(streamed, p)
			}
			require.Equal(t, c.want, names(streamed))
			count, err := people.Count(t.Context(), c.q)
			require.NoError(t, err)
			require.EqualValues(t, len(all), count)
		}
	})
}

func TestQueriesThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, people, parcels := t.Context(), open[person, uuid.UUID](t, d), open[parcel, uuid.UUID](t, d)
		for name, q := range map[string]nodes.Query{
			"nowhere":   {Where: nodes.Eq("nowhere", "canary")},
			"nested":    {Where: nodes.Not(nodes.Or(nodes.Eq("name", "x"), nodes.Gt("nested", "canary")))},
			`na"me`:     {Where: nodes.Eq(`na"me`, "canary")},
			"orderless": {OrderBy: []nodes.Order{nodes.Asc("orderless")}},
			"twice":     {OrderBy: []nodes.Order{nodes.Asc("name"), nodes.Desc("name")}},
			"limit":     {Limit: -1},
			"offset":    {Offset: -1},
			"together":  {Offset: 1, After: "x"},
			"AllRows":   {Where: nodes.Eq("name", "canary"), All: true},
			"age":       {Where: nodes.Eq("age", "canary")},
			"id":        {Where: nodes.Eq("id", "canary")},
			"name":      {Where: nodes.In("name", any("canary"), nil)},
			"tilde":     {Where: nodes.Cond{Op: "tilde", Column: "name", Values: []any{"canary"}}},
			"malformed": {After: "%%%"},
			"between":   {Where: nodes.Cond{Op: dialect.OpBetween, Column: "age", Values: []any{1}}},
		} {
			_, listErr := people.List(ctx, q)
			_, pageErr := people.Page(ctx, q)
			_, countErr := people.Count(ctx, q)
			errs := []error{listErr, pageErr, countErr}
			for _, err := range people.All(ctx, q) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 4, name)
			for _, err := range errs {
				require.ErrorIs(t, err, schema.ErrInvalid, name)
				require.ErrorContains(t, err, name)
				require.ErrorContains(t, err, "people", name)
				require.NotContains(t, err.Error(), "canary", name)
			}
		}
		_, err := parcels.List(ctx, nodes.Query{OrderBy: []nodes.Order{nodes.Asc("meta")}})
		require.ErrorIs(t, err, schema.ErrInvalid, "JSON has no order")
		_, err = people.List(ctx, nodes.Query{Where: nodes.In("name", make([]string, 70_000)...)})
		require.ErrorIs(t, err, schema.ErrInvalid, "more values than a statement takes")
	})
}

func TestAllReleasesItsRows(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		notes := open[note, int64](t, d)
		for range 5 {
			require.NoError(t, notes.Create(ctx, &note{Title: "n"}))
		}
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, tx.Rollback(ctx)) }()
		in := notes.In(tx)
		// One connection: were rows left open, the next statement would fail or wait for ever.
		for range in.All(ctx, nodes.Query{}) {
			break
		}
		require.NoError(t, in.Create(ctx, &note{Title: "after a break"}))
		require.PanicsWithValue(t, "body", func() {
			for range in.All(ctx, nodes.Query{}) {
				panic("body")
			}
		})
		require.NoError(t, in.Create(ctx, &note{Title: "after a panic"}))
		seq, seen := in.All(ctx, nodes.Query{}), 0
		for range 2 { // a sequence may be ranged over again
			for _, err := range seq {
				require.NoError(t, err)
				seen++
			}
		}
		require.Equal(t, 14, seen)
	})
}

func TestAllSeesOneStateWhileRowsAreWritten(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, notes := t.Context(), open[note, int64](t, d)
		for range 50 {
			require.NoError(t, notes.Create(ctx, &note{Title: "n"}))
		}
		seen := 0
		for row, err := range notes.All(ctx, nodes.Query{}) {
			require.NoError(t, err)
			require.NoError(t, notes.Create(ctx, &note{Title: "new"}))
			require.NoError(t, notes.Delete(ctx, row.ID))
			seen++
		}
		require.Equal(t, 50, seen)
		count, err := notes.Count(ctx, nodes.Query{Where: nodes.Eq("title", "new")})
		require.NoError(t, err)
		require.EqualValues(t, 50, count)
	})
}
