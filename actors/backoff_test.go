package actors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestBackoffDoublesUpToItsLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		least := time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "least"))
		most := least + time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "more"))
		n := rapid.IntRange(1, 200).Draw(t, "n")
		want := float64(most)
		if n < 44 {
			want = min(float64(most), float64(least)*float64(int64(1)<<(n-1)))
		}
		got := float64(backoff(n, least, most))
		require.GreaterOrEqual(t, got, 0.8*want-1)
		require.LessOrEqual(t, got, 1.2*want+1)
	})
}

func TestPauseEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		require.True(t, pause(t.Context(), time.Second, nil))
		require.Equal(t, time.Second, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.False(t, pause(ctx, time.Hour, nil))
		require.Equal(t, 2*time.Second, time.Since(began))
	})
}
