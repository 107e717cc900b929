package nodes_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// trail is what hooks write of what they saw.
type trail struct {
	ID   int64  `db:"id"   schema:"pk,auto"`
	What string `db:"what"`
}

type (
	personHooks = nodes.Hooks[person, uuid.UUID]
	personNode  = nodes.Node[person, uuid.UUID]
	trailNode   = nodes.Node[trail, int64]
)

// trailed gives hooks that note each call in a table of their own, and then answer as told.
func trailed(trails *trailNode, answer func(hook string) error) personHooks {
	note := func(ctx context.Context, tx dialect.Tx, what string) error {
		if err := trails.In(tx).Create(ctx, &trail{What: what}); err != nil {
			return err
		}
		return answer(what)
	}
	row := func(what string) func(context.Context, dialect.Tx, *person) error {
		return func(ctx context.Context, tx dialect.Tx, p *person) error {
			p.Name += "+" + what
			return note(ctx, tx, what)
		}
	}
	key := func(what string) func(context.Context, dialect.Tx, uuid.UUID) error {
		return func(ctx context.Context, tx dialect.Tx, _ uuid.UUID) error { return note(ctx, tx, what) }
	}
	return personHooks{
		BeforeCreate: row("before create"), AfterCreate: row("after create"),
		BeforeUpdate: row("before update"), AfterUpdate: row("after update"),
		BeforeDelete: key("before delete"), AfterDelete: key("after delete"),
	}
}

func silent(string) error { return nil }

// seen reads what was noted, in its order.
func seen(t *testing.T, trails *trailNode) []string {
	rows, err := trails.List(t.Context(), nodes.Query{})
	require.NoError(t, err)
	out := make([]string, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.What)
	}
	return out
}

func stored(t *testing.T, people *personNode, id uuid.UUID) person {
	p, err := people.Get(t.Context(), id)
	require.NoError(t, err)
	return *p
}

// Hooks run in the write's own transaction, also over a table that nobody has used: then all of it runs again.
func TestHooksOutsideATransaction(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, trails := add[person, uuid.UUID](t, d, sys), add[trail, int64](t, d, sys)
		calls := 0
		hooked := people.WithHooks(trailed(trails, func(string) error { calls++; return nil }))

		p := newPerson("Ada", nil)
		require.NoError(t, hooked.Create(ctx, &p))
		require.Equal(t, 2, calls, "the run that met a table which was not ready called none to its end")
		require.Equal(t, "Ada+before create+after create", p.Name)
		require.False(t, p.CreatedAt.IsZero())
		require.Equal(t, "Ada+before create", stored(t, people, p.ID).Name, "what comes after is not stored")

		p.Name = "Bob"
		require.NoError(t, hooked.Update(ctx, &p))
		require.Equal(t, "Bob+before update+after update", p.Name)
		require.Equal(t, "Bob+before update", stored(t, people, p.ID).Name)

		got, err := hooked.Patch(ctx, p.ID, nodes.Set{"name": "Cy"})
		require.NoError(t, err)
		require.Equal(t, "Cy+after update", got.Name)
		require.Equal(t, "Cy", stored(t, people, p.ID).Name)

		require.NoError(t, hooked.Delete(ctx, p.ID))
		require.ErrorIs(t, hooked.Delete(ctx, p.ID), schema.ErrNotFound)
		want := []string{
			"before create", "after create", "before update", "after update", "after update",
			"before delete", "after delete",
		}
		require.Equal(t, want, seen(t, trails))

		plain := newPerson("Dan", nil)
		require.NoError(t, people.Create(ctx, &plain))
		require.Len(t, seen(t, trails), len(want), "the node without hooks has none")
	})
}

// every calls each method that has hooks on a row that is there.
func every(ctx context.Context, people *personNode, there *person) map[string]func() error {
	return map[string]func() error{
		"create": func() error { p := newPerson("new", nil); return people.Create(ctx, &p) },
		"update": func() error { p := *there; return people.Update(ctx, &p) },
		"patch":  func() error { return second(people.Patch(ctx, there.ID, nodes.Set{"name": "patched"})) },
		"delete": func() error { return people.Delete(ctx, there.ID) },
	}
}

