package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Country, Author and Book are a chain of foreign keys.
type Country struct {
	ID int64 `db:"id" schema:"pk"`
}

type Author struct {
	ID      int64 `db:"id"      schema:"pk"`
	Country int64 `db:"country" schema:"references=countries.id"`
}

type Book struct {
	ID     int64  `db:"id"     schema:"pk"`
	Author int64  `db:"author" schema:"references=authors.id,ondelete=cascade"`
	Sequel *int64 `db:"sequel" schema:"references=books.id"`
}

// Hen and Egg are a circle.
type Hen struct {
	ID  int64  `db:"id"  schema:"pk"`
	Egg *int64 `db:"egg" schema:"references=eggs.id"`
}

type Egg struct {
	ID  int64  `db:"id"  schema:"pk"`
	Hen *int64 `db:"hen" schema:"references=hens.id"`
}

// EnsureAll makes the tables that others point to first, whatever the order of registration, and circles as a whole.
func TestEnsureAllInForeignKeyOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		books := register[Book, int64](t, c)
		eggs := register[Egg, int64](t, c)
		authors := register[Author, int64](t, c)
		hens := register[Hen, int64](t, c)
		countries := register[Country, int64](t, c)
		require.NoError(t, c.EnsureAll(t.Context()))
		require.NoError(t, c.Ready(t.Context()))

		order := revisionOrder(t, d)
		require.Len(t, order, 5)
		require.Less(t, slices.Index(order, "countries"), slices.Index(order, "authors"))
		require.Less(t, slices.Index(order, "authors"), slices.Index(order, "books"))

		// The keys are there, all of them.
		require.ErrorIs(t, books.Create(t.Context(), &Book{ID: 1, Author: 1}), schema.ErrForeignKey)
		require.NoError(t, countries.Create(t.Context(), &Country{ID: 1}))
		require.NoError(t, authors.Create(t.Context(), &Author{ID: 1, Country: 1}))
		require.NoError(t, books.Create(t.Context(), &Book{ID: 1, Author: 1}))
		one, two := int64(1), int64(2)
		require.NoError(t, books.Create(t.Context(), &Book{ID: 2, Author: 1, Sequel: &one}))
		require.ErrorIs(t, hens.Create(t.Context(), &Hen{ID: 1, Egg: &one}), schema.ErrForeignKey)
		require.NoError(t, hens.Create(t.Context(), &Hen{ID: 1}))
		require.NoError(t, eggs.Create(t.Context(), &Egg{ID: 1, Hen: &one}))
		require.ErrorIs(t, eggs.Create(t.Context(), &Egg{ID: 2, Hen: &two}), schema.ErrForeignKey)
		_, err := hens.Patch(t.Context(), 1, map[string]any{"egg": one})
		require.NoError(t, err)
	})
}

// revisionOrder gives the names of the tables in the order in which the history says they were made.
func revisionOrder(t *testing.T, d dialect.Dialect) []string {
	result, err := d.Reader().Query(t.Context(),
		"SELECT "+d.Quote(revisionTableColumn)+" FROM "+dialect.RevisionsTable+" WHERE state = 'applied' ORDER BY id")
	require.NoError(t, err)
	defer result.Close()
	var names []string
	for result.Next() {
		var name string
		require.NoError(t, result.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, result.Err())
	return names
}

// First use of one table makes those it points to; Ensure takes names with and without a namespace.
func TestEnsureByName(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		register[Author, int64](t, c)
		register[Country, int64](t, c)
		register[Hen, int64](t, c)
		require.NoError(t, c.Ensure(t.Context()), "no names, nothing to do")
		require.NoError(t, c.Ensure(t.Context(), "authors", "authors"))
		require.Equal(t, []string{"countries", "authors"}, revisionOrder(t, d))
		if db.name == "postgres" {
			bills := register[Country, int64](t, c, schema.Named("bills"), schema.InNamespace("billing"))
			require.NoError(t, c.Ensure(t.Context(), "billing.bills"))
			require.Equal(t, schema.StateReady, statusOf(t, c, "billing.bills").State)
			require.NoError(t, bills.Create(t.Context(), &Country{ID: 1}))
			history, err := c.History(t.Context(), "billing.bills")
			require.NoError(t, err)
			require.Len(t, history, 1)
		}
	})
}

// Tables that are made at the same moment in a namespace that does not exist yet do not stumble over each other, nor do
// programs.
func TestNewNamespaceIsMadeOnce(t *testing.T) {
	db := postgresDatabase(t)
	first, second := start(t, db.open(t), nil), start(t, db.open(t), nil)
	for round := range 20 {
		namespace := fmt.Sprintf("tenant_%d", round)
		var names []string
		for i := range 6 {
			name := fmt.Sprintf("t%d", i)
			names = append(names, namespace+"."+name)
			for _, c := range []*coordinator.Coordinator{first, second} {
				register[Country, int64](t, c, schema.Named(name), schema.InNamespace(namespace))
			}
		}
		errs := together(2*len(names), func(i int) error {
			return []*coordinator.Coordinator{first, second}[i%2].Ensure(t.Context(), names[i/2])
		})
		require.NoError(t, errors.Join(errs...))
	}
}

// All failures are told, and what can be made ready is.
func TestEnsureAllJoinsErrors(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		exec(t, d, "CREATE TABLE wrong_1 (x INTEGER)")
		exec(t, d, "CREATE TABLE wrong_2 (x INTEGER)")
		c := start(t, d, nil)
		for _, name := range []string{"wrong_1", "right_1", "wrong_2", "right_2"} {
			register[Country, int64](t, c, schema.Named(name))
		}
		err := c.EnsureAll(t.Context())
		require.ErrorIs(t, err, schema.ErrSchemaMismatch)
		require.ErrorContains(t, err, "wrong_1")
		require.ErrorContains(t, err, "wrong_2")
		require.NotContains(t, err.Error(), "right")
		require.Equal(t, schema.StateReady, statusOf(t, c, "right_1").State)
		require.Equal(t, schema.StateReady, statusOf(t, c, "right_2").State)
		require.Equal(t, schema.StateBlocked, statusOf(t, c, "wrong_1").State)
		require.ErrorContains(t, c.Ready(t.Context()), "wrong_1 is blocked")
	})
}

// A context that ends releases the caller with its cause, once, not for each table.
func TestEnsureAllIsLeft(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		other := db.open(t)
		c := start(t, db.open(t), nil)
		var refs []schema.Ref
		for i := range 8 {
			name := fmt.Sprintf("t%d", i)
			refs = append(refs, schema.Ref{Name: name})
			register[Country, int64](t, c, schema.Named(name))
		}
		require.NoError(t, other.Locked(t.Context(), refs, func(context.Context, dialect.Tx) error {
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error, 1)
			go func() { left <- c.EnsureAll(ctx) }()
			waitFor(t, func() bool { return statusOf(t, c, "t0").Waiters > 0 })
			cancel()
			require.Equal(t, context.Canceled.Error(), (<-left).Error())
			return nil
		}))
		require.NoError(t, c.EnsureAll(t.Context()), "the work went on, or is taken up again")
	})
}
