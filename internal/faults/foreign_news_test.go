package faults_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/schema"
)

// foreignIdle is a program that makes no calls once its table is ready.
type foreignIdle struct {
	*foreignProgram
	lost, ready atomic.Int64
}

func newForeignIdle(t *testing.T, address string, news coordinator.News, poll time.Duration) *foreignIdle {
	idle := &foreignIdle{}
	idle.foreignProgram = foreignOpen(t, address, func(cfg *coordinator.Config) {
		cfg.News, cfg.PollInterval = news, poll
		cfg.Listener = &schema.Listener{
			Invalidated: func(schema.Event) { idle.lost.Add(1) },
			Ready:       func(schema.Event) { idle.ready.Add(1) },
		}
	})
	require.NoError(t, idle.coordinator.EnsureAll(t.Context()))
	return idle
}

// settle takes note of how the program stands before the change. Listening begins with a look of its own.
func (i *foreignIdle) settle() (lost, ready int64) { return i.lost.Load(), i.ready.Load() }

// noticed waits until the program has given its memory up and made the table ready again.
func (i *foreignIdle) noticed(t *testing.T, what string, lost, ready int64) {
	waitFor(t, what, func() bool {
		return i.lost.Load() > lost && i.ready.Load() > ready && i.coordinator.Status()[0].State == schema.StateReady
	})
}

// Programs that make no calls notice what another process does to their table: by word, where the database carries any, and
// by looking. One that asks for no news notices nothing.
func TestForeignNews(t *testing.T) {
	for _, c := range []struct {
		name  string
		order foreignOrder
		word  bool // is sent
		gone  bool // the table is made again by one of the idle
	}{
		{"a program adds a column", foreignOrder{Program: "more"}, true, false},
		{"somebody adds a column", foreignOrder{SQL: []string{"ALTER TABLE foreigners ADD COLUMN by_hand text"}}, false, false},
		{"somebody drops the table", foreignOrder{SQL: []string{"DROP TABLE foreigners"}}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, address string) {
				idle := []*foreignIdle{
					newForeignIdle(t, address, coordinator.NewsPoll, 50*time.Millisecond),
					newForeignIdle(t, address, coordinator.NewsPoll, 80*time.Millisecond),
				}
				d := open(t, linearOutsider(address))
				switch {
				case d.Name() == "mysql": // sends no word, and does not look by itself as often
				case d.Name() == "sqlite":
					idle = append(idle, newForeignIdle(t, address, "", 0)) // looks every second by itself
				case c.word:
					listener := newForeignIdle(t, address, coordinator.NewsListen, time.Hour)
					waitFor(t, "the connection that listens", func() bool {
						return count(t, d, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN schemactor%'") == 1
					})
					idle = append(idle, listener)
				}
				deaf := newForeignIdle(t, address, coordinator.NewsOff, 0)
				foreignNoticed(t, address, c.order, idle, deaf)
				if c.gone {
					require.Equal(t, 2, applied(t, d, foreignTable), "it was made again once")
				}
			})
		})
	}
}

// foreignNoticed has another process change the table under idle programs.
func foreignNoticed(t *testing.T, address string, order foreignOrder, idle []*foreignIdle, deaf *foreignIdle) {
	worker, err := fleet.Start(t.Context(), "foreign", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, worker.End()) }()
	type standing struct{ lost, ready int64 }
	var before []standing
	for _, i := range idle {
		lost, ready := i.settle()
		before = append(before, standing{lost, ready})
	}
	var answer foreignAnswer
	began := time.Now()
	require.NoError(t, worker.Ask(order, &answer))
	require.Empty(t, answer.Fault)
	for n, i := range idle {
		i.noticed(t, "a program to notice", before[n].lost, before[n].ready)
	}
	t.Logf("%d idle programs noticed within %v", len(idle), time.Since(began).Round(time.Millisecond))
	require.Zero(t, deaf.lost.Load())
	_, err = deaf.node.Get(t.Context(), 1)
	require.ErrorIs(t, err, schema.ErrNotFound, "it serves all the same")
}
