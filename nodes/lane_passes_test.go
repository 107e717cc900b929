package nodes_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
)

// passing is a lane that counts what passes it.
type passing struct{ n int }

// Pass implements dialect.Lane.
func (p *passing) Pass(ctx context.Context, q dialect.Querier, w *dialect.Write, alone func() error) error {
	p.n++
	if alone != nil {
		return alone()
	}
	return w.Run(ctx, q)
}

// TestWhatPassesTheLane: new rows do everywhere, what changes or removes one only where the lane gains by it.
func TestWhatPassesTheLane(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		lane, row := &passing{}, tool{Code: "saw"}
		tools := open[tool, int64](t, d).Through(lane)
		require.NoError(t, tools.Create(t.Context(), &row))
		require.Equal(t, 1, lane.n)
		require.NoError(t, tools.Delete(t.Context(), row.ID))
		want := 2
		if d.Capability().BatchesRows {
			want = 1
		}
		require.Equal(t, want, lane.n)
		require.Equal(t, d.Name() == "mysql", d.Capability().BatchesRows)
	})
}
