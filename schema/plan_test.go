package schema

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlan(t *testing.T) {
	empty := &Plan{Table: Ref{"app", "users"}}
	require.True(t, empty.Empty())
	require.Nil(t, empty.Blocking())
	require.Equal(t, "app.users: matches\n", empty.String())

	missing := &Plan{Table: Ref{Name: "users"}, Statements: []Statement{{SQL: "CREATE TABLE users (id)"}, {SQL: "ALTER TABLE users", Deferred: true}}}
	require.False(t, missing.Empty())
	require.Nil(t, missing.Blocking())
	require.Equal(t, "users: 0 changes, 2 statements\n  > CREATE TABLE users (id)\n  > ALTER TABLE users\n", missing.String())

	gone := Change{Kind: MissingColumn, Object: "a", Want: "text"}
	extra := Change{Kind: ExtraIndex, Object: "(b)", Have: "by_hand", Harmless: true}
	differs := &Plan{Table: Ref{Name: "users"}, Changes: []Change{extra, gone}}
	require.False(t, differs.Empty())
	require.Equal(t, []Change{gone}, differs.Blocking())
	require.Equal(t, "users: 2 changes, 0 statements\n  ~ extra index (b): have by_hand\n  ~ missing column a: want text\n", differs.String())

	harmless := &Plan{Changes: []Change{extra}}
	require.False(t, harmless.Empty(), "it does not match in every respect")
	require.Nil(t, harmless.Blocking(), "and serves the model all the same")
}

func TestPlanAsJSON(t *testing.T) {
	plan := Plan{
		Table:      Ref{"app", "users"},
		Changes:    []Change{{Kind: ExtraIndex, Object: "(b)", Have: "by_hand", Harmless: true}},
		Statements: []Statement{{SQL: "x", Deferred: true}, {SQL: "y"}},
	}
	data, err := json.Marshal(plan)
	require.NoError(t, err)
	require.JSONEq(t, `{
	 "table": {"namespace": "app", "name": "users"},
	 "changes": [{"kind": "extra index", "object": "(b)", "have": "by_hand", "harmless": true}],
	 "statements": [{"sql": "x", "deferred": true}, {"sql": "y"}]
	}`, string(data))
	var back Plan
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, plan, back)
}
