package schema_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

func TestLaneSize(t *testing.T) {
	for writes, want := range map[int]int{0: 0, 1: 0, 2: 1, 3: 2, 4: 2, 5: 3, 8: 3, 9: 4, 1024: 10, 1025: 11, 2048: 11, 1 << 20: 11} {
		require.Equal(t, want, schema.LaneSize(writes), writes)
	}
}
