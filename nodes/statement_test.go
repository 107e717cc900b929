package nodes_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// tally is a dialect that counts the statements of its pools.
type tally struct {
	dialect.Dialect
	reads, writes atomic.Int64
}

func (t *tally) Reader() dialect.Querier { return counted{t.Dialect.Reader(), &t.reads} }
func (t *tally) Writer() dialect.Querier { return counted{t.Dialect.Writer(), &t.writes} }

type counted struct {
	dialect.Querier
	count *atomic.Int64
}

func (c counted) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	c.count.Add(1)
	return c.Querier.Exec(ctx, sql, args...)
}

func (c counted) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	c.count.Add(1)
	return c.Querier.Query(ctx, sql, args...)
}

// TestWarmCallIsOneStatementAndNoMessage: what a call costs once the table is ready.
func TestWarmCallIsOneStatementAndNoMessage(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, over := t.Context(), &tally{Dialect: d}
		table, gate := gateOf[note](t, d)
		notes, err := nodes.New[note, int64](over, table, gate)
		require.NoError(t, err)
		n := note{Title: "first"}
		require.NoError(t, notes.Create(ctx, &n))
		handle, ok := gate.(*actors.Table)
		require.True(t, ok)
		asks := handle.Status().Asks
		require.EqualValues(t, 1, asks)

		stale := n
		for _, c := range []struct {
			name          string
			reads, writes int64
			call          func() error
		}{
			{"create", 0, 1, func() error { return notes.Create(ctx, &note{Title: "second"}) }},
			{"get", 1, 0, func() error { return second(notes.Get(ctx, n.ID)) }},
			{"update", 0, 1, func() error { return notes.Update(ctx, &n) }},
			{"patch", 0, 1, func() error { return second(notes.Patch(ctx, n.ID, nodes.Set{"title": "x"})) }},
			{"list", 1, 0, func() error { return second(notes.List(ctx, nodes.Query{})) }},
			{"page", 1, 0, func() error { return second(notes.Page(ctx, nodes.Query{Limit: 1})) }},
			{"all", 1, 0, func() (failure error) {
				for _, err := range notes.All(ctx, nodes.Query{}) {
					failure = err
				}
				return failure
			}},
			{"count", 1, 0, func() error { return second(notes.Count(ctx, nodes.Query{})) }},
			{"delete", 0, 1, func() error { return notes.Delete(ctx, n.ID) }},
			{"bulk delete", 0, 1, func() error { return second(notes.BulkDelete(ctx, nodes.AllRows())) }},
		} {
			over.reads.Store(0)
			over.writes.Store(0)
			require.NoError(t, c.call(), c.name)
			require.Equal(t, c.reads, over.reads.Load(), "%s: statements on the reader", c.name)
			require.Equal(t, c.writes, over.writes.Load(), "%s: statements on the writer", c.name)
		}
		require.Equal(t, asks, handle.Status().Asks, "a warm call sends no message")

		over.writes.Store(0)
		require.ErrorIs(t, notes.Update(ctx, &stale), schema.ErrNotFound)
		require.EqualValues(t, 2, over.writes.Load(), "a second statement tells a conflict from a missing row")
	})
}

// TestRefusedCallsTouchNothing: what can be refused from the model alone is refused before the gate.
func TestRefusedCallsTouchNothing(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, over := t.Context(), &tally{Dialect: d}
		table, gate := gateOf[note](t, d)
		notes, err := nodes.New[note, int64](over, table, gate)
		require.NoError(t, err)
		nowhere := nodes.Query{Where: nodes.Eq("nowhere", 1)}
		for _, err := range []error{
			notes.Create(ctx, nil), notes.Update(ctx, nil), second(notes.Patch(ctx, 1, nodes.Set{"nowhere": 1})),
			second(notes.List(ctx, nowhere)), second(notes.Count(ctx, nowhere)), second(notes.Page(ctx, nowhere)),
			second(notes.BulkDelete(ctx, nodes.Query{})), second(notes.BulkDelete(ctx, nowhere)),
		} {
			require.ErrorIs(t, err, schema.ErrInvalid)
		}
		require.Nil(t, gate.Peek())
		require.Zero(t, over.reads.Load()+over.writes.Load())
	})
}
