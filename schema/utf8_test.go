package schema

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// badWriter writes itself, and not as UTF-8.
type badWriter string

func (b badWriter) MarshalText() ([]byte, error) { return []byte(b), nil }

// TestDocumentOfBadText: encoding/json would put another character in the place of what is not UTF-8, without a word.
func TestDocumentOfBadText(t *testing.T) {
	c := Column{Name: "doc", Kind: KindJSON}
	type inner struct {
		Text   string
		Hidden string `json:"-"`
	}
	bad := "a\xff"
	for _, value := range []any{
		[]string{"x", bad},
		map[string]int{bad: 1},
		map[string]any{"x": []any{&bad}},
		inner{Text: bad},
		&inner{Text: bad},
		[1]string{bad},
		struct{ inner }{inner{Text: bad}},
		[]badWriter{badWriter(bad)},
	} {
		_, err := c.Coerce(value)
		require.ErrorIs(t, err, ErrInvalid, "%T", value)
		require.ErrorContains(t, err, "not valid UTF-8 [doc]")
	}
	for _, value := range []any{
		[]string{"\ufffd", `\ufffd`}, inner{Text: `\ufffd`, Hidden: bad}, map[string]any{`\ufffd`: []byte(bad)}, []*badWriter{nil},
	} {
		_, err := c.Coerce(value)
		require.NoError(t, err, "%T", value)
	}
}
