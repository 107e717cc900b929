package coordinator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// noticed is a coordinator's listener that hands over what it is told of memories given up and gained.
type noticed struct{ lost, ready chan schema.Event }

func notice() *noticed {
	return &noticed{lost: make(chan schema.Event, 100), ready: make(chan schema.Event, 100)}
}

func (n *noticed) listener() *schema.Listener {
	return &schema.Listener{
		Invalidated: func(e schema.Event) { n.lost <- e },
		Ready:       func(e schema.Event) { n.ready <- e },
	}
}

// hear waits for an event of a channel.
func hear(t testing.TB, from chan schema.Event) schema.Event {
	t.Helper()
	select {
	case e := <-from:
		return e
	case <-time.After(time.Minute):
		require.FailNow(t, "nothing was heard")
	case <-t.Context().Done():
		require.FailNow(t, "the test has ended")
	}
	return schema.Event{}
}

// patient never polls within a test, so that only news by word can reach it; quick polls all the time.
const (
	patient = time.Hour
	quick   = 20 * time.Millisecond
)

// idle is a program with the older model that is ready, makes no further call, and notices things by itself.
func idle(t *testing.T, db database, cfg coordinator.Config) (*coordinator.Coordinator, *noticed) {
	n := notice()
	cfg.Listener = n.listener()
	c, node := items[Item](t, db.open(t), &cfg)
	_, err := node.Get(t.Context(), 1)
	require.NoError(t, err)
	hear(t, n.ready)
	return c, n
}

// A program that makes no calls learns what others have done to its tables, by word or by looking, and is ready again
// before anybody asks it.
func TestNewsReachAnIdleProgram(t *testing.T) {
	for _, way := range []struct {
		name   string
		config coordinator.Config
	}{
		{"listen", coordinator.Config{PollInterval: patient}},
		{"poll", coordinator.Config{News: coordinator.NewsPoll, PollInterval: quick}},
	} {
		t.Run(way.name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, db database) {
				if way.name == "listen" && db.name != "postgres" {
					t.Skip("this database carries no word from one program to another")
				}
				d := db.open(t)
				stocked(t, d, 2)
				c, n := idle(t, db, way.config)
				_, newer := items[ItemMore](t, db.open(t), &coordinator.Config{News: coordinator.NewsOff})
				_, err := newer.Get(t.Context(), 1)
				require.NoError(t, err)
				require.ErrorIs(t, hear(t, n.lost).Err, schema.ErrChanged)
				for hear(t, n.ready).Generation != 2 {
					// The newer program goes step by step, and may be seen halfway.
				}
				require.NoError(t, c.Ready(t.Context()))
				require.True(t, statusOf(t, c, "items").Behind)
				require.Equal(t, 2, applied(t, d, "items"), "the older program has changed nothing")
			})
		})
	}
}

// What a person does to a table tells nobody, and is seen by looking.
func TestForeignChangeIsSeen(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		c, n := idle(t, db, coordinator.Config{PollInterval: quick})
		former := entryOf(t, d, "items").CatalogHash
		exec(t, d, "CREATE INDEX by_hand ON items (name)")
		require.ErrorIs(t, hear(t, n.lost).Err, schema.ErrChanged)
		hear(t, n.ready)
		require.NoError(t, c.Ready(t.Context()))
		require.NotEqual(t, former, entryOf(t, d, "items").CatalogHash, "the ledger knows the table as it is")

		exec(t, d, "DROP TABLE items")
		hear(t, n.lost)
		require.EqualValues(t, 2, hear(t, n.ready).Generation, "made anew, before anybody asked")
		require.Zero(t, rows(t, d, "items"))
		require.Equal(t, 2, applied(t, d, "items"))
	})
}

// Where news is off, nothing is noticed before a statement fails.
func TestNewsOff(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		c, node := items[Item](t, db.open(t), &coordinator.Config{News: coordinator.NewsOff, PollInterval: quick})
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		watching, n := idle(t, db, coordinator.Config{PollInterval: quick})
		exec(t, d, "DROP TABLE items")
		hear(t, n.lost)
		require.Equal(t, schema.StateReady, statusOf(t, c, "items").State)
		waitFor(t, func() bool { return watching.Ready(t.Context()) == nil })
		_, err = node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrNotFound)
	})
}

// A program that waits for a table which somebody else is making goes on as soon as it is made, whatever pause it had
// chosen.
func TestWaiterIsWoken(t *testing.T) {
	db := postgresDatabase(t)
	d := db.open(t)
	stocked(t, d, 1) // the ledger is there
	inside, proceed := make(chan struct{}), make(chan struct{})
	var once bool
	holder := start(t, db.open(t), &coordinator.Config{Listener: &schema.Listener{Entered: func(e schema.Event) {
		if e.Phase == schema.PhaseCommit && !once {
			once = true
			close(inside)
			<-proceed
		}
	}}})
	held := register[shelf, int64](t, holder, schema.Named("shelves"))
	done := make(chan error, 1)
	go func() { done <- held.Create(t.Context(), &shelf{ID: 1}) }()
	<-inside

	tries := make(chan struct{}, 1000)
	waiter := start(t, db.open(t), &coordinator.Config{PollInterval: patient, Listener: &schema.Listener{
		LockWaiting: func(schema.Event) { tries <- struct{}{} },
	}})
	wanted := register[shelf, int64](t, waiter, schema.Named("shelves"))
	got := make(chan error, 1)
	go func() {
		_, err := wanted.Get(t.Context(), 1)
		got <- err
	}()
	for range 3 {
		<-tries
	}
	require.Equal(t, 1, count(t, d, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"),
		"who waits holds no transaction")
	close(proceed)
	require.NoError(t, <-done)
	if err := <-got; !errors.Is(err, schema.ErrNotFound) {
		require.NoError(t, err)
	}
	require.Equal(t, 1, applied(t, d, "shelves"))
}

// A table that somebody has made unfit, in two steps, and somebody fit again, is ready again without anybody asking for it.
func TestRepairIsSeen(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		_, node := items[Item](t, d, &coordinator.Config{News: coordinator.NewsOff})
		require.NoError(t, node.Create(t.Context(), &Item{ID: 1}))
		c, n := idle(t, db, coordinator.Config{News: coordinator.NewsPoll, PollInterval: quick, BackoffMin: quick, BackoffMax: quick})
		exec(t, d, "ALTER TABLE items RENAME COLUMN note TO remark")
		hear(t, n.lost)
		exec(t, d, "ALTER TABLE items RENAME COLUMN id TO number")
		waitFor(t, func() bool { return statusOf(t, c, "items").State == schema.StateBlocked })
		exec(t, d, "ALTER TABLE items RENAME COLUMN number TO id")
		waitFor(t, func() bool { return c.Ready(t.Context()) == nil })
	})
}
