package telemetry_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

const (
	duration  = "db.client.operation.duration"
	returned  = "db.client.response.returned_rows"
	operation = "db.operation.name"
	table     = "db.collection.name"
	errorType = "error.type"
	outcome   = "schemactor.outcome"
)

// What is counted is what the database has, and what is told of a call is where it belongs.
func TestCallsAreCounted(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		ctx, node := t.Context(), people(t, r.c)
		const created = 7
		var last *person
		for range created {
			last = somebody()
			require.NoError(t, node.Create(ctx, last))
		}
		require.Equal(t, count(t, r.d, "SELECT count(*) FROM people"), r.value(t, duration, operation, "create", table, "people", outcome, "ok"))
		require.Equal(t, 1, r.value(t, "schemactor.cold.call.duration", table, "people"))
		require.Equal(t, created-1, r.value(t, "schemactor.warm.calls", table, "people"))

		many := []person{*somebody(), *somebody(), *somebody()}
		stored, err := node.BulkCreate(ctx, many)
		require.NoError(t, err)
		require.EqualValues(t, 3, stored)
		_, err = node.Get(ctx, last.ID)
		require.NoError(t, err)
		_, err = node.Get(ctx, uuid.New())
		require.ErrorIs(t, err, schema.ErrNotFound)
		all, err := node.List(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Len(t, all, count(t, r.d, "SELECT count(*) FROM people"))
		for range node.All(ctx, nodes.Query{}) {
			break // a loop that is left early is a call, too
		}

		require.Equal(t, 1, r.value(t, duration, operation, "bulk create"))
		require.Equal(t, 1, r.value(t, duration, operation, "get", outcome, "ok"))
		require.Equal(t, 1, r.value(t, duration, operation, "get", outcome, "not_found"))
		require.Equal(t, 1, r.value(t, duration, operation, "all", outcome, "ok"))
		require.Zero(t, r.value(t, duration, outcome, "error"), "what is not there is no error")
		for _, s := range r.collect(t) {
			if s.name == duration || s.name == returned {
				require.True(t, has(s.attrs, []string{"db.system.name", db.system}), "%v", s)
				require.False(t, s.attrs.HasValue(errorType), "%v", s)
			}
			if s.name == returned {
				want := map[string]float64{"list": created + 3, "all": 1}
				name, _ := s.attrs.Value(operation)
				require.Equal(t, want[name.AsString()], s.sum, "%v", s)
			}
		}
	})
}

// An error has the class of its kind, whatever database it comes from.
func TestErrorClasses(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		ctx, node := t.Context(), people(t, r.c)
		notes := register[nodetest.Note, int64](t, r.c)
		first := somebody()
		require.NoError(t, node.Create(ctx, first))
		note := nodetest.Note{Title: "one"}
		require.NoError(t, notes.Create(ctx, &note))

		gone, cancel := context.WithCancel(ctx)
		cancel()
		negative := -1
		for _, c := range []struct {
			class, method string
			call          func() error
		}{
			{"duplicate", "create", func() error { other := *somebody(); other.Email = first.Email; return node.Create(ctx, &other) }},
			{"check", "create", func() error { other := somebody(); other.Age = &negative; return node.Create(ctx, other) }},
			{"invalid", "list", func() error { _, err := node.List(ctx, nodes.Query{Where: nodes.Eq("nothing", 1)}); return err }},
			{"invalid", "bulk delete", func() error { _, err := node.BulkDelete(ctx, nodes.Query{}); return err }},
			{"canceled", "get", func() error { _, err := node.Get(gone, first.ID); return err }},
			{"conflict", "update", func() error { old := note; old.Version = 9; return notes.Update(ctx, &old) }},
			{"duplicate", "bulk create", func() error { _, err := node.BulkCreate(ctx, []person{*somebody(), *first}); return err }},
			{"_OTHER", "transaction", func() error {
				return r.c.InTx(ctx, func(context.Context, dialect.Tx) error { return errors.New("the program's own") })
			}},
		} {
			before := r.value(t, duration, operation, c.method, errorType, c.class, outcome, "error")
			require.Error(t, c.call(), c.class)
			require.Equal(t, before+1, r.value(t, duration, operation, c.method, errorType, c.class, outcome, "error"), "%s %s", c.method, c.class)
		}
		require.Equal(t, 1, r.value(t, duration, operation, "transaction", table, ""), "of no table")

		require.Panics(t, func() {
			hooked := node.WithHooks(nodes.Hooks[person, uuid.UUID]{Validate: func(context.Context, *person) error { panic("a fault of the program's") }})
			_ = hooked.Create(ctx, somebody())
		})
		require.Equal(t, 1, r.value(t, duration, operation, "create", errorType, "panic"))
	})
}

