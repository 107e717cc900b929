package dynamic_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

// refusals are calls on note that are wrong by themselves, with what the error must say.
var refusals = []struct {
	op   string
	in   object
	text string
}{
	{"destroy", nil, `unknown operation "destroy"`},
	{"get", object{}, "input key is missing"},
	{"get", object{"key": nil}, "input key is null"},
	{"get", object{"key": 1, "kee": 2}, `unknown input "kee"`},
	{"get", object{"key": "one"}, "does not fit kind int64 [id]"},
	{"get", object{"key": json.Number("1.5")}, "number is not whole [id]"},
	{"get", object{"key": 1, "with_deleted": "yes"}, "with_deleted wants true or false"},
	{"create", object{"row": []any{}}, "row wants an object"},
	{"create", object{"row": object{"titel": "x"}}, `row: unknown column "titel"`},
	{"create", object{"row": object{`x"; DROP TABLE notes`: 1}}, "unknown column"},
	{"create", object{"row": object{"title": 5}}, "[title]"},
	{"create", object{"row": object{"title": nil}}, "[title]"},
	{"create", object{"row": object{"title": "\xff"}}, "column title: text in it is not UTF-8"},
	{"patch", object{"key": 1, "set": object{"titel": "x"}}, `set: unknown column "titel"`},
	{"patch", object{"key": 1, "set": object{"stars": "many"}}, "[stars]"},
	{"patch", object{"key": 1, "set": object{}, "if_version": 0.5}, "[if_version]"},
	{"list", object{"where": object{"titel": 1}}, "titel"},
	{"list", object{"where": object{"title": object{"$like": 1}}}, "[title]"},
	{"list", object{"where": object{"title": object{"$is": 1}}}, `unknown operator "$is"`},
	{"list", object{"where": "title = 'x'"}, "where wants an object"},
	{"list", object{"where": object{"title": math.NaN()}}, "the condition holds what JSON does not"},
	{"list", object{"where": object{"title": "\xff"}}, "is not UTF-8"},
	{"list", object{"order_by": []any{"-titel"}}, "order by an unknown column [titel]"},
	{"list", object{"order_by": "title"}, "order_by wants an array"},
	{"list", object{"only": []any{"title", 1}}, "only wants texts"},
	{"list", object{"only": []any{"title", "title"}}, "only: the same column twice"},
	{"list", object{"limit": -1}, "limit is negative"},
	{"list", object{"limit": "ten"}, "[limit]"},
	{"page", object{"after": 7}, "after wants a text"},
	{"bulk_upsert", object{"rows": object{}}, "rows wants an array"},
	{"bulk_upsert", object{"rows": []any{object{"id": 1}, 7}}, "row 1: bulk_upsert notes: invalid input: rows wants an object"},
	{"bulk_upsert", object{"rows": []any{object{"id": 1}, object{"title": "x"}}}, "row 1 does not name the same columns"},
	{"bulk_upsert", object{"rows": []any{object{"id": 1, "title": 5}}}, "[title]"},
	{"bulk_upsert", object{"rows": []any{}, "on_conflict": []any{"nothing"}}, "on_conflict: unknown column"},
}

// What is wrong by itself is found before a statement is sent, by Check and by Do alike.
func TestHandlerRefuses(t *testing.T) {
	d := nodetest.SQLite(t)
	h := dynamic.New(nodetest.Open[nodetest.Note, int64](t, d))
	for _, r := range refusals {
		err := errors.Join(h.Check(r.op, r.in)...)
		require.ErrorIs(t, err, schema.ErrInvalid, "%s %v", r.op, r.in)
		require.ErrorContains(t, err, r.text, "%s %v", r.op, r.in)
		require.ErrorContains(t, err, "notes")
		_, err = h.Do(t.Context(), nil, r.op, r.in)
		require.ErrorIs(t, err, schema.ErrInvalid, "%s %v", r.op, r.in)
		require.ErrorContains(t, err, r.text, "%s %v", r.op, r.in)
	}
	err := errors.Join(h.Check("patch", object{"one": 1, "two": 2, "set": object{"nix": 1}})...)
	for _, text := range []string{`"one"`, `"two"`, `"nix"`, "key is missing"} {
		require.ErrorContains(t, err, text, "all faults come at once")
	}
	var tables int64
	_, err = dialect.QueryRow(t.Context(), d.Reader(), "SELECT count(*) FROM sqlite_schema", nil, &tables)
	require.NoError(t, err)
	require.Zero(t, tables, "nobody asked for the table")
}

