package sqlite

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A time is written as the layout has it, whatever the time.
func TestInstantText(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		seconds := rapid.Int64Range(-62_200_000_000, 253_500_000_000).Draw(r, "seconds") // years -1 to 10003
		at := time.Unix(seconds, rapid.Int64Range(0, 999_999_999).Draw(r, "nanoseconds")).UTC()
		require.Equal(r, at.Format(timeLayout), instantText(at))
	})
}
