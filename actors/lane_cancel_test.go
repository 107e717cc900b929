package actors_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// Whoever leaves before its write was taken takes it along, and nobody else notices.
func TestLaneLeftWhileWaiting(t *testing.T) {
	const callers = 60
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		leaving, leave := context.WithCancel(t.Context())
		var gone atomic.Int64
		release, errs := s.piled(t, each(callers, func(i int) error {
			j, ctx := aJar(fmt.Sprint("jar ", i), i), t.Context()
			if i%2 == 0 {
				ctx = leaving
				defer gone.Add(1)
			}
			err := node.Create(ctx, &j)
			if err != nil && j.ID != 0 {
				return fmt.Errorf("a number was given: %w", err)
			}
			return err
		}))
		leave()
		waitFor(t, "all to have left", func() bool { return gone.Load() == callers/2 })
		release()
		for i, err := range errs() {
			if i%2 == 0 {
				require.ErrorIs(t, err, context.Canceled)
				require.NotErrorIs(t, err, schema.ErrOutcomeUnknown)
			} else {
				require.NoError(t, err)
			}
		}
		there := jars(t, s.other)
		require.Len(t, there, callers/2)
		for i := range callers {
			_, stored := there[fmt.Sprint("jar ", i)]
			require.Equal(t, i%2 == 1, stored)
		}
	})
}

// Whoever leaves while its write is in the database does not know what became of it, and says so. The others do.
func TestLaneLeftWhileWriting(t *testing.T) {
	const callers = 40
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		slow := s.slow(t, "jars")
		leaving, leave := context.WithCancel(t.Context())
		var left atomic.Int64
		release, errs := s.piled(t, each(callers, func(i int) error {
			j, ctx := aJar(fmt.Sprint("jar ", i), i), t.Context()
			if i%2 == 0 {
				ctx = leaving
				defer left.Add(1)
			}
			err := node.Create(ctx, &j)
			if err == nil && s.Name() == "postgres" && number(t, s.other, "SELECT count(*) FROM jars WHERE id = $1", j.ID) != 1 {
				return errors.New("told of a row that is not there")
			}
			return err
		}))
		release()
		slow.reached(t)
		leave()
		if s.Name() == "postgres" { // else they may all be done by now
			waitFor(t, "all to have left", func() bool { return left.Load() == callers/2 })
		}
		slow.release()
		there := func() map[string]string { return jars(t, s.other) }
		unknown := 0
		for i, err := range errs() {
			_, stored := there()[fmt.Sprint("jar ", i)]
			switch {
			case i%2 == 1:
				require.NoError(t, err)
				require.True(t, stored)
			case err == nil:
				require.True(t, stored)
			case errors.Is(err, schema.ErrOutcomeUnknown):
				require.ErrorIs(t, err, context.Canceled)
				unknown++
			default:
				require.ErrorIs(t, err, context.Canceled)
				require.False(t, stored)
			}
		}
		if s.Name() == "postgres" {
			require.Positive(t, unknown)
		}
		t.Logf("%d do not know", unknown)
	})
}

// Who comes while a batch is slow goes by itself, once the lane's patience is over: whether it came before that or later.
func TestLaneSlowBatch(t *testing.T) {
	const callers = 20
	s := newLaneSite(t, postgrestest.Open(t), 2, actors.LaneConfig{})
	node := jarsOf(t, s)
	slow := s.slow(t, "jars")
	create := func(i int) error {
		j := aJar(fmt.Sprint("jar ", i), i)
		return node.Create(t.Context(), &j)
	}
	release, errs := s.piled(t, each(callers, create))
	release()
	slow.reached(t)
	s.lane.Lose()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for i := range 3 * callers { // one after the other, so that some come when it is over
		j := aJar(fmt.Sprint("later ", i), i)
		require.NoError(t, node.Create(ctx, &j))
	}
	slow.release()
	for _, err := range errs() {
		require.NoError(t, err)
	}
	require.Len(t, jars(t, s.other), 4*callers)
}

