package coordinator_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/sqlite"
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

// Pools that the program brings along have a lane as well.
func TestLaneOverGivenPools(t *testing.T) {
	path := filepath.Join(t.TempDir(), "given.db")
	writer, err := sql.Open("sqlite3", "file:"+path+"?_busy_timeout=5000&_journal_mode=WAL&_foreign_keys=1")
	require.NoError(t, err)
	defer writer.Close()
	writer.SetMaxOpenConns(1)
	d, err := sqlite.New(writer, nil, nil)
	require.NoError(t, err)
	co := start(t, d, nil)
	users := register[User, uuid.UUID](t, co)
	const writers, each = 16, 20
	taken := newUser()
	require.NoError(t, users.Create(t.Context(), taken))
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			for i := range each {
				u := newUser()
				if i == each/2 {
					u.Email = taken.Email
				}
				if err := users.Create(t.Context(), u); errors.Is(err, schema.ErrDuplicate) != (i == each/2) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	require.Positive(t, co.LaneStatus().Together)
	require.Equal(t, writers*(each-1)+1, count(t, d, "SELECT count(*) FROM users"))
}
