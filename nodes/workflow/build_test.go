package workflow_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

func nothing(context.Context, workflow.Input) (map[string]any, error) { return nil, nil }

// faulty are workflows that Build refuses, with what it must say.
var faulty = map[string]func(b *workflow.Builder){
	"there are no steps":                              func(*workflow.Builder) {},
	`step a: unknown model "Person"`:                  func(b *workflow.Builder) { b.Step("a", workflow.Op("Person", "get")) },
	`step a: users: invalid input: unknown operation`: func(b *workflow.Builder) { b.Step("a", workflow.Op("User", "fetch")) },
	`step a: get users: invalid input: input key is missing`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "get"))
	},
	`unknown input "keys"`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "get")).Connect("input.key", "a.keys")
	},
	`row: unknown column "mail"`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "create")).Connect("input.mail", "a.row.mail")
	},
	`set: unknown column "mail"`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "patch", workflow.Input{"set": map[string]any{"mail": 1}})).Connect("input.k", "a.key")
	},
	"does not fit kind string [email]": func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "create", workflow.Input{"row": map[string]any{"email": 1}})).Connect("input.k", "a.row.id")
	},
	`step a: count users: invalid input: there is no output "key"`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "count")).Step("b", workflow.Op("User", "get")).Connect("a.key", "b.key")
	},
	`row: unknown column "ident"`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "first")).Step("b", workflow.Op("User", "get")).Connect("a.row.ident", "b.key")
	},
	"step a depends on itself": func(b *workflow.Builder) { b.Func("a", nothing).Connect("a.x", "a.y") },
	"steps depend on each other in a circle: b → c → d → b": func(b *workflow.Builder) {
		b.Func("a", nothing).Func("b", nothing).Func("c", nothing).Func("d", nothing).Func("e", nothing).
			Connect("a.x", "b.x").Connect("b.x", "c.x").Connect("c.x", "d.x").After("b", "d").Connect("d.x", "e.x")
	},
	`two steps have the name "a"`: func(b *workflow.Builder) { b.Func("a", nothing).Func("a", nothing) },
	`"a.b" is no name for a step`: func(b *workflow.Builder) { b.Func("a.b", nothing) },
	`"" is no name for a step`:    func(b *workflow.Builder) { b.Func("", nothing) },
	`"input" means the inputs`:    func(b *workflow.Builder) { b.Func("input", nothing) },
	"step a: no function given":   func(b *workflow.Builder) { b.Func("a", nil) },
	`input "x" is given twice`: func(b *workflow.Builder) {
		b.Func("a", nothing, workflow.Input{"x": 1}).Connect("input.x", "a.x")
	},
	`input "y" is given twice`: func(b *workflow.Builder) {
		b.Func("a", nothing).Connect("input.x", "a.y").Connect("input.y", "a.y")
	},
	`input "row.email" is given twice`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "create", workflow.Input{"row": map[string]any{"email": "x"}})).
			Connect("input.x", "a.row.email")
	},
	`input "row" is given twice`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "create")).Connect("input.x", "a.row.email").Connect("input.y", "a.row")
	},
	`input "row.name" is given twice`: func(b *workflow.Builder) {
		b.Step("a", workflow.Op("User", "create")).Connect("input.y", "a.row").Connect("input.x", "a.row.name")
	},
	`there is no step "z"`:            func(b *workflow.Builder) { b.Func("a", nothing).Connect("z.x", "a.x") },
	`there is no step "y"`:            func(b *workflow.Builder) { b.Func("a", nothing).Connect("a.x", "y.x") },
	"want step.output and step.input": func(b *workflow.Builder) { b.Func("a", nothing).Connect("input", "a.x") },
	`after "z", which is no step`:     func(b *workflow.Builder) { b.Func("a", nothing).After("a", "z") },
	`no step "z" to come after`:       func(b *workflow.Builder) { b.Func("a", nothing).After("z", "a") },
}

func TestBuildNamesEveryFault(t *testing.T) {
	d := nodetest.SQLite(t)
	c := shop(t, d)
	for text, add := range faulty {
		b := workflow.New("faulty")
		add(b)
		w, err := b.Build(c)
		require.Nil(t, w, text)
		require.ErrorIs(t, err, schema.ErrInvalid, text)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, "build workflow faulty: ")
	}
	_, err := workflow.New("", workflow.Parallel(0)).Build(nil)
	for _, text := range []string{"has no name", "no registry", "Parallel(0)", "no steps"} {
		require.ErrorContains(t, err, text)
	}
	require.Zero(t, number(t, d, "SELECT count(*) FROM sqlite_schema"), "nothing of it was said to the database")
}

func TestBuildReportsAllFaultsAtOnce(t *testing.T) {
	b := workflow.New("all")
	b.Step("a", workflow.Op("User", "fetch")).Step("b", workflow.Op("Nobody", "get")).Step("c", workflow.Op("User", "get")).
		Func("d", nothing).Connect("d.x", "d.x").Connect("a.row", "c.kee")
	_, err := b.Build(shop(t, nodetest.SQLite(t)))
	for _, text := range []string{`"fetch"`, `"Nobody"`, "key is missing", "step d depends on itself", `"kee"`} {
		require.ErrorContains(t, err, text)
	}
}

// What is done to the builder and its inputs after Build is not seen by what was built.
func TestBuiltWorkflowIsImmutable(t *testing.T) {
	row := map[string]any{"email": "ada@example.org"}
	b := workflow.New("fixed").Step("make", workflow.Op("User", "create", workflow.Input{"row": row})).
		Connect("input.id", "make.row.id")
	w, err := b.Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	row["email"], row["nonsense"] = 5, true
	b.Step("more", workflow.Op("User", "create")).Connect("make.row", "more.row")
	w.Steps()[0], w.Inputs()[0] = "changed", "changed"

	out, err := w.Run(t.Context(), workflow.Input{"id": buyer()["id"]})
	require.NoError(t, err)
	require.Equal(t, "ada@example.org", out.Outputs["make"]["row"].(map[string]any)["email"])
	require.Equal(t, []string{"make"}, w.Steps())
}

// A model is found by its struct, by its table, and by its table's whole name, but not where that could be two.
func TestModelsByName(t *testing.T) {
	c := shop(t, nodetest.SQLite(t))
	exposed[Payment, int64](t, c, schema.Named("refunds"))
	_, err := coordinator.Register[Payment, int64](c, schema.Named("secrets"))
	require.NoError(t, err)
	for name, table := range map[string]string{
		"User": "users", "users": "users", "payments": "payments", "refunds": "refunds", "Order": "orders",
	} {
		h, ok := c.Handler(name)
		require.True(t, ok, name)
		require.Equal(t, table, h.Table().String())
	}
	for _, name := range []string{"Payment", "user", "", "main.users", "secrets"} {
		_, ok := c.Handler(name)
		require.False(t, ok, name)
	}
	var tables []string
	for _, h := range c.Handlers() {
		tables = append(tables, h.Table().String())
	}
	require.Equal(t, []string{"users", "orders", "payments", "refunds"}, tables)
}