func TestHooksThatFail(t *testing.T) {
	own := errors.New("mine")
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, trails := add[person, uuid.UUID](t, d, sys), add[trail, int64](t, d, sys)
		p := newPerson("Ada", nil)
		require.NoError(t, people.Create(ctx, &p))
		before := stored(t, people, p.ID)
		require.Empty(t, seen(t, trails))
		unchanged := func(name string) {
			t.Helper()
			rows, err := people.List(ctx, nodes.Query{})
			require.NoError(t, err)
			require.Equal(t, []person{before}, rows, name)
			require.Empty(t, seen(t, trails), name)
		}
		for _, bad := range []string{
			"before create", "after create", "before update", "after update", "before delete", "after delete",
		} {
			failing := trailed(trails, func(hook string) error {
				if hook == bad {
					return own
				}
				return nil
			})
			panicking := trailed(trails, func(hook string) error {
				if hook == bad {
					panic(own)
				}
				return nil
			})
			for op, call := range every(ctx, people.WithHooks(failing), &p) {
				verb := map[string]string{"patch": "update"}[op]
				if verb == "" {
					verb = op
				}
				if bad != "before "+verb && bad != "after "+verb || bad == "before update" && op == "patch" {
					continue
				}
				err := call()
				require.ErrorIs(t, err, own)
				require.EqualError(t, err, op+" people: "+bad+": mine")
				unchanged(op)
				require.PanicsWithError(t, "mine", func() { _ = every(ctx, people.WithHooks(panicking), &p)[op]() })
				unchanged(op)
			}
		}
		q := newPerson("Bob", nil)
		kept := q
		require.ErrorIs(t, people.WithHooks(trailed(trails, func(string) error { return own })).Create(ctx, &q), own)
		require.Equal(t, kept, q, "the caller's row is as it was")
	})
}

// Inside a transaction a hook that fails undoes its own write and no other, and the transaction goes on.
func TestHooksInsideATransaction(t *testing.T) {
	own := errors.New("mine")
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, trails := add[person, uuid.UUID](t, d, sys), add[trail, int64](t, d, sys)
		p := newPerson("Ada", nil)
		require.NoError(t, people.Create(ctx, &p))
		told, err := inTx(t, d, func(tx *listening) error {
			return people.WithHooks(trailed(trails, silent)).In(tx).Create(ctx, &person{ID: uuid.New(), Email: "x"})
		})
		require.ErrorIs(t, err, schema.ErrNotEnsured)
		require.Len(t, told, 1, "the hook's table, which the transaction hears of")
		require.Empty(t, seen(t, trails))

		_, err = inTx(t, d, func(tx *listening) error {
			fine := people.WithHooks(trailed(trails, silent)).In(tx)
			q := newPerson("Bob", nil)
			require.NoError(t, fine.Create(ctx, &q))
			failing := people.WithHooks(trailed(trails, func(hook string) error {
				if hook[:5] == "after" {
					return own
				}
				return nil
			}))
			for op, call := range every(ctx, failing.In(tx), &p) {
				require.ErrorIs(t, call(), own, op)
			}
			q.Email = p.Email
			require.ErrorIs(t, fine.Update(ctx, &q), schema.ErrDuplicate)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, []string{"before create", "after create"}, seen(t, trails))
		count, err := people.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.EqualValues(t, 2, count)
		require.Equal(t, "Ada", stored(t, people, p.ID).Name)
	})
}

// A transaction of hooks that the database refuses is run again, with a working copy that is new each time.
func TestHooksRunAgain(t *testing.T) {
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, trails := add[person, uuid.UUID](t, d, sys), add[trail, int64](t, d, sys)
		refusals := 2
		hooked := people.WithHooks(trailed(trails, func(hook string) error {
			if hook == "after create" && refusals > 0 {
				refusals--
				return &schema.Error{Kind: schema.ErrSerialization}
			}
			return nil
		}))
		p := newPerson("Ada", nil)
		require.NoError(t, hooked.Create(ctx, &p))
		require.Zero(t, refusals)
		require.Equal(t, "Ada+before create+after create", p.Name)
		require.Equal(t, "Ada+before create", stored(t, people, p.ID).Name)
		require.Equal(t, []string{"before create", "after create"}, seen(t, trails))
	})
}

// A hook that uses a node which has hooks itself is a transaction in a transaction.
func TestHooksOfHooks(t *testing.T) {
	own := errors.New("mine")
	each(t, func(t *testing.T, d dialect.Dialect) {
		ctx, sys := t.Context(), nodetest.System(t, d)
		people, trails, notes := add[person, uuid.UUID](t, d, sys), add[trail, int64](t, d, sys), add[note, int64](t, d, sys)
		inner := people.WithHooks(trailed(trails, func(hook string) error {
			if hook == "after create" {
				return own
			}
			return nil
		}))
		outer := notes.WithHooks(nodes.Hooks[note, int64]{
			AfterCreate: func(ctx context.Context, tx dialect.Tx, n *note) error {
				p := newPerson(n.Title, nil)
				if err := inner.In(tx).Create(ctx, &p); !errors.Is(err, own) {
					return err
				}
				return trails.In(tx).Create(ctx, &trail{What: "it was refused"})
			},
		})
		require.NoError(t, outer.Create(ctx, &note{Title: "Ada"}))
		require.Equal(t, []string{"it was refused"}, seen(t, trails))
		count, err := people.Count(ctx, nodes.Query{})
		require.NoError(t, err)
		require.Zero(t, count)
	})
}
