package nodes_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// listening is a transaction that hears of gates which could not be passed in it.
type listening struct {
	dialect.Tx
	told []schema.Gate
}

func (l *listening) NotEnsured(gate schema.Gate) { l.told = append(l.told, gate) }

// inTx runs fn in a transaction that is rolled back unless fn returns nil.
func inTx(t *testing.T, d dialect.Dialect, fn func(tx *listening) error) ([]schema.Gate, error) {
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	wrapped := &listening{Tx: tx}
	if err = fn(wrapped); err == nil {
		require.NoError(t, tx.Commit(t.Context()))
	}
	require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context())))
	return wrapped.told, err
}

func TestInTransaction(t *testing.T) {
	undo := errors.New("undo")
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, notes := t.Context(), open[note, int64](t, d)
		require.NoError(t, notes.Create(ctx, &note{ID: 1, Title: "before"}))
		every := func(in *nodes.Node[note, int64]) {
			n := note{ID: 2, Title: "inside"}
			require.NoError(t, in.Create(ctx, &n))
			n.Title = "changed"
			require.NoError(t, in.Update(ctx, &n))
			got, err := in.Patch(ctx, 2, nodes.Set{"body": "patched"})
			require.NoError(t, err)
			require.Equal(t, 3, got.Version)
			require.ErrorIs(t, in.Update(ctx, &n), schema.ErrConflict)
			require.NoError(t, in.Delete(ctx, 1))
			rows, err := in.List(ctx, nodes.Query{})
			require.NoError(t, err)
			require.Equal(t, []note{*got}, rows)
			page, err := in.Page(ctx, nodes.Query{})
			require.NoError(t, err)
			require.Equal(t, rows, page.Rows)
			count, err := in.Count(ctx, nodes.Query{})
			require.NoError(t, err)
			require.EqualValues(t, 1, count)
			row, err := in.Get(ctx, 2)
			require.NoError(t, err)
			require.Equal(t, got, row)
		}
		_, err := inTx(t, d, func(tx *listening) error {
			every(notes.In(tx))
			return undo
		})
		require.ErrorIs(t, err, undo)
		_, err = notes.Get(ctx, 1)
		require.NoError(t, err)
		_, err = notes.Get(ctx, 2)
		require.ErrorIs(t, err, schema.ErrNotFound)

		_, err = inTx(t, d, func(tx *listening) error {
			every(notes.In(tx))
			affected, err := notes.In(tx).BulkDelete(ctx, nodes.Query{Where: nodes.Eq("id", 7)})
			require.Zero(t, affected)
			return err
		})
		require.NoError(t, err)
		_, err = notes.Get(ctx, 1)
		require.ErrorIs(t, err, schema.ErrNotFound)
		got, err := notes.Get(ctx, 2)
		require.NoError(t, err)
		require.Equal(t, "patched", got.Body)
	})
}

func TestTransactionMeetsATableThatIsNotEnsured(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, gate := gateOf[note](t, d)
		notes, err := nodes.New[note, int64](d, table, gate)
		require.NoError(t, err)
		told, err := inTx(t, d, func(tx *listening) error {
			return notes.In(tx).Create(t.Context(), &note{Title: "canary"})
		})
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.ErrorContains(t, err, "create notes")
		require.ErrorContains(t, err, `Ensure(ctx, "notes")`)
		require.NotContains(t, err.Error(), "canary")
		require.Equal(t, []schema.Gate{gate}, told)
		require.Nil(t, gate.Peek(), "a transaction makes nothing ready")

		_, err = gate.Ready(t.Context())
		require.NoError(t, err)
		_, err = inTx(t, d, func(tx *listening) error { return notes.In(tx).Create(t.Context(), &note{Title: "x"}) })
		require.NoError(t, err)
	})
}

func TestTransactionMeetsATableThatIsGone(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx := t.Context()
		table, gate := gateOf[note](t, d)
		notes, err := nodes.New[note, int64](d, table, gate)
		require.NoError(t, err)
		for name, call := range map[string]func(*nodes.Node[note, int64]) error{
			"create": func(in *nodes.Node[note, int64]) error { return in.Create(ctx, &note{Title: "canary"}) },
			"list": func(in *nodes.Node[note, int64]) error {
				_, err := in.List(ctx, nodes.Query{})
				return err
			},
			"all": func(in *nodes.Node[note, int64]) (failure error) {
				for _, err := range in.All(ctx, nodes.Query{}) {
					failure = err
				}
				return failure
			},
		} {
			_, err = gate.Ready(ctx)
			require.NoError(t, err)
			dropTable(t, d, table)
			told, err := inTx(t, d, func(tx *listening) error { return call(notes.In(tx)) })
			require.ErrorIs(t, err, schema.ErrNotEnsured, name)
			require.ErrorIs(t, err, schema.ErrMissing, "%s: the cause is below", name)
			require.ErrorContains(t, err, name+" notes")
			require.Equal(t, []schema.Gate{gate}, told, name)
			require.Nil(t, gate.Peek(), "%s: the memory is given up", name)
		}
		require.NoError(t, notes.Create(ctx, &note{Title: "outside"}))
	})
}

func TestPlainTransactionIsToldByTheErrorAlone(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		_, err = notes.In(tx).Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.NoError(t, tx.Rollback(t.Context()))

		require.ErrorIs(t, notes.In(nil).Create(t.Context(), &note{}), schema.ErrInvalid)
		_, err = notes.In(nil).Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrInvalid)
	})
}