// A batch that cannot even begin, for want of a connection, tries the patience of those in it too.
func TestLanePatience(t *testing.T) {
	const callers = 20
	s := newLaneSite(t, postgrestest.Open(t), 2, actors.LaneConfig{})
	node := jarsOf(t, s)
	s.lane.SetPatience(20 * time.Millisecond)
	release, errs := s.piled(t, each(callers, func(i int) error {
		j := aJar(fmt.Sprint("jar ", i), i)
		return node.Create(t.Context(), &j)
	}))
	waitFor(t, "all to go by themselves", func() bool { return s.lane.Status().Waiting == 0 })
	release()
	for _, err := range errs() {
		require.NoError(t, err)
	}
	require.Len(t, jars(t, s.other), callers)
}

// slowTable has a table's inserts wait in the database.
type slowTable struct {
	reached func(t *testing.T)
	release func()
}

// slow has inserts into a table wait until they are released; on SQLite, where nothing can wait inside a statement, it makes
// them do a lot.
func (s *laneSite) slow(t *testing.T, table string) slowTable {
	if s.Name() == "sqlite" {
		run(t, s, "CREATE TRIGGER slow AFTER INSERT ON "+table+" BEGIN SELECT count(*) FROM (WITH RECURSIVE n (i) AS ("+
			"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i FROM n); END")
		return slowTable{func(t *testing.T) {
			waitFor(t, "a batch to be taken", func() bool { return s.lane.Status().Waiting == 0 })
		}, func() {}}
	}
	// A lock that is only tried, since a batch waits for none for long: that is what it is known by.
	run(t, s.other, "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "+
		"WHILE current_setting('lock_timeout') <> '0' AND NOT pg_try_advisory_xact_lock_shared(42) LOOP PERFORM pg_sleep(0.002); END LOOP; RETURN NULL; END $$",
		"CREATE TRIGGER slow AFTER INSERT ON "+table+" FOR EACH ROW EXECUTE FUNCTION slow()")
	hold, err := s.other.Begin(t.Context())
	require.NoError(t, err)
	_, err = hold.Exec(t.Context(), "SELECT pg_advisory_xact_lock(42)")
	require.NoError(t, err)
	t.Cleanup(func() { _ = hold.Rollback(context.WithoutCancel(t.Context())) })
	reached := func(t *testing.T) {
		waitFor(t, "a batch to be in the trigger", func() bool {
			return s.lane.Status().Waiting == 0 && number(t, s.other, "SELECT count(*) FROM pg_stat_activity "+
				"WHERE wait_event = 'PgSleep' AND datname = current_database() AND pid <> pg_backend_pid()") > 0
		})
	}
	return slowTable{reached, func() { require.NoError(t, hold.Rollback(context.WithoutCancel(t.Context()))) }}
}

// No more than so many wait; who comes then waits for a place no longer than for its own context.
func TestLaneWithLittleRoom(t *testing.T) {
	const room = 4
	onLanes(t, actors.LaneConfig{MaxWaiting: room}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		before := s.lane.Status().Direct
		hold, err := s.Begin(t.Context())
		require.NoError(t, err)
		errs := make(chan error, 100)
		create := func(ctx context.Context, name string) {
			j := aJar(name, 1)
			errs <- node.Create(ctx, &j)
		}
		abreast := s.Dialect.(interface{ Abreast() int }).Abreast()
		for i := range abreast + room {
			go create(t.Context(), fmt.Sprint("stays ", i))
		}
		waitFor(t, "a full mailbox", func() bool { return s.lane.Status().Waiting == room && s.lane.Status().Direct == before+abreast })
		gone, leave := context.WithCancel(t.Context())
		for i := range 10 {
			go create(gone, fmt.Sprint("leaves ", i))
		}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		late := aJar("late", 1)
		require.ErrorIs(t, node.Create(short, &late), context.DeadlineExceeded)
		leave()
		for range 10 {
			require.ErrorIs(t, <-errs, context.Canceled)
		}
		require.Equal(t, room, s.lane.Status().Waiting)
		patient := make(chan error)
		go func() {
			j := aJar("patient", 1)
			patient <- node.Create(t.Context(), &j)
		}()
		require.NoError(t, hold.Rollback(t.Context()))
		for range abreast + room {
			require.NoError(t, <-errs)
		}
		require.NoError(t, <-patient)
		require.Len(t, jars(t, s.other), abreast+room+1)
	})
}
