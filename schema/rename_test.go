package schema

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestFormerNamesAndFillingsAreNoShape: a model says them for a while and then no more, which is no change of the table.
func TestFormerNamesAndFillingsAreNoShape(t *testing.T) {
	type said struct {
		ID   int64  `schema:"pk,was=no"`
		Note string `schema:"was='old, note',backfill=coalesce(old, 'it''s, none')"`
	}
	type silent struct {
		ID   int64  `schema:"pk"`
		Note string ``
	}
	one, err := TableOf[said](Named("rows"), Was("lines"))
	require.NoError(t, err)
	other, err := TableOf[silent](Named("rows"))
	require.NoError(t, err)

	require.Equal(t, "no", one.Columns()[0].Was)
	require.Equal(t, "old, note", one.Columns()[1].Was)
	require.Equal(t, "coalesce(old, 'it''s, none')", one.Columns()[1].Backfill, "SQL keeps its quotes")
	require.Empty(t, one.Columns()[0].Backfill)

	require.Equal(t, other.Fingerprint(), one.Fingerprint())
	a, err := json.Marshal(one)
	require.NoError(t, err)
	b, err := json.Marshal(other)
	require.NoError(t, err)
	require.Equal(t, string(b), string(a), "nor does the ledger keep them")
}

func TestWas(t *testing.T) {
	type row struct {
		ID int64 `schema:"pk"`
	}
	table, err := TableOf[row](Was("lines"), InNamespace("app"))
	require.NoError(t, err)
	former, ok := table.Was()
	require.True(t, ok)
	require.Equal(t, Ref{"app", "lines"}, former, "in the same namespace, in whatever order they are said")
	table, err = TableOf[row](InNamespace("app"))
	require.NoError(t, err)
	_, ok = table.Was()
	require.False(t, ok)
	_, err = TableOf[row](Named("lines"), Was("rows"))
	require.NoError(t, err)
}

func TestTagValueIsReadBack(t *testing.T) {
	for _, name := range []string{"plain", "two words", "it's", `a"b`, "a,b", "(a", "1st", "ü", "'"} {
		options, faults := parseTag("was=" + tagValue(name))
		require.Empty(t, faults, name)
		require.Len(t, options, 1, name)
		require.Equal(t, name, unquote(options[0].value))
	}
}
