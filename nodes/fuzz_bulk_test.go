package nodes_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// FuzzBulkText: whatever the text, COPY, arrays and long statements store it as Create does, or refuse it as Create does.
func FuzzBulkText(f *testing.F) {
	for _, text := range hostileTexts {
		f.Add(text, []byte(text))
	}
	f.Add("\xff", []byte{0})
	both := []dialect.Dialect{nodetest.SQLite(f), nodetest.Postgres(f)}
	letters := []*nodes.Node[letter, int64]{open[letter, int64](f, both[0]), open[letter, int64](f, both[1])}
	f.Fuzz(func(t *testing.T, text string, raw []byte) {
		for _, n := range letters {
			ctx := t.Context()
			_, err := n.BulkPurge(ctx, nodes.AllRows())
			require.NoError(t, err)
			whole := func(id int64) letter {
				return letter{ID: id, Body: text, Again: &text, Doc: []string{text}, Raw: raw, Kind: "k"}
			}
			one := whole(1)
			refused := n.Create(ctx, &one)
			filled := whole(3)
			filled.Kind = ""
			for _, rows := range [][]letter{{whole(2)}, {filled, whole(4)}} { // by COPY, and with a default by arrays
				_, err = n.BulkCreate(ctx, rows)
				if refused != nil {
					require.ErrorIs(t, refused, schema.ErrInvalid)
					require.ErrorIs(t, err, schema.ErrInvalid)
					continue
				}
				require.NoError(t, err)
			}
			if refused != nil {
				continue
			}
			require.True(t, utf8.ValidString(text))
			all, err := n.List(ctx, nodes.Query{})
			require.NoError(t, err)
			require.Len(t, all, 4)
			for _, l := range all {
				require.Equal(t, text, l.Body)
				require.Equal(t, []string{text}, l.Doc)
				require.Equal(t, string(raw), string(l.Raw))
			}
		}
	})
}
