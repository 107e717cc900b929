package dynamic_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

type object = map[string]any

// caller runs operations and holds what they give against what their specs promise.
type caller struct {
	*testing.T
	dynamic.Handler
	called map[string]bool
}

func callerOf(t *testing.T, h dynamic.Handler) *caller { return &caller{t, h, map[string]bool{}} }

func (c *caller) do(op string, in object) object {
	c.Helper()
	require.Empty(c, c.Check(op, in))
	out, err := c.Do(c.Context(), nil, op, in)
	require.NoError(c, err)
	c.called[op] = true
	at := slices.IndexFunc(c.Operations(), func(s dynamic.OperationSpec) bool { return s.Name == op })
	promised := object{}
	for _, f := range c.Operations()[at].Outputs {
		promised[f.Name] = nil
	}
	require.Equal(c, slices.Sorted(maps.Keys(promised)), slices.Sorted(maps.Keys(out)), op)
	return out
}

func (c *caller) fails(op string, in object) error {
	c.Helper()
	_, err := c.Do(c.Context(), nil, op, in)
	require.Error(c, err)
	return err
}

// throughJSON is what arrives at the other end of a wire.
func throughJSON(t *testing.T, value any) (out object) {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&out))
	return out
}

func TestHandlerOperations(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := callerOf(t, dynamic.New(nodetest.Open[nodetest.Note, int64](t, d)))
		require.Equal(t, "Note", c.Model())

		made := c.do("create", object{"row": object{"title": "first", "stars": json.Number("5")}})
		key := made["key"]
		require.Equal(t, object{
			"id": key, "title": "first", "body": "nothing yet", "stars": int64(5), "version": int64(1), "deleted_at": nil,
			"created_at": made["row"].(object)["created_at"], "updated_at": made["row"].(object)["updated_at"],
		}, made["row"])
		require.Equal(t, made, c.do("get", object{"key": key}))

		patched := c.do("patch", object{"key": key, "set": object{"title": "second"}, "if_version": float64(1)})
		require.ErrorIs(t, c.fails("patch", object{"key": key, "set": object{"title": "x"}, "if_version": 1}), schema.ErrConflict)
		row := patched["row"].(object)
		row["title"] = "third"
		require.Equal(t, int64(3), c.do("update", object{"row": row})["row"].(object)["version"])
		require.ErrorIs(t, c.fails("update", object{"row": row}), schema.ErrConflict)

		require.Equal(t, object{"key": key}, c.do("delete", object{"key": key, "if_version": 3}))
		require.ErrorIs(t, c.fails("get", object{"key": key}), schema.ErrNotFound)
		require.NotNil(t, c.do("get", object{"key": key, "with_deleted": true})["row"].(object)["deleted_at"])
		require.Equal(t, object{"key": key}, c.do("restore", object{"key": key}))
		require.Equal(t, object{"key": key}, c.do("purge", object{"key": key}))
		require.ErrorIs(t, c.fails("get", object{"key": key, "with_deleted": true}), schema.ErrNotFound)

		c.reading()
		c.writingMany()
		for _, spec := range c.Operations() {
			require.True(t, c.called[spec.Name], "nobody has called %s", spec.Name)
		}
		require.Equal(t, dynamic.Operations(), c.Operations())
	})
}

// reading looks at three new rows with every operation that reads, and removes them.
func (c *caller) reading() {
	for i, title := range []string{"b", "a", "a"} {
		c.do("create", object{"row": object{"title": title, "stars": i}})
	}
	where := object{"title": "a"}
	require.Equal(c, object{"count": int64(2)}, c.do("count", object{"where": where}))
	require.Equal(c, object{"count": int64(2)}, c.do("count", object{"only": []string{"title"}, "distinct": true}))
	require.Equal(c, object{"exists": true}, c.do("exists", object{"where": where}))
	require.Equal(c, object{"exists": false}, c.do("exists", object{"where": object{"stars": object{"$gt": 2}}}))
	first := c.do("first", object{"where": where, "order_by": []any{"-stars"}, "only": []any{"stars"}})
	require.Equal(c, object{"row": object{"stars": int64(2)}, "key": nil}, first, "the key was not read")

	listed := c.do("list", object{"order_by": []any{"title", "-stars"}, "only": []any{"title", "stars"}, "offset": 1})
	require.Equal(c, object{"count": int64(2), "rows": []any{
		object{"title": "a", "stars": int64(1)}, object{"title": "b", "stars": int64(0)},
	}}, listed)

	var seen []any
	in := object{"order_by": []any{"-stars"}, "limit": 2, "only": []any{"stars"}}
	for page := c.do("page", in); ; page = c.do("page", in) {
		seen = append(seen, page["rows"].([]any)...)
		if in["after"] = page["next"]; page["next"] == "" {
			break
		}
	}
	require.Equal(c, []any{object{"stars": int64(2)}, object{"stars": int64(1)}, object{"stars": int64(0)}}, seen)

	groups := c.do("aggregate", object{"by": []any{"title"}, "terms": []any{
		object{"func": "count", "as": "rows"}, object{"func": "sum", "column": "stars"}, object{"func": "max", "column": "body"},
	}, "limit": 1})
	require.Equal(c, object{"count": int64(1), "groups": []any{
		object{"title": "a", "rows": int64(2), "sum(stars)": int64(3), "max(body)": "nothing yet"},
	}}, groups)

	require.Equal(c, object{"count": int64(2)}, c.do("bulk_update", object{"where": where, "set": object{"body": "changed"}}))
	require.Equal(c, object{"count": int64(2)}, c.do("bulk_delete", object{"where": object{"body": "changed"}}))
	require.Equal(c, object{"count": int64(3)}, c.do("bulk_purge", object{"all_rows": true}))
}

