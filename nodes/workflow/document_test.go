package workflow_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/workflow"
	"github.com/schemactor/schemactor/schema"
)

const purchaseDocument = `{
  "name": "purchase",
  "transaction": true,
  "steps": [
    {"name": "user", "model": "User", "operation": "create"},
    {"name": "order", "model": "Order", "operation": "create", "input": {"row": {"total": 9007199254740993}}},
    {"name": "all", "model": "orders", "operation": "list", "after": ["order"]}
  ],
  "connections": [
    {"from": "input.id", "to": "user.row.id"},
    {"from": "input.email", "to": "user.row.email"},
    {"from": "user.key", "to": "order.row.user_id"}
  ]
}`

func TestParse(t *testing.T) {
	b, err := workflow.Parse([]byte(purchaseDocument))
	require.NoError(t, err)
	w, err := b.Build(shop(t, nodetest.SQLite(t)))
	require.NoError(t, err)
	require.Equal(t, "purchase", w.Name())
	in, err := workflow.ParseInput([]byte(`{"id": "0195a3f4-1111-7000-8000-000000000001", "email": "ada@example.org"}`))
	require.NoError(t, err)
	out, err := w.Run(t.Context(), in)
	require.NoError(t, err)
	require.Equal(t, []string{"user", "order", "all"}, out.Completed)
	require.Equal(t, int64(9007199254740993), out.Outputs["order"]["row"].(map[string]any)["total"], "no digit is lost")
	require.Equal(t, int64(1), out.Outputs["all"]["count"])

	out, err = w.Run(t.Context(), in)
	require.ErrorIs(t, err, schema.ErrDuplicate)
	require.False(t, out.Undone, "no step had completed")
}

func TestParseIsStrict(t *testing.T) {
	for document, text := range map[string]string{
		``:                        "not one JSON document",
		`{} {}`:                   "not one JSON document",
		"{\"name\": \"\xff\"}":    "not one JSON document",
		"{\"name\": \"x\",\n,\n}": "the fault is in line 2",
		"{\n\n":                   "the fault is in line 1",
		`[]`:                      "the document: want an object",
		`{"nme": "x"}`:            `the document: unknown field "nme"`,
		`{"name": 5}`:             "name wants a text",
		`{"steps": []}`:           "name is missing",
		`{"name": "x"}`:           "steps is missing",
		`{"name": "x", "name":1}`: `"name" is there twice`,
		`{"transaction": "yes"}`:  "transaction wants true or false",
		`{"steps": {}}`:           "steps wants an array",
		`{"steps": [7]}`:          "steps[0]: want an object",
		`{"steps": [{"nam": 1}]}`: `steps[0]: unknown field "nam"`,
		`{"steps": [{}]}`:         "steps[0]: operation is missing",
		`{"steps": [{"name": "a", "input": []}]}`:                         "steps[0]: input wants an object",
		`{"steps": [{"name": "a", "after": "b"}]}`:                        "steps[0]: after wants an array",
		`{"steps": [{"name": "a", "after": [1]}]}`:                        "steps[0]: after wants texts",
		`{"connections": [{"from": "a.b"}]}`:                              "connections[0]: to is missing",
		`{"connections": [{"from": 1}]}`:                                  "connections[0]: from wants a text",
		`{"x":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`: "nested deeper than 64",
		`"` + strings.Repeat("x", 1<<20) + `"`:                            "larger than",
	} {
		_, err := workflow.Parse([]byte(document))
		require.ErrorIs(t, err, schema.ErrInvalid, text)
		require.ErrorContains(t, err, text)
	}
	_, err := workflow.Parse([]byte(`{"a": 1, "b": 2, "steps": [{"c": 3}]}`))
	for _, text := range []string{`"a"`, `"b"`, `"c"`, "name is missing"} {
		require.ErrorContains(t, err, text, "all faults come at once")
	}
	_, err = workflow.ParseInput([]byte(`[1]`))
	require.ErrorContains(t, err, "the inputs want an object")
}

// Whatever the document, reading and building it ends, and every error is one of ours.
func FuzzParse(f *testing.F) {
	f.Add([]byte(purchaseDocument))
	f.Add([]byte(`{"name":"x","steps":[{"name":"a","model":"User","operation":"list","input":{"where":{"name":{"$in":["x"]}}}}]}`))
	f.Add([]byte(`{"name":"x","steps":[{"name":"a","model":"User","operation":"get","after":["a"]}],"connections":[{"from":"a.key","to":"a.key"}]}`))
	f.Add([]byte(`{"name":"x","steps":[{"name":"a","model":"orders","operation":"bulk_upsert","input":{"rows":[{"id":1},{"id":2}]}}]}`))
	for _, document := range []string{
		`{"name":"x","name":"y"}`, `{"name":1e999999,"steps":[{"input":null}]}`, `{"steps":[[[[[[[[]]]]]]]]}`, `"\ud800"`, `[]`, `{`,
		`{"name":"x","steps":[{"name":"input","model":"","operation":"get","input":{"key":{"$gt":1}}},{"name":"a.b"}]}`,
		`{"name":"x","steps":[{"name":"a","model":"User","operation":"page","input":{"limit":1e400,"after":"x","only":["id"]}}]}`,
		`{"name":"x","steps":[{"name":"a","model":"User","operation":"upsert","input":{"row":{"id":0,"\u0000":{}},"on_conflict":[]}}]}`,
		`{"name":"x","steps":[{"name":"a","model":"Order","operation":"patch","input":{"key":-0.0,"set":{"total":null},"if_version":1}}]}`,
		`{"name":"x","steps":[{"name":"a","model":"User","operation":"list","input":{"where":{"$not":{"$and":[]}},"distinct":true}}]}`,
		`{"name":"x","steps":[{"name":"a","model":"User","operation":"list"},{"name":"b","model":"User","operation":"get"}],
			"connections":[{"from":"a.rows.99999999999999999999.id","to":"b.key"},{"from":"input.","to":".x"}]}`,
	} {
		f.Add([]byte(document))
	}
	d := nodetest.SQLite(f)
	c := shop(f, d)
	f.Fuzz(func(t *testing.T, document []byte) {
		b, err := workflow.Parse(document)
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			return
		}
		w, err := b.Build(c)
		if err != nil {
			require.ErrorIs(t, err, schema.ErrInvalid)
			return
		}
		require.NotEmpty(t, w.Steps())
		require.NotEmpty(t, w.Name())
		require.Zero(t, number(t, d, "SELECT count(*) FROM sqlite_schema"), "nothing of it was said to the database")
	})
}
