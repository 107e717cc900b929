package dialect

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPatternParts(t *testing.T) {
	lit := func(s string) PatternPart { return PatternPart{Literal: s} }
	wild := func(w Wild) PatternPart { return PatternPart{Wild: w} }
	for _, c := range []struct {
		op   Op
		text string
		want []PatternPart
	}{
		{OpLike, ``, nil},
		{OpLike, `Ada`, []PatternPart{lit("Ada")}},
		{OpLike, `A%a`, []PatternPart{lit("A"), wild(Any), lit("a")}},
		{OpLike, `%%_%`, []PatternPart{wild(Any), wild(Single), wild(Any)}},
		{OpLike, `100\%\_\\x`, []PatternPart{lit(`100%_\x`)}},
		{OpLike, `\é*?[x]`, []PatternPart{lit(`é*?[x]`)}},
		{OpContains, `50%_\`, []PatternPart{wild(Any), lit(`50%_\`), wild(Any)}},
		{OpContains, ``, []PatternPart{wild(Any)}},
		{OpPrefix, `a%`, []PatternPart{lit(`a%`), wild(Any)}},
		{OpSuffix, `a%`, []PatternPart{wild(Any), lit(`a%`)}},
	} {
		got, ok := patternOf(c.op, c.text)
		require.True(t, ok, c.text)
		require.Equal(t, c.want, got, "%s %q", c.op, c.text)
	}
	for _, text := range []string{`\`, `a\`, `\\\`} {
		_, ok := patternOf(OpLike, text)
		require.False(t, ok, text)
	}
}
