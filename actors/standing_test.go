package actors

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// authorMore is the newer version of author.
type authorMore struct {
	ID   int64   `db:"id"   schema:"pk"`
	Name string  `db:"name"`
	Home *string `db:"home"`
}

// interrupted runs something between the first and the second query of an Aside, once.
type interrupted struct {
	dialect.Dialect
	between func(ctx context.Context) error
}

func (d *interrupted) Aside(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error) error {
	return d.Dialect.Aside(ctx, func(ctx context.Context, tx dialect.Tx) error {
		return fn(ctx, &interruptedTx{Tx: tx, d: d})
	})
}

type interruptedTx struct {
	dialect.Tx
	d       *interrupted
	queries int
}

func (tx *interruptedTx) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	tx.queries++
	if between := tx.d.between; between != nil && tx.queries == 2 {
		tx.d.between = nil
		if err := between(ctx); err != nil {
			return nil, err
		}
	}
	return tx.Tx.Query(ctx, sql, args...)
}

// Another program brings the table to this very model while it is asked whether that is an older one.
func TestPresentModelIsNotTakenForAnOlderOne(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		ready(t, add(t, start(t, db.open(t), Config{}), model[author](t, schema.Named("authors"))))
		newer := model[authorMore](t, schema.Named("authors"))
		twin := add(t, start(t, db.open(t), Config{}), newer)
		d := &interrupted{Dialect: db.open(t)}
		d.between = func(ctx context.Context) error {
			_, err := twin.Ready(ctx)
			return err
		}
		seen := ready(t, add(t, start(t, d, Config{}), newer))
		require.Nil(t, d.between, "it was not asked")
		require.False(t, seen.Behind)
		require.EqualValues(t, 2, seen.Generation)
	})
}
