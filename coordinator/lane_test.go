package coordinator_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Writers that come together go together unless the program, or one node of it, is asked to have them go apart.
func TestLaneIsOnUnlessAskedNotTo(t *testing.T) {
	for name, c := range map[string]struct {
		config coordinator.Lane
		node   func(n *userNode) *userNode
		meet   bool
	}{
		"by default":          {meet: true},
		"off":                 {config: coordinator.Lane{Off: true}},
		"off for a node":      {node: func(n *userNode) *userNode { return n.Through(nil) }},
		"with a small batch":  {config: coordinator.Lane{MaxBatch: 2}, meet: true},
		"with little waiting": {config: coordinator.Lane{MaxWaiting: 1}, meet: true},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, db database) {
				d := db.open(t)
				co, err := coordinator.New(d, &coordinator.Config{Lane: c.config})
				require.NoError(t, err)
				users, err := coordinator.Register[User, uuid.UUID](co)
				require.NoError(t, err)
				require.NoError(t, users.Create(t.Context(), newUser()))
				if c.node != nil {
					users = c.node(users)
				}
				const writers, each = 32, 20
				var all sync.WaitGroup
				for range writers {
					all.Go(func() {
						for range each {
							if err := users.Create(t.Context(), newUser()); err != nil {
								t.Error(err)
							}
						}
					})
				}
				all.Wait()
				status := co.LaneStatus()
				require.Zero(t, status.Waiting)
				require.Zero(t, status.Direct)
				require.Equal(t, c.meet, status.Together > 0, "%+v", status)
				require.LessOrEqual(t, status.Together, int64(writers*each))
				if c.config.MaxBatch > 0 {
					require.GreaterOrEqual(t, int64(c.config.MaxBatch)*status.Batches, status.Together)
				}
				var stored int64
				_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM users", nil, &stored)
				require.NoError(t, err)
				require.EqualValues(t, writers*each+1, stored)
				require.NoError(t, co.Close(context.WithoutCancel(t.Context())))
				require.ErrorIs(t, users.Create(t.Context(), newUser()), schema.ErrClosed)
			})
		})
	}
}

func TestFaultyLaneIsRefused(t *testing.T) {
	_, err := coordinator.New(sqliteDatabase(t).open(t), &coordinator.Config{Lane: coordinator.Lane{MaxBatch: -1, MaxWaiting: -2}})
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "Config.Lane.MaxBatch is negative: -1")
	require.ErrorContains(t, err, "Config.Lane.MaxWaiting is negative: -2")
}