// writingMany stores rows by every operation that takes some.
func (c *caller) writingMany() {
	made := c.do("bulk_create", object{"rows": []any{object{"title": "x"}, object{"id": 70, "title": "y", "body": "z"}}})
	require.Equal(c, int64(2), made["count"])
	require.Equal(c, []any{"nothing yet", int64(70)}, []any{made["rows"].([]any)[0].(object)["body"], made["rows"].([]any)[1].(object)["id"]})
	require.Equal(c, object{"count": int64(2)}, c.do("bulk_purge", object{"all_rows": true}))

	out := c.do("upsert", object{"row": object{"id": 7, "title": "seven", "body": "kept"}})
	require.Equal(c, true, out["created"])
	out = c.do("upsert", object{"row": object{"id": 7, "title": "new"}})
	require.Equal(c, false, out["created"])
	require.Equal(c, "kept", out["row"].(object)["body"], "what the row leaves out stays")
	out = c.do("upsert", object{"row": object{"id": 7, "title": "newer"}, "do_nothing": true})
	require.Equal(c, object{"created": false, "row": nil, "key": nil}, out)

	out = c.do("bulk_upsert", object{"rows": []any{object{"id": 7, "title": "again"}, object{"id": 8, "title": "eight"}}})
	require.Equal(c, []any{int64(1), int64(1), int64(0)}, []any{out["inserted"], out["updated"], out["skipped"]})
	rows := out["rows"].([]any)
	require.Equal(c, "kept", rows[0].(object)["body"])

	rows[1].(object)["title"] = "changed"
	rows = append(rows, maps.Clone(rows[1].(object)))
	rows[2].(object)["id"] = 99
	out = c.do("bulk_update_rows", object{"rows": rows, "per_row": true})
	require.Equal(c, []any{int64(2), int64(1)}, []any{out["count"], out["failures"]})
	failed := out["failed"].([]any)[0].(object)
	require.Equal(c, int64(2), failed["index"])
	require.Contains(c, failed["error"], schema.ErrNotFound.Error())
	require.ErrorIs(c, c.fails("bulk_update_rows", object{"rows": rows}), schema.ErrConflict, "the first two have changed")
}

// Every kind of value goes out, over a wire and in again without a change.
func TestHandlerKeepsEveryKind(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		node := nodetest.Open[nodetest.Parcel, uuid.UUID](t, d)
		c := callerOf(t, dynamic.New(node))
		p := nodetest.NewParcel()
		p.Meta = json.RawMessage(`{"a":[1,"two"]}`)
		p.SentAt = ptr(time.Date(2024, 5, 6, 7, 8, 9, 123456000, time.UTC))
		p.Serial = math.MaxInt64
		require.NoError(t, node.Create(t.Context(), &p))
		stored, err := node.Get(t.Context(), p.ID)
		require.NoError(t, err)
		read := throughJSON(t, c.do("get", object{"key": p.ID.String()}))
		c.do("purge", object{"key": p.ID})

		c.do("create", object{"row": read["row"]})
		again, err := node.Get(t.Context(), p.ID)
		require.NoError(t, err)
		require.Equal(t, stored, again)
		require.Equal(t, read, throughJSON(t, c.do("get", object{"key": read["key"]})))
	})
}

func TestHandlerCompositeKey(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := callerOf(t, dynamic.New(nodetest.Open[nodetest.Seat, nodetest.SeatKey](t, d)))
		key := object{"room": "hall", "number": int64(4)}
		made := c.do("create", object{"row": object{"room": "hall", "number": 4, "guest": "Ada"}})
		require.Equal(t, key, made["key"])
		require.Equal(t, made, c.do("get", throughJSON(t, object{"key": key})))
		require.Equal(t, object{"key": key}, c.do("delete", object{"key": key}))
		for text, key := range map[string]any{
			"column number is missing":       object{"room": "hall"},
			"column guest is not in the key": object{"room": "hall", "number": 4, "guest": "Ada"},
			`unknown column "row"`:           object{"room": "hall", "row": 4},
			"key wants an object":            "hall",
		} {
			require.ErrorContains(t, c.fails("get", object{"key": key}), text)
		}
	})
}

func TestHandlerInTransaction(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		node := nodetest.Open[nodetest.Note, int64](t, d)
		c := callerOf(t, dynamic.New(node))
		c.do("count", object{})
		gone := errors.New("not wanted")
		err := nodes.Transact(t.Context(), nodes.Transaction{Dialect: d}, func(ctx context.Context, tx dialect.Tx) error {
			_, err := c.Do(ctx, tx, "create", object{"row": object{"title": "in the transaction"}})
			require.NoError(t, err)
			out, err := c.Do(ctx, tx, "count", object{})
			require.NoError(t, err)
			require.Equal(t, object{"count": int64(1)}, out)
			return gone
		})
		require.ErrorIs(t, err, gone)
		require.Equal(t, object{"count": int64(0)}, c.do("count", object{}))
	})
}

func TestHandlerHooks(t *testing.T) {
	refuse := nodes.Hooks[nodetest.Note, int64]{Validate: func(context.Context, *nodetest.Note) error {
		return nodes.Field("title", "is not to be had")
	}}
	node := nodetest.Open[nodetest.Note, int64](t, nodetest.SQLite(t)).WithHooks(refuse)
	err := callerOf(t, dynamic.New(node)).fails("create", object{"row": object{"title": "x"}})
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "[title]")
}
