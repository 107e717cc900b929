package coordinator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// Listeners come and go while the coordinator is there, beside the one of its Config.
func TestListen(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		first, second := notice(), notice()
		c, _ := items[Item](t, db.open(t), &coordinator.Config{Listener: first.listener(), News: coordinator.NewsOff})
		stop := c.Listen(second.listener())
		c.Listen(nil)()
		require.NoError(t, c.Ensure(t.Context(), "items"))
		require.Equal(t, hear(t, first.ready).Generation, hear(t, second.ready).Generation)
		stop()
		stop()
		require.NoError(t, c.Close(t.Context()))

		c, _ = items[Item](t, db.open(t), &coordinator.Config{News: coordinator.NewsOff})
		defer c.Listen(first.listener())()
		c.Listen(&schema.Listener{Ready: second.listener().Ready})()
		require.NoError(t, c.Ensure(t.Context(), "items"))
		hear(t, first.ready)
		require.Empty(t, second.ready, "who has left is told nothing")
	})
}
