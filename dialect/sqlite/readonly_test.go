package sqlite

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// A transaction that only reads does so on every connection it may get, and leaves each as it was.
func TestReadOnlyTransaction(t *testing.T) {
	ends := map[string]func(ctx context.Context, tx dialect.Tx) error{
		"commit":   func(ctx context.Context, tx dialect.Tx) error { return tx.Commit(ctx) },
		"rollback": func(ctx context.Context, tx dialect.Tx) error { return tx.Rollback(ctx) },
	}
	everywhere(t, func(t *testing.T, d *DB) {
		for name, end := range ends {
			tx, err := d.BeginTx(t.Context(), dialect.TxOptions{ReadOnly: true})
			require.NoError(t, err)
			var n int64
			_, err = dialect.QueryRow(t.Context(), tx, "SELECT count(*) FROM t", nil, &n)
			require.NoError(t, err)
			require.EqualValues(t, 1, n, name)
			for _, write := range []string{"INSERT INTO t VALUES (2)", "DELETE FROM t", "CREATE TABLE u (a)"} {
				_, err := tx.Exec(t.Context(), write)
				refused := d.Classify(err)
				require.ErrorIs(t, refused, schema.ErrPermission, write)
				require.ErrorContains(t, refused, "the transaction is read-only")
			}
			_, err = dialect.QueryRow(t.Context(), tx, "DELETE FROM t RETURNING a", nil, &n)
			require.ErrorIs(t, d.Classify(err), schema.ErrPermission)
			require.NoError(t, end(t.Context(), tx))
			require.NoError(t, tx.Rollback(t.Context()))
			require.ErrorIs(t, d.Classify(second(tx.Exec(t.Context(), "SELECT 1"))), schema.ErrInvalid)

			ctx, cancel := context.WithCancel(t.Context())
			tx, err = d.BeginTx(ctx, dialect.TxOptions{ReadOnly: true})
			require.NoError(t, err)
			cancel()
			_ = end(ctx, tx)
			require.NoError(t, tx.Rollback(t.Context()), "left by its caller")
		}
		for range 10 {
			run(t, d, "INSERT INTO t VALUES (2)", "DELETE FROM t WHERE a = 2")
		}
	})
}

func second(_ int64, err error) error { return err }

// A transaction that could not begin, since its caller is gone, keeps no connection.
func TestReadOnlyTransactionThatDoesNotBegin(t *testing.T) {
	everywhere(t, func(t *testing.T, d *DB) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			_, err := d.BeginTx(ctx, dialect.TxOptions{ReadOnly: true})
			require.ErrorIs(t, err, context.Canceled)
		}
		tx, err := d.BeginTx(within(t), dialect.TxOptions{ReadOnly: true})
		require.NoError(t, err)
		require.NoError(t, tx.Commit(t.Context()))
	})
}
