package dialecttest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

func exerciseTransactions(t *testing.T, open opener) {
	d := open(t)
	s := storeOf[account](t, d)
	begin := func(t *testing.T) dialect.Tx {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		return tx
	}
	t.Run("commit", func(t *testing.T) {
		tx := begin(t)
		require.NoError(t, s.insertIn(t.Context(), tx, pointer(newAccount(1))))
		sql, args, err := s.sql.Select("list", dialect.Cond{}, nil, 0, 0)
		require.NoError(t, err)
		rows, err := s.query(t.Context(), tx, sql, args)
		require.NoError(t, err)
		require.Len(t, rows, 1, "a transaction sees its own rows")
		require.Empty(t, s.mustList(t, dialect.Cond{}), "others do not")
		require.NoError(t, tx.Commit(t.Context()))
		require.NoError(t, tx.Rollback(t.Context()), "after a commit it does nothing")
		require.Len(t, s.mustList(t, dialect.Cond{}), 1)
	})
	t.Run("rollback", func(t *testing.T) {
		tx := begin(t)
		require.NoError(t, s.insertIn(t.Context(), tx, pointer(newAccount(2))))
		require.NoError(t, tx.Rollback(t.Context()))
		require.NoError(t, tx.Rollback(t.Context()), "twice does nothing")
		require.Len(t, s.mustList(t, dialect.Cond{}), 1)
	})
	t.Run("rollback after an error and a cancelled context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		tx, err := d.Begin(ctx)
		require.NoError(t, err)
		require.NoError(t, s.insertIn(ctx, tx, pointer(newAccount(3))))
		require.ErrorIs(t, s.insertIn(ctx, tx, pointer(newAccount(1))), schema.ErrDuplicate)
		cancel()
		require.NoError(t, tx.Rollback(context.WithoutCancel(ctx)))
		require.Len(t, s.mustList(t, dialect.Cond{}), 1)
		s.mustInsert(t, pointer(newAccount(3)))
	})
	t.Run("after the end", func(t *testing.T) {
		tx := begin(t)
		require.NoError(t, tx.Commit(t.Context()))
		require.Error(t, s.insertIn(t.Context(), tx, pointer(newAccount(9))))
		require.Error(t, tx.Commit(t.Context()))
		require.Len(t, s.mustList(t, dialect.Cond{}), 2)
	})
	t.Run("kinds", func(t *testing.T) {
		for level := dialect.DefaultIsolation; level <= dialect.Serializable; level++ {
			tx, err := d.BeginTx(t.Context(), dialect.TxOptions{Isolation: level})
			require.NoError(t, err, level)
			require.NoError(t, s.insertIn(t.Context(), tx, pointer(newAccount(20))), level)
			require.NoError(t, tx.Rollback(t.Context()))

			tx, err = d.BeginTx(t.Context(), dialect.TxOptions{Isolation: level, ReadOnly: true})
			require.NoError(t, err, level)
			require.ErrorIs(t, s.insertIn(t.Context(), tx, pointer(newAccount(20))), schema.ErrPermission, level)
			require.NoError(t, tx.Rollback(t.Context()))
			require.NoError(t, tx.Rollback(t.Context()), "twice does nothing")
		}
		_, err := d.BeginTx(t.Context(), dialect.TxOptions{Isolation: dialect.Serializable + 1})
		require.ErrorIs(t, d.Classify(err), schema.ErrInvalid)
		for range 20 { // none of the connections is left as it was used
			s.mustInsert(t, pointer(newAccount(21)))
			_, err := d.Writer().Exec(t.Context(), "DELETE FROM "+d.QuoteTable(s.table.Ref())+" WHERE id = 21")
			require.NoError(t, err)
		}
	})
	t.Run("counts come from the driver", func(t *testing.T) {
		table := d.QuoteTable(s.table.Ref())
		for where, want := range map[string]int64{" WHERE id IN (1, 3)": 2, " WHERE id = 99": 0} {
			n, err := d.Writer().Exec(t.Context(), "UPDATE "+table+" SET note = 'x'"+where)
			require.NoError(t, err)
			require.Equal(t, want, n)
		}
	})
	t.Run("rows closed early and twice", func(t *testing.T) {
		for range 50 { // more than any pool has connections: each has to come back
			rows, err := d.Reader().Query(t.Context(), "SELECT id FROM "+d.QuoteTable(s.table.Ref()))
			require.NoError(t, err)
			require.True(t, rows.Next())
			require.NoError(t, rows.Close())
			require.NoError(t, rows.Close())
			require.NoError(t, rows.Err())
		}
	})
}
