package schema

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLiveAsJSON pins the names: the ledger keeps them.
func TestLiveAsJSON(t *testing.T) {
	live := stock()
	live.KeyName, live.NotValid, live.Invalid, live.Parsed = "orders_pkey", []string{"a"}, []string{"b"}, true
	live.Columns[2].Collation, live.Columns[2].Volatile = `"C"`, true
	live.Indexes[1].Constraint = true
	for action := range Action(len(actionNames)) {
		live.ForeignKeys[0].OnDelete, live.ForeignKeys[0].OnUpdate = action, action
		data, err := json.Marshal(live)
		require.NoError(t, err)
		var back Live
		require.NoError(t, json.Unmarshal(data, &back))
		require.Equal(t, live, &back)
	}
	data, err := json.Marshal(live)
	require.NoError(t, err)
	require.JSONEq(t, `{
	 "ref": {"namespace": "app", "name": "orders"}, "comment": "what was sold", "hash": "h", "parsed": true,
	 "columns": [
	  {"name": "id", "type": "bigint", "notNull": true, "identity": true},
	  {"name": "total", "type": "numeric(9,2)", "notNull": true, "default": "0", "comment": "in euro"},
	  {"name": "note", "type": "text", "collation": "\"C\"", "volatile": true},
	  {"name": "twice", "type": "bigint", "generated": "id * 2"}
	 ],
	 "key": ["id"], "keyName": "orders_pkey", "notValid": ["a"], "invalid": ["b"],
	 "indexes": [
	  {"name": "orders__total_ix", "definition": "btree (total)"},
	  {"name": "orders__note_uq", "definition": "btree (note)", "unique": true, "constraint": true}
	 ],
	 "foreignKeys": [{
	  "name": "orders__id_fk", "columns": ["id"], "references": {"namespace": "app", "name": "users"}, "refColumns": ["id"],
	  "onDelete": "SET DEFAULT", "onUpdate": "SET DEFAULT"
	 }],
	 "checks": [{"name": "orders__a_ck", "expr": "total < 9"}, {"name": "orders__b_ck", "expr": "total > 0"}]
	}`, string(data))
}

func TestUnknownActions(t *testing.T) {
	_, err := json.Marshal(Action(99))
	require.ErrorIs(t, err, ErrInvalid)
	var action Action
	require.ErrorIs(t, json.Unmarshal([]byte(`"EXPLODE"`), &action), ErrInvalid)
	require.Error(t, json.Unmarshal([]byte(`2`), &action))
	require.Equal(t, NoAction, action)
}

func TestFilled(t *testing.T) {
	require.False(t, LiveColumn{NotNull: true}.Filled())
	for _, c := range []LiveColumn{{}, {NotNull: true, Default: "1"}, {NotNull: true, Generated: "1"}, {NotNull: true, Identity: true}} {
		require.True(t, c.Filled())
	}
}
