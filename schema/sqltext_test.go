package schema

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestRespell(t *testing.T) {
	names := map[string]string{"a": "b", "A": "two words", "text": "body", "lower": "upper", "zone": "area", "C": "D", `q"q`: "q", "x": "y", "as": "us", "status": "state"}
	for text, want := range map[string]string{
		``:                                      ``,
		`a`:                                     `b`,
		`(a>0)`:                                 `(b>0)`,
		`"a" > aa`:                              `b > aa`,
		`A`:                                     `"two words"`,
		`"A"`:                                   `"two words"`,
		"`a` = [a]":                             `b = [b]`,
		`"q""q"`:                                `q`,
		`'a' || a || 'it''s a'`:                 `'a' || b || 'it''s a'`,
		`lower(lower)`:                          `lower(upper)`,
		`lower (text)`:                          `lower (body)`,
		`text::text`:                            `body::text`,
		`a::pg_catalog."text" = text`:           `b::pg_catalog."text" = body`,
		`'on'::app.status = status`:             `'on'::app.status = state`,
		`a::timestamp(3) with time zone < zone`: `b::timestamp(3) with time zone < area`,
		`'x'::character varying(20) = text`:     `'x'::character varying(20) = body`,
		`CAST(text AS text)`:                    `CAST(body AS text)`,
		`a COLLATE "C" < "C"`:                   `b COLLATE "C" < D`,
		`x'00' = x`:                             `x'00' = y`,
		`1a + 2e10 + a1`:                        `1a + 2e10 + a1`,
		`t.a`:                                   `t.b`,
		`"a`:                                    `b`,
		`'a`:                                    `'a`,
		`("Price" > 0) AND (naïve IS NULL)`:     `(Price > 0) AND (naïve IS NULL)`,
		`(status = ANY (ARRAY['a'::text, 'b'::text]))`: `(state = ANY (ARRAY['a'::text, 'b'::text]))`,
	} {
		require.Equal(t, want, respell(text, names), text)
	}
}

func TestMentions(t *testing.T) {
	for expr, want := range map[string]bool{
		`total > 0`: true, `("total" > 0)`: true, `total_net > 0`: false, `'total'`: false, `Total`: false, `total(1)`: false,
		`1::total`: false, `x = 'a' AND total`: true, ``: false, `totals`: false, `t."total"`: true,
	} {
		require.Equal(t, want, Mentions(expr, "total"), expr)
	}
	require.True(t, Mentions(`"a""b" > 0`, `a"b`))
	require.False(t, Mentions("1 + 2", ""), "the empty name is nobody's")
}

func TestColumnsIn(t *testing.T) {
	born, live := &Live{Columns: []LiveColumn{{Name: "b"}, {Name: "text"}}}, &Live{Columns: []LiveColumn{{Name: "a"}, {Name: "b"}}}
	require.Equal(t, "a\x00b", columnsIn(`b > 0 AND "a" > b AND c > 'text'::text`, born, live))
	require.Empty(t, columnsIn(`1 < 2`, born, live))
}

// expressions are texts as databases write them, if without much sense: no two words stand together.
var expressions = rapid.Custom(func(t *rapid.T) string {
	operand := rapid.SampledFrom([]string{
		"a", "b", `"a"`, `"b c"`, `"A"`, "`a`", "'a'", "'it''s'", "1", "2e3", "a::text", "b::time with time zone", "(a)::a", "CAST(a AS a)",
		`a COLLATE "C"`, "t.a", "x'00'", "lower(a)", "a(b)", "a IN (b)", "é", "ARRAY['a'::a, b]",
	})
	between := rapid.SampledFrom([]string{" ", ",", ">=", " AND ", "||", ")(", "\n"})
	var b strings.Builder
	for range rapid.IntRange(0, 8).Draw(t, "length") {
		b.WriteString(operand.Draw(t, "operand") + between.Draw(t, "between"))
	}
	return b.String()
})

func TestRespellIsIdempotentAndAgreesWithMentions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := expressions.Draw(t, "text")
		once := respell(text, nil)
		require.Equal(t, once, respell(once, nil))
		for _, name := range []string{"a", "b", "b c", "A", "C"} {
			require.Equal(t, Mentions(text, name), Mentions(once, name), "other quotes, the same columns: %q", name)
		}
		renamed := respell(text, map[string]string{"a": "nobody"})
		require.False(t, Mentions(renamed, "a"))
		require.Equal(t, Mentions(text, "a"), Mentions(renamed, "nobody"))
		require.Equal(t, once, respell(renamed, map[string]string{"nobody": "a"}), "and back again")
	})
}

func FuzzEachPiece(f *testing.F) {
	for _, seed := range []string{
		``, `a > 0`, `"a""b" = 'it''s'`, `"open`, `'open`, "`x`", `a::timestamp(3) with time zone`, `x::`, `CAST(a AS`, "\xff\x00\"", `a COLLATE "C"."d"`, `lower (x)`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var joined strings.Builder
		eachPiece(text, func(piece, identifier string) {
			require.NotEmpty(t, piece)
			require.LessOrEqual(t, len(identifier), len(piece))
			joined.WriteString(piece)
		})
		require.Equal(t, text, joined.String())
	})
}
