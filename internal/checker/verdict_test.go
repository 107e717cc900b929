package checker

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of many failures of one kind the first ones are shown, and how many more there are.
func TestManyFailuresOfOneKindAreCounted(t *testing.T) {
	v := &Verdict{}
	for i := range 20 {
		v.add("rows", fmt.Sprintf("t%02d", i), "a", "b")
	}
	v.add("rows", "good", "a", "a")
	text := v.String()
	require.Equal(t, shown, strings.Count(text, "want a, have b"))
	require.Regexp(t, `(?m)^rows +15 tables more +BROKEN$`, text)
	require.Regexp(t, `(?m)^rows +good +ok$`, text)
	require.Len(t, v.Failed(), 20, "all are there")
}
