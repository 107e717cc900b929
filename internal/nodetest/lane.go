package nodetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
)

// Batches is a lane that waits for nobody: each write is a batch of the database's, so that what a test does one after the
// other goes all the way that writes of many callers go.
type Batches struct {
	by    dialect.Batcher
	twice func(w *dialect.Write) bool
}

// BatchesOf gives the lane of a database. Writes for which twice reports true come in two, of which the database must refuse
// one: then the statement for many is tried, and what is left of it. nil is none.
func BatchesOf(t testing.TB, d dialect.Dialect, twice func(w *dialect.Write) bool) *Batches {
	by, ok := d.(dialect.Batcher)
	require.True(t, ok, "%s has no batches", d.Name())
	return &Batches{by, twice}
}

// Pass implements dialect.Lane.
func (l *Batches) Pass(ctx context.Context, q dialect.Querier, w *dialect.Write, alone func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.Reset()
	writes := []*dialect.Write{w}
	if w.Many != nil && l.twice != nil && l.twice(w) {
		writes = append(writes, &dialect.Write{SQL: w.SQL, Then: w.Then, Args: w.Args, Back: w.Back, Row: w.Row, Many: w.Many})
	}
	l.by.Batch(context.WithoutCancel(ctx), func() []*dialect.Write { return writes })
	if ok, err := w.Settled(); ok {
		return err
	}
	if alone == nil {
		return w.Run(ctx, q)
	}
	return alone()
}
