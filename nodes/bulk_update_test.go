package nodes_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestBulkUpdate(t *testing.T) {
	inAndOut(t, func(t *testing.T, try apart, tools *nodes.Node[tool, int64]) {
		ctx := t.Context()
		rows := make([]tool, 10)
		for i := range rows {
			rows[i] = tool{Code: uuid.NewString(), Count: i, Name: "as it was"}
			require.NoError(t, tools.Create(ctx, &rows[i]))
		}
		require.NoError(t, tools.Delete(ctx, rows[9].ID))
		text := "'; DROP TABLE tools; --"
		affected, err := tools.BulkUpdate(ctx, nodes.Query{Where: nodes.Ge("count", 6)}, nodes.Set{"count": 100, "name": text})
		require.NoError(t, err)
		require.EqualValues(t, 3, affected, "the one that is marked deleted is not touched")
		got, err := tools.List(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Len(t, got, 9)
		for i, row := range got {
			want := rows[i]
			if i >= 6 {
				want.Count, want.Double, want.Name, want.Version, want.Updated = 100, 200, text, 2, row.Updated
				require.False(t, row.Updated.Before(rows[i].Updated))
			}
			require.Equal(t, want, row)
		}

		affected, err = tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"shelf": 5})
		require.NoError(t, err)
		require.EqualValues(t, 9, affected)
		affected, err = tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"shelf": nil})
		require.NoError(t, err)
		require.EqualValues(t, 9, affected)
		affected, err = tools.BulkUpdate(ctx, nodes.Query{Where: nodes.In[string]("code")}, nodes.Set{"shelf": 5})
		require.NoError(t, err)
		require.Zero(t, affected)

		err = try(func() error { return second(tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"code": "one for all"})) })
		require.ErrorIs(t, err, schema.ErrDuplicate)
		err = try(func() error { return second(tools.BulkUpdate(ctx, nodes.AllRows(), nodes.Set{"count": -1})) })
		require.ErrorIs(t, err, schema.ErrCheck)
		require.ErrorContains(t, err, "bulk update tools")
		count, err := tools.Count(ctx, nodes.Query{Where: nodes.And(nodes.Null("shelf"), nodes.Ge("count", 0))})
		require.NoError(t, err)
		require.EqualValues(t, 9, count, "a failed update has changed nothing")
	})
}

func TestBulkUpdateRefuses(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		over := &tally{Dialect: d}
		table, gate := gateOf[tool](t, d)
		tools, err := nodes.New[tool, int64](over, table, gate)
		require.NoError(t, err)
		some, fine := nodes.Query{Where: nodes.Eq("name", "x")}, nodes.Set{"count": 1}
		for name, c := range map[string]struct {
			q   nodes.Query
			set nodes.Set
		}{
			"pass AllRows() to update": {nodes.Query{}, fine},
			"the condition is empty":   {nodes.Query{Where: nodes.NotIn[string]("name")}, fine},
			"AllRows with":             {nodes.Query{Where: nodes.Eq("name", "x"), All: true}, fine},
			"takes no order":           {nodes.Query{Where: nodes.Eq("name", "x"), Limit: 1}, fine},
			"unknown column [nowhere]": {nodes.Query{Where: nodes.Eq("nowhere", 1)}, fine},
			"nothing to set":           {some, nil},
			"unknown column [nobody]":  {some, nodes.Set{"nobody": 1}},
			"[id]":                     {some, nodes.Set{"id": 1}},
			"[double]":                 {some, nodes.Set{"double": 1}},
			"[version]":                {some, nodes.Set{"version": 1}},
			"[created_at]":             {some, nodes.Set{"created_at": nil}},
			"[updated_at]":             {some, nodes.Set{"updated_at": nil}},
			"[deleted_at]":             {some, nodes.Set{"deleted_at": nil}},
			"[count]":                  {some, nodes.Set{"count": "canary"}},
			`unknown column ["; DROP`:  {some, nodes.Set{hostile: "canary"}},
		} {
			affected, err := tools.BulkUpdate(t.Context(), c.q, c.set)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "bulk update tools", name)
			require.NotContains(t, err.Error(), "canary")
			require.Zero(t, affected)
		}
		require.Nil(t, gate.Peek())
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}
