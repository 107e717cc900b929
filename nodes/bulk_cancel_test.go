package nodes_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// A caller that goes at any moment of a bulk method leaves all of its rows or none, and no connection in a transaction.
func TestBulkIsCancelledAtRandomMoments(t *testing.T) {
	const rows = 2500
	rounds := 8
	if testing.Short() {
		rounds = 3
	}
	each(t, func(t *testing.T, d dialect.Dialect) {
		tools := open[tool, int64](t, d)
		fresh := func(name string) []tool {
			all := make([]tool, rows)
			for i := range all {
				all[i] = tool{ID: int64(i + 1), Code: name + string(rune('a'+i%26)) + time.Duration(i).String(), Count: i, Name: name}
			}
			return all
		}
		there := fresh("there")
		methods := map[string]func(ctx context.Context) (int64, error){
			"BulkCreate":    func(ctx context.Context) (int64, error) { return tools.BulkCreate(ctx, fresh("new")) },
			"BulkCreateSeq": func(ctx context.Context) (int64, error) { return tools.BulkCreateSeq(ctx, slices.Values(fresh("new"))) },
			"BulkUpsert": func(ctx context.Context) (int64, error) {
				result, err := tools.BulkUpsert(ctx, fresh("new"))
				return result.Inserted + result.Updated, err
			},
			"BulkUpdateRows": func(ctx context.Context) (int64, error) {
				changed := slices.Clone(there)
				for i := range changed {
					changed[i].Name = "new"
				}
				return tools.BulkUpdateRows(ctx, changed)
			},
		}
		for name, method := range methods {
			done := time.Duration(0)
			for round := range rounds {
				_, err := tools.BulkPurge(t.Context(), nodes.AllRows())
				require.NoError(t, err)
				if name == "BulkUpdateRows" {
					there = fresh("there")
					_, err = tools.BulkCreate(t.Context(), there)
					require.NoError(t, err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				var timer *time.Timer
				if round > 0 { // the first one tells how long it takes
					timer = time.AfterFunc(rand.N(done+1), cancel)
				}
				begun := time.Now()
				count, err := method(ctx)
				done = max(done, time.Since(begun))
				if timer != nil {
					timer.Stop()
				}
				cancel()
				stored, failure := tools.Count(t.Context(), nodes.Query{Where: nodes.Eq("name", "new")})
				require.NoError(t, failure)
				switch {
				case err == nil:
					require.EqualValues(t, rows, count, name)
					require.EqualValues(t, rows, stored, "%s, round %d", name, round)
				case errors.Is(err, schema.ErrOutcomeUnknown): // cancelled in the middle of the commit
					require.Contains(t, []int64{0, rows}, stored, "%s, round %d", name, round)
				default:
					require.ErrorIs(t, err, context.Canceled, name)
					require.Zero(t, count, name)
					require.Zero(t, stored, "%s, round %d", name, round)
				}
			}
		}
		if d.Name() == "postgres" {
			// The server may take a moment to see that a connection was given up.
			require.Eventually(t, func() bool {
				open := -1
				_, err := dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM pg_stat_activity "+
					"WHERE datname = current_database() AND state LIKE 'idle in transaction%'", nil, &open)
				return err == nil && open == 0
			}, 10*time.Second, 10*time.Millisecond)
		}
	})
}
