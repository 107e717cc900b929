package dynamic_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes/dynamic"
	"github.com/schemactor/schemactor/schema"
)

// FuzzDo: whatever is asked for, it is done or refused by an error of the library, in which no value stands; and what Check
// refuses is not done.
func FuzzDo(f *testing.F) {
	for op, input := range map[string]string{
		"create": `{"row": {"title": "t", "stars": 3}}`, "get": `{"key": 1, "with_deleted": true}`,
		"update": `{"row": {"id": 1, "title": "t", "body": "b", "stars": null, "version": 1}}`,
		"patch":  `{"key": {"id": 1}, "set": {"title": "x", "stars": 1e400}, "if_version": 1}`,
		"delete": `{"key": "1"}`, "restore": `{"key": 1.5}`, "purge": `{"key": null}`,
		"upsert":      `{"row": {"id": 7, "title": "t"}, "on_conflict": ["id"], "update_only": ["title"], "do_nothing": false}`,
		"list":        `{"where": {"$or": [{"title": {"$like": "%"}}, {"id": {"$gt": 1}}]}, "order_by": ["-id"], "limit": 2, "offset": 1}`,
		"page":        `{"after": "AQ", "limit": -1, "only": ["title"]}`,
		"first":       `{"only": ["nowhere"], "order_by": ["id; DROP TABLE notes"]}`,
		"count":       `{"distinct": true, "only": ["title"]}`,
		"aggregate":   `{"by": ["title"], "terms": [{"func": "sum", "column": "stars", "as": "s"}, {"func": "count"}]}`,
		"bulk_create": `{"rows": [{"title": "a"}, {"title": null}, {}], "per_row": true}`,
		"bulk_upsert": `{"rows": [{"id": 1, "title": "a"}, {"id": 1, "title": "b"}]}`, "bulk_update_rows": `{"rows": [{"id": 1}]}`,
		"bulk_update": `{"where": {"id": 1}, "set": {"body": "b"}}`, "bulk_delete": `{"all_rows": true}`, "bulk_purge": `{"where": {}}`,
		"drop": `{"table": "notes"}`, "": `{}`,
	} {
		f.Add(op, []byte(input))
	}
	d, err := sqlite.Open(f.Context(), ":memory:", nil)
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, d.Close()) })
	node := nodetest.Open[nodetest.Note, int64](f, d)
	require.NoError(f, node.Create(f.Context(), &nodetest.Note{Title: "first"}))
	handler := dynamic.New(node)
	f.Fuzz(func(t *testing.T, op string, input []byte) {
		var in map[string]any
		decoder := json.NewDecoder(bytes.NewReader(input))
		decoder.UseNumber()
		if decoder.Decode(&in) != nil {
			return
		}
		faults := handler.Check(op, in)
		for _, fault := range faults {
			require.ErrorIs(t, fault, schema.ErrInvalid)
		}
		out, err := handler.Do(t.Context(), nil, op, in)
		require.False(t, err == nil && len(faults) > 0, "checked: %v", faults)
		if err == nil {
			_, err = json.Marshal(out)
			require.NoError(t, err)
			return
		}
		known := false
		for _, kind := range []error{
			schema.ErrInvalid, schema.ErrNotFound, schema.ErrConflict, schema.ErrDuplicate, schema.ErrNotNull, schema.ErrCheck,
		} {
			known = known || strings.Contains(err.Error(), kind.Error())
		}
		require.True(t, known, "%v", err)
		require.Less(t, len(err.Error()), 4000)
	})
}