// switches has fields that cannot hold all that a document may say.
type switches struct {
	ID    uuid.UUID `db:"id"    schema:"pk"`
	Level int       `db:"level" schema:"default=5"`
	Off   bool      `db:"off"   schema:"default=false"`
	Nick  string    `db:"nick"  schema:"null"`
	Count *int      `db:"count" schema:"default=3"`
	Doc   any       `db:"doc"   schema:"type=json,null"`
}

// A value that would be stored as another one is refused rather than changed in silence.
func TestHandlerLosesNothing(t *testing.T) {
	nodetest.Each(t, func(t *testing.T, d dialect.Dialect) {
		c := callerOf(t, dynamic.New(nodetest.Open[switches, uuid.UUID](t, d)))
		id := uuid.NewString()
		for column, value := range map[string]any{"level": 0, "nick": "", "count": nil} {
			for _, in := range []object{{"id": id, column: value}} {
				require.ErrorContains(t, c.fails("create", object{"row": in}), "column "+column)
				require.ErrorContains(t, c.fails("upsert", object{"row": in}), "column "+column)
				err := c.fails("bulk_upsert", object{"rows": []any{in}})
				require.ErrorContains(t, err, "column "+column)
				var rows *nodes.BulkError
				require.ErrorAs(t, err, &rows)
			}
		}
		row := c.do("create", object{"row": object{"id": id, "off": false, "count": 0, "nick": nil, "doc": "text"}})["row"].(object)
		require.Equal(t, object{
			"id": id, "level": int64(5), "off": false, "count": int64(0), "nick": nil, "doc": json.RawMessage(`"text"`),
		}, row)
		require.Equal(t, int64(0), c.do("patch", object{"key": id, "set": object{"level": 0}})["row"].(object)["level"])
		require.Equal(t, json.RawMessage(`"12"`), c.do("patch", object{"key": id, "set": object{"doc": "12"}})["row"].(object)["doc"])

		delete(row, "nick")
		require.ErrorContains(t, c.fails("update", object{"row": row}), "column nick is missing")
		require.ErrorContains(t, c.fails("bulk_update_rows", object{"rows": []any{row}}), "column nick is missing")
		require.ErrorContains(t, c.fails("upsert", object{"row": object{"id": id}}), "names no column to update")
		require.ErrorContains(t, c.fails("upsert", object{
			"row": object{"id": id, "off": false}, "update_only": []any{"nick"},
		}), "column nick is not in the row")
	})
}

func TestHandlerPaths(t *testing.T) {
	h := dynamic.New(nodetest.Open[nodetest.Seat, nodetest.SeatKey](t, nodetest.SQLite(t)))
	require.Empty(t, h.Check("create", object{"row": object{"room": "a"}}, "row.number"))
	require.Empty(t, h.Check("create", nil, "row"))
	require.Empty(t, h.Check("get", object{"key": object{"room": "a"}}, "key.number"))
	require.Empty(t, h.Check("list", nil, "where.guest", "limit"))
	require.Empty(t, h.Check("bulk_upsert", nil, "rows"))
	for path, text := range map[string]string{
		"row.guests": `row: unknown column "guests"`, "raw": `unknown input "raw"`, "row.room.x": `unknown column "room.x"`,
	} {
		require.ErrorContains(t, errors.Join(h.Check("create", nil, "row", path)...), text)
	}
	require.ErrorContains(t, errors.Join(h.Check("get", nil, "key.guest")...), "key: unknown column")
	require.ErrorContains(t, errors.Join(h.Check("get", object{"key": object{"guest": "x"}}, "key.room")...), "column guest is not in the key")
	require.ErrorContains(t, errors.Join(h.Check("list", nil, "limit.x")...), "limit has no parts")
	require.ErrorContains(t, errors.Join(h.Check("bulk_upsert", nil, "rows.0")...), "rows: no part of it can be given by itself")

	for _, path := range []string{"row", "row.guest", "key", "key.room"} {
		require.NoError(t, h.CheckOutput("create", path))
	}
	require.NoError(t, h.CheckOutput("list", "rows.12"))
	require.NoError(t, h.CheckOutput("list", "rows.0.guest"))
	for op, paths := range map[string][]string{
		"create": {"rows", "row.x", "key.guest", ""}, "list": {"rows.x", "rows.0.x", "rows.-1", "count.x"}, "nothing": {"row"},
	} {
		for _, path := range paths {
			require.ErrorIs(t, h.CheckOutput(op, path), schema.ErrInvalid, path)
		}
	}
}
