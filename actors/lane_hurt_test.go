package actors_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/schema"
)

// moody is a text of the program's own, which may not want to be read.
type moody string

func (m moody) Value() (driver.Value, error) { return string(m), nil }

func (m *moody) Scan(src any) error {
	text := fmt.Sprint(src)
	if b, ok := src.([]byte); ok {
		text = string(b)
	}
	switch {
	case strings.HasPrefix(text, "panics"):
		panic(text)
	case strings.HasPrefix(text, "fails"):
		return errors.New("not in the mood")
	case strings.HasPrefix(text, "exits"):
		runtime.Goexit()
	}
	*m = moody(text)
	return nil
}

// keeper's mood comes back from the database: it is generated out of its name.
type keeper struct {
	ID   int64  `db:"id"   schema:"pk"`
	Name string `db:"name"`
	Mood moody  `db:"mood" schema:"type=string,generated=name || ''"`
}

// A type of the program's own that panics, or fails, when a row is read does so to its own caller, and to nobody else.
func TestLanePanics(t *testing.T) {
	const callers = 60
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := through[keeper, int64](t, s)
		errs := s.pile(t, each(callers, func(i int) (err error) {
			k := keeper{ID: int64(i), Name: fmt.Sprint("glad ", i)}
			switch i % 5 {
			case 1:
				k.Name = fmt.Sprint("panics ", i)
				defer func() { err = fmt.Errorf("panicked: %v", recover()) }()
			case 2:
				k.Name = fmt.Sprint("fails ", i)
			}
			err = node.Create(t.Context(), &k)
			if err == nil && string(k.Mood) != k.Name {
				return fmt.Errorf("got %q", k.Mood)
			}
			return err
		}))
		for i, err := range errs {
			switch i % 5 {
			case 1:
				require.EqualError(t, err, fmt.Sprint("panicked: panics ", i))
			case 2:
				require.ErrorContains(t, err, "Scan method")
			default:
				require.NoError(t, err, i)
			}
			if i%5 != 1 {
				require.Equal(t, 1, number(t, s.other, "SELECT count(*) FROM keepers WHERE id = "+s.Placeholder(1), i), "row %d", i)
			}
		}
		k := keeper{ID: 1000, Name: "after"}
		require.NoError(t, node.Create(t.Context(), &k), "the lane goes on")
	})
}

// A goroutine that ends itself while its row is read does not take the lane along.
func TestLaneOfCallersThatEnd(t *testing.T) {
	const callers = 30
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := through[keeper, int64](t, s)
		var ended sync.WaitGroup
		release, errs := s.piled(t, each(callers, func(i int) error {
			k := keeper{ID: int64(i), Name: fmt.Sprint("glad ", i)}
			if i != callers/2 {
				return node.Create(t.Context(), &k)
			}
			k.Name = "exits"
			ended.Go(func() { _ = node.Create(t.Context(), &k) })
			ended.Wait()
			return nil
		}))
		release()
		for i, err := range errs() {
			if err != nil { // with PostgreSQL's answer lost
				require.ErrorIs(t, err, schema.ErrOutcomeUnknown)
			} else if i != callers/2 {
				require.Equal(t, 1, number(t, s.other, "SELECT count(*) FROM keepers WHERE id = "+s.Placeholder(1), i))
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for round := range 4 { // in the first ones the lane may still be resting
			for _, err := range s.pile(t, each(callers, func(i int) error {
				return node.Create(ctx, &keeper{ID: int64(1000*(round+1) + i), Name: "after"})
			})) {
				require.NoError(t, err)
			}
		}
	})
}

// Close answers all who wait, and their writes are done or fail by themselves.
func TestLaneClosed(t *testing.T) {
	const callers = 60
	onLanes(t, actors.LaneConfig{MaxWaiting: 30}, func(t *testing.T, s *laneSite) {
		node := jarsOf(t, s)
		hold, err := s.Begin(t.Context())
		require.NoError(t, err)
		errs := make(chan error)
		for i := range callers {
			go func() {
				j := aJar(fmt.Sprint("jar ", i), i)
				errs <- node.Create(t.Context(), &j)
			}()
		}
		waitFor(t, "a full mailbox", func() bool { return s.lane.Status().Waiting == 30 })
		closed := make(chan struct{})
		go func() { s.close(t); close(closed) }()
		// Now it has no goroutine that would take them, or soon will have none.
		require.NoError(t, hold.Rollback(t.Context()))
		<-closed
		stored := 0
		for range callers {
			if err := <-errs; err == nil {
				stored++
			}
		}
		require.Len(t, jars(t, s.other), stored)
		j := aJar("after", 1)
		if err := node.Create(t.Context(), &j); err == nil {
			stored++
		}
		require.Len(t, jars(t, s.other), stored)
		require.Zero(t, s.lane.Status().Waiting)
	})
}

// What is dropped or changed under a lane is made again, and every write is done once.
func TestLaneHeals(t *testing.T) {
	const callers = 40
	onLanes(t, actors.LaneConfig{}, func(t *testing.T, s *laneSite) {
		node := through[pupil, string](t, s)
		for round, change := range []string{"DROP TABLE pupils", "ALTER TABLE pupils DROP COLUMN grade"} {
			require.NoError(t, node.Create(t.Context(), &pupil{Key: fmt.Sprint("first ", round), Email: fmt.Sprint("first ", round)}))
			release, errs := s.piled(t, each(callers, func(i int) error {
				name := fmt.Sprint(round, " ", i)
				p := pupil{Key: name, Email: name}
				err := node.Create(t.Context(), &p)
				if err == nil && p.Grade != "plain" {
					return fmt.Errorf("got %v", p)
				}
				return err
			}))
			if s.Name() == "postgres" {
				run(t, s.other, change)
				release()
			} else {
				release()
				run(t, s.other, change)
			}
			for _, err := range errs() {
				require.NoError(t, err)
			}
			if s.Name() == "postgres" {
				require.Equal(t, callers, number(t, s.other, "SELECT count(*) FROM pupils WHERE "+s.Quote("key")+" LIKE '"+fmt.Sprint(round)+" %'"))
			}
			_, err := node.Get(t.Context(), "nobody")
			require.ErrorIs(t, err, schema.ErrNotFound)
		}
	})
}
