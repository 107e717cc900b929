package nodes_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

func TestDelete(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		people := open[person, uuid.UUID](t, d)
		p := newPerson("first", nil)
		require.NoError(t, people.Create(t.Context(), &p))
		require.NoError(t, people.Delete(t.Context(), p.ID))
		require.ErrorIs(t, people.Delete(t.Context(), p.ID), schema.ErrNotFound)
		_, err := people.Get(t.Context(), p.ID)
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.NoError(t, people.Create(t.Context(), &p), "the row is really gone")
	})
}

func TestSoftDeleteHidesTheRowEverywhere(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, notes := t.Context(), open[note, int64](t, d)
		gone, kept := note{Title: "gone"}, note{Title: "kept"}
		require.NoError(t, notes.Create(ctx, &gone))
		require.NoError(t, notes.Create(ctx, &kept))
		before := time.Now().UTC().Truncate(time.Microsecond)
		require.NoError(t, notes.Delete(ctx, gone.ID))

		_, err := notes.Get(ctx, gone.ID)
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.ErrorIs(t, notes.Update(ctx, &gone), schema.ErrNotFound)
		_, err = notes.Patch(ctx, gone.ID, nodes.Set{"title": "x"})
		require.ErrorIs(t, err, schema.ErrNotFound)
		require.ErrorIs(t, notes.Delete(ctx, gone.ID), schema.ErrNotFound)
		rows, err := notes.List(ctx, nodes.Query{Where: nodes.Or(nodes.Eq("id", gone.ID), nodes.Eq("id", kept.ID))})
		require.NoError(t, err)
		require.Equal(t, []note{kept}, rows)
		count, err := notes.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 1, count)
		for row, err := range notes.All(ctx, nodes.Query{}) {
			require.NoError(t, err)
			require.Equal(t, kept, row)
		}

		// The row itself is there still, marked with the moment; what shows it is a model without the mark.
		type raw struct {
			ID        int64      `db:"id" schema:"pk,auto"`
			UpdatedAt time.Time  `db:"updated_at"`
			DeletedAt *time.Time `db:"deleted_at"`
		}
		table, err := schema.TableOf[raw](schema.Named("notes"))
		require.NoError(t, err)
		all, err := nodes.New[raw, int64](d, table, trusting(table))
		require.NoError(t, err)
		row, err := all.Get(ctx, gone.ID)
		require.NoError(t, err)
		require.NotNil(t, row.DeletedAt)
		require.False(t, row.DeletedAt.Before(before))
		require.Equal(t, *row.DeletedAt, row.UpdatedAt)
	})
}

func TestBulkDelete(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, people, notes := t.Context(), open[person, uuid.UUID](t, d), open[note, int64](t, d)
		for i := range 10 {
			p := newPerson("p", ptr(i))
			require.NoError(t, people.Create(ctx, &p))
			require.NoError(t, notes.Create(ctx, &note{Title: "n", Stars: ptr(i)}))
		}
		affected, err := people.BulkDelete(ctx, nodes.Query{Where: nodes.Lt("age", 4)})
		require.NoError(t, err)
		require.EqualValues(t, 4, affected)
		affected, err = notes.BulkDelete(ctx, nodes.Query{Where: nodes.Ge("stars", 7)})
		require.NoError(t, err)
		require.EqualValues(t, 3, affected)
		affected, err = notes.BulkDelete(ctx, nodes.Query{Where: nodes.Ge("stars", 6)})
		require.NoError(t, err)
		require.EqualValues(t, 1, affected, "those that are marked already do not count")

		affected, err = people.BulkDelete(ctx, nodes.AllRows())
		require.NoError(t, err)
		require.EqualValues(t, 6, affected)
		affected, err = notes.BulkDelete(ctx, nodes.AllRows())
		require.NoError(t, err)
		require.EqualValues(t, 6, affected)
	})
}

func TestBulkDeleteRefusesWhatSaysNothing(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, people := t.Context(), open[person, uuid.UUID](t, d)
		p := newPerson("kept", nil)
		require.NoError(t, people.Create(ctx, &p))
		parsed, err := nodes.ParseWhere([]byte(`{}`))
		require.NoError(t, err)
		for name, q := range map[string]nodes.Query{
			"zero":         {},
			"parsed":       {Where: parsed},
			"empty and":    {Where: nodes.And()},
			"nested":       {Where: nodes.And(nodes.And(), nodes.Cond{})},
			"literal and":  {Where: nodes.Cond{Op: dialect.OpAnd}},
			"one side":     {Where: nodes.Or(nodes.Eq("name", "x"), nodes.Cond{})},
			"not in none":  {Where: nodes.NotIn[string]("name")},
			"not of never": {Where: nodes.Not(nodes.In[string]("name"))},
			"not of or":    {Where: nodes.Not(nodes.Or())},
			"limit":        {Where: nodes.Eq("name", "kept"), Limit: 1},
			"offset":       {Where: nodes.Eq("name", "kept"), Offset: 1},
			"order":        {Where: nodes.Eq("name", "kept"), OrderBy: []nodes.Order{nodes.Asc("name")}},
			"cursor":       {Where: nodes.Eq("name", "kept"), After: "x"},
			"contradicts":  {Where: nodes.Eq("name", "kept"), All: true},
			"unknown":      {Where: nodes.Eq("nowhere", "kept")},
		} {
			_, err := people.BulkDelete(ctx, q)
			require.ErrorIs(t, err, schema.ErrInvalid, name)
			require.ErrorContains(t, err, "bulk delete people", name)
		}
		affected, err := people.BulkDelete(ctx, nodes.Query{Where: nodes.In[string]("name")})
		require.NoError(t, err, "a filter that matches nothing is harmless")
		require.Zero(t, affected)
		_, err = people.Get(ctx, p.ID)
		require.NoError(t, err)
	})
}