// A closed coordinator's refusals are calls, too.
func TestClosed(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, nil)
	node := people(t, r.c)
	require.NoError(t, r.c.Close(t.Context()))
	require.ErrorIs(t, node.Create(t.Context(), somebody()), schema.ErrClosed)
	require.Equal(t, 1, r.value(t, duration, errorType, "closed"))
	require.Equal(t, 1, r.value(t, "schemactor.tables", "schemactor.table.state", "closed"))
}

// A table that is gone is made again by the call that finds out, which is told once, with what it had to do again.
func TestHealing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		node := people(t, r.c)
		require.NoError(t, node.Create(t.Context(), somebody()))
		exec(t, r.d, "DROP TABLE people")
		require.NoError(t, node.Create(t.Context(), somebody()))
		require.Equal(t, 1, count(t, r.d, "SELECT count(*) FROM people"))
		require.Equal(t, 2, r.value(t, duration, operation, "create", outcome, "ok"))
		require.Equal(t, 1, r.value(t, "schemactor.retries", table, "people", errorType, "missing"))
		require.Equal(t, 1, r.value(t, "schemactor.invalidations", table, "people", errorType, "missing"))
		require.Equal(t, 2, r.value(t, "schemactor.migrations", table, "people"))
		spans := r.spans.Ended()
		healed := spans[slices.IndexFunc(spans, named("create people"))+1:]
		at := slices.IndexFunc(healed, named("create people"))
		require.Len(t, healed[at].Events(), 1)
		require.Equal(t, "retry", healed[at].Events()[0].Name)
	})
}

// The rows of a transaction are told as its children, and it is told once, however often it is run.
func TestTransactions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		node := people(t, r.c)
		runs := 0
		require.NoError(t, r.c.InTx(t.Context(), func(ctx context.Context, tx dialect.Tx) error {
			runs++
			return node.In(tx).Create(ctx, somebody())
		}))
		require.Equal(t, 2, runs, "the table is made between two runs")
		require.Equal(t, 1, count(t, r.d, "SELECT count(*) FROM people"))
		require.Equal(t, 1, r.value(t, duration, operation, "transaction", outcome, "ok"))
		require.Equal(t, 1, r.value(t, duration, operation, "create", outcome, "ok"))
		require.Equal(t, 1, r.value(t, duration, operation, "create", errorType, "not_ensured"))
		require.Equal(t, 1, r.value(t, "schemactor.retries", errorType, "not_ensured"))
		spans := r.spans.Ended()
		whole := spans[slices.IndexFunc(spans, named("transaction"))]
		for _, s := range spans {
			if s.Name() == "create people" {
				require.Equal(t, whole.SpanContext().SpanID(), s.Parent().SpanID())
			}
		}
	})
}

// Whoever is not attached counts calls all the same.
func TestWithoutAttach(t *testing.T) {
	r := observed(t, sqliteDatabase(t), nil, &coordinator.Config{News: coordinator.NewsOff})
	require.NoError(t, r.tel.Close())
	require.NoError(t, r.tel.Close())
	require.NoError(t, people(t, r.c).Create(t.Context(), somebody()))
	require.Zero(t, r.value(t, "schemactor.tables"))
	require.Equal(t, 1, r.value(t, duration, operation, "create"))
}
