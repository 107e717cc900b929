package nodes_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// canary is a row value: no text for people may ever hold it.
const canary = "k4n4ry"

// loose is the table of parcels without what the model would check, so that the database has to.
type loose struct {
	ID     uuid.UUID `db:"id"     schema:"pk"`
	Status *string   `db:"status"`
}

func TestErrorContract(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people := add[person, uuid.UUID](t, d, sys)
		parcels := add[parcel, uuid.UUID](t, d, sys)
		houses, tenants := add[house, int64](t, d, sys), add[tenant, int64](t, d, sys)

		p := newPerson(canary, nil)
		p.Email = canary + "@example.org"
		require.NoError(t, people.Create(ctx, &p))
		require.NoError(t, houses.Create(ctx, &house{ID: 7741, Name: canary}))
		require.NoError(t, tenants.Create(ctx, &tenant{ID: 1, HouseID: 7741, Name: canary}))
		box := newParcel()
		require.NoError(t, parcels.Create(ctx, &box))

		looseTable, err := schema.TableOf[loose](schema.Named("parcels"))
		require.NoError(t, err)
		_, err = parcels.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		loosely, err := nodes.New[loose, uuid.UUID](d, looseTable, trusting(looseTable))
		require.NoError(t, err)
		patch := func(column string, value any) error {
			_, err := people.Patch(ctx, p.ID, nodes.Set{column: value})
			return err
		}

		for _, c := range []struct {
			name string
			op   string
			kind error
			err  error
		}{
			{"duplicate key", "create people", schema.ErrDuplicate, people.Create(ctx, &person{ID: p.ID, Email: "x" + canary})},
			{"duplicate column", "create people", schema.ErrDuplicate, people.Create(ctx, &person{ID: uuid.New(), Email: p.Email})},
			{"check", "create people", schema.ErrCheck, people.Create(ctx, &person{ID: uuid.New(), Name: canary, Age: ptr(-7741)})},
			{"check by patch", "patch people", schema.ErrCheck, patch("age", -7741)},
			{"too long", "patch people", schema.ErrCheck, patch("email", fmt.Sprintf("%061s", canary))},
			{"enum", "patch parcels", schema.ErrCheck, second(loosely.Patch(ctx, box.ID, nodes.Set{"status": canary}))},
			{"not null", "patch parcels", schema.ErrNotNull, second(loosely.Patch(ctx, box.ID, nodes.Set{"status": nil}))},
			{"no parent", "create tenants", schema.ErrForeignKey, tenants.Create(ctx, &tenant{ID: 2, HouseID: 7742, Name: canary})},
			{"children", "delete houses", schema.ErrForeignKey, houses.Delete(ctx, 7741)},
			{"children in bulk", "bulk delete houses", schema.ErrForeignKey, second(houses.BulkDelete(ctx, nodes.AllRows()))},
			{"get", "get people", schema.ErrNotFound, second(people.Get(ctx, uuid.New()))},
			{"delete", "delete people", schema.ErrNotFound, people.Delete(ctx, uuid.New())},
			{"wrong type", "list people", schema.ErrInvalid, second(people.List(ctx, nodes.Query{Where: nodes.Eq("age", canary)}))},
		} {
			require.ErrorIs(t, c.err, c.kind, c.name)
			for _, other := range kinds {
				require.Equal(t, other == c.kind, errors.Is(c.err, other), "%s: %v", c.name, other)
			}
			require.ErrorContains(t, c.err, c.op, c.name)
			for _, text := range []string{c.err.Error(), fmt.Sprintf("%+v", c.err)} {
				require.NotContains(t, text, canary, c.name)
				require.NotContains(t, text, "774", c.name)
			}
			var known *schema.Error
			require.ErrorAs(t, c.err, &known, c.name)
		}
	})
}

func second[V any](_ V, err error) error { return err }

var kinds = []error{
	schema.ErrNotFound, schema.ErrConflict, schema.ErrDuplicate, schema.ErrForeignKey, schema.ErrCheck, schema.ErrNotNull,
	schema.ErrSchemaMismatch, schema.ErrLockTimeout, schema.ErrNotEnsured, schema.ErrClosed, schema.ErrMissing,
	schema.ErrUnavailable, schema.ErrPermission, schema.ErrSerialization, schema.ErrRaced, schema.ErrInvalid,
}

func TestCancelledContext(t *testing.T) {
	reason := errors.New("the caller's own reason")
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		cold := open[pair, pairKey](t, d)
		require.NoError(t, notes.Create(t.Context(), &note{Title: canary}))
		plain, cancel := context.WithCancel(t.Context())
		cancel()
		caused, cancelCause := context.WithCancelCause(t.Context())
		cancelCause(reason)
		expired, cancelDeadline := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
		defer cancelDeadline()
		for _, ctx := range []context.Context{plain, caused, expired} {
			n := note{Title: canary}
			errs := []error{
				notes.Create(ctx, &n), second(notes.Get(ctx, 1)), notes.Update(ctx, &note{ID: 1, Version: 1}),
				second(notes.Patch(ctx, 1, nodes.Set{"title": "x"})), notes.Delete(ctx, 1),
				second(notes.List(ctx, nodes.Query{})), second(notes.Page(ctx, nodes.Query{})),
				second(notes.Count(ctx, nodes.Query{})), second(notes.BulkDelete(ctx, nodes.AllRows())),
				cold.Create(ctx, &pair{1, 1}),
			}
			for _, err := range notes.All(ctx, nodes.Query{}) {
				errs = append(errs, err)
			}
			require.Len(t, errs, 11)
			for i, err := range errs {
				require.ErrorIs(t, err, ctx.Err(), i)
				require.NotContains(t, err.Error(), canary)
			}
			require.Equal(t, note{Title: canary}, n)
		}
		require.ErrorIs(t, cold.Create(caused, &pair{1, 1}), reason)
		rows, err := notes.List(t.Context(), nodes.Query{})
		require.NoError(t, err)
		require.Len(t, rows, 1)
		require.Equal(t, canary, rows[0].Title)
	})
}

func TestContextThatEndsWhileRowsStream(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		notes := open[note, int64](t, d)
		for range 2000 {
			if err := notes.Create(t.Context(), &note{Title: canary}); err != nil {
				require.NoError(t, err)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var failure error
		seen := 0
		for _, err := range notes.All(ctx, nodes.Query{}) {
			if seen++; seen == 3 {
				cancel()
			}
			failure = err
		}
		// A driver that has read the rest already may come to the end; it must not stop early without a word.
		if failure != nil {
			require.ErrorIs(t, failure, context.Canceled)
			require.ErrorContains(t, failure, "all notes")
		} else {
			require.Equal(t, 2000, seen)
		}
	})
}

func TestNewNamesEveryFault(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		table, gate := gateOf[note](t, d)
		_, err := nodes.New[person, string](d, table, gate)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "notes")
		require.ErrorContains(t, err, "nodetest.Person")
		require.ErrorContains(t, err, "string")
		_, err = nodes.New[seat, string](d, table, gate)
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = nodes.New[note, int64](d, nil, gate)
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = nodes.New[note, int64](nil, table, gate)
		require.ErrorIs(t, err, schema.ErrInvalid)
		_, err = nodes.New[note, int64](d, table, nil)
		require.ErrorIs(t, err, schema.ErrInvalid)
		notes, err := nodes.New[note, int64](d, table, gate)
		require.NoError(t, err)
		require.Same(t, table, notes.Table())
	})
}
