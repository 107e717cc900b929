package faults_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/faults"
)

// The cold path has the points that architecture.md tells of, in their order.
func TestPointsAreInOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, address string) {
		var mu sync.Mutex
		var points []string
		c := start(t, open(t, address), &coordinator.Config{News: coordinator.NewsOff, Listener: faults.Points(func(point string) {
			mu.Lock()
			defer mu.Unlock()
			points = append(points, point)
		})})
		node := register[goodsFirst, int64](t, c, goodsTable())
		require.NoError(t, node.Create(t.Context(), &goodsFirst{ID: 1}))
		mu.Lock()
		defer mu.Unlock()
		rest := points
		for _, want := range []string{
			"survey", "dependencies", "ledger", "lock", "inspect", `before CREATE TABLE`, `after CREATE TABLE`, "verify", "record",
			"commit", "publish", "ready",
		} {
			for len(rest) > 0 && rest[0] != want && (len(rest[0]) < len(want) || rest[0][:len(want)] != want) {
				rest = rest[1:]
			}
			require.NotEmpty(t, rest, "no %q in %q", want, points)
		}
	})
}
