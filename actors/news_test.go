package actors

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A pause ends when the bell is rung, and a ring before it began to wait is not lost.
func TestBellEndsAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b bell
		b.ring() // for nobody
		rung := b.next()
		require.Equal(t, rung, b.next(), "one channel for all who wait for the same ring")
		began := time.Now()
		go b.ring()
		require.True(t, pause(t.Context(), time.Hour, rung))
		require.Zero(t, time.Since(began))
		require.True(t, pause(t.Context(), time.Hour, rung), "it was rung")
		require.Zero(t, time.Since(began))
		require.NotEqual(t, rung, b.next())
	})
}
