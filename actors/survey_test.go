package actors

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

func TestRestartReadsOnceForAllTables(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		const tables = 100
		d := &hooked{Dialect: db.open(t)}
		first := start(t, d, Config{})
		models := make([]*schema.Table, tables)
		for i := range models {
			models[i] = accounts(t, named("t_%d", i))
			add(t, first, models[i])
		}
		for _, err := range herd(tables, func(i int) error { return first.Tables()[i].Ensure(t.Context()) }) {
			require.NoError(t, err)
		}
		surveys, locks := d.surveys.Load(), d.locks.Load()
		require.LessOrEqual(t, locks, int64(3*tables))
		second := start(t, d, Config{})
		for _, m := range models {
			add(t, second, m)
		}
		for _, err := range herd(10*tables, func(i int) error {
			_, err := second.Tables()[i%tables].Ready(t.Context())
			return err
		}) {
			require.NoError(t, err)
		}
		require.Equal(t, surveys+1, d.surveys.Load())
		require.Equal(t, locks, d.locks.Load())
	})
}

func TestFailedSurveyIsSharedAndForgotten(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{})
	tables := []*Table{add(t, s, accounts(t, named("a"))), add(t, s, accounts(t, named("b"))), add(t, s, accounts(t, named("c")))}
	held := newGate()
	down := errors.New("down")
	db.hook(func(h *hooked) {
		h.onSurvey = func(context.Context) error {
			held.pass()
			return &schema.Error{Kind: schema.ErrUnavailable, Cause: down}
		}
	})
	done := make(chan []error, 1)
	go func() { done <- herd(3, func(i int) error { _, err := tables[i].Ready(t.Context()); return err }) }()
	<-held.arrived
	eventually(t, "all wait for the one read", func() bool {
		s.survey.mu.Lock()
		defer s.survey.mu.Unlock()
		return len(s.survey.wanted) == 3
	})
	close(held.open)
	for _, err := range <-done {
		require.ErrorIs(t, err, down)
	}
	require.EqualValues(t, 1, db.surveys.Load())
	db.hook(func(h *hooked) { h.onSurvey = nil })
	for _, handle := range tables {
		require.NoError(t, handle.Ensure(t.Context()))
	}
	require.EqualValues(t, 2, db.surveys.Load())
}

func TestOldSightingsAreNotBelieved(t *testing.T) {
	db := onSQLite(t)
	d := &hooked{Dialect: db.open(t)}
	models := []*schema.Table{accounts(t, named("soon")), accounts(t, named("late"))}
	for _, m := range models {
		ready(t, add(t, start(t, d, Config{}), m))
	}
	clock := &fakeClock{}
	s := clock.install(start(t, d, Config{}))
	soon, late := add(t, s, models[0]), add(t, s, models[1])
	ready(t, soon)
	surveys := d.surveys.Load()
	exec(t, d, "DROP TABLE late")
	clock.forward(2 * time.Minute)
	ready(t, late)
	require.True(t, exists(t, d, models[1].Ref()))
	require.Greater(t, d.surveys.Load(), surveys)
}

func TestSightingsOlderThanTheAskAreNotBelievedTwice(t *testing.T) {
	d := &hooked{Dialect: onSQLite(t).open(t)}
	clock := &fakeClock{}
	s := clock.install(start(t, d, Config{}))
	handle := add(t, s, accounts(t))
	for generation := range 5 {
		seen := ready(t, handle)
		require.EqualValues(t, generation+1, seen.Generation)
		clock.forward(time.Millisecond)
		exec(t, d, "DROP TABLE accounts")
		handle.Invalidate(seen, schema.ErrMissing)
	}
}
