package nodes_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/schemactor/schemactor/dialect"
)

// BenchmarkLane has a node with a lane and the same one without do the same, in turns: "ratio" is what the lane is worth, to one
// goroutine alone and to many.
func BenchmarkLane(b *testing.B) {
	for _, name := range []string{"create", "update", "patch", "upsert"} {
		b.Run(name, func(b *testing.B) {
			onEach(b, func(b *testing.B, d dialect.Dialect, hand bare) {
				node, people := rivals(b, d, hand)
				without := asBare{node.(asBare).node.Through(nil)}
				for _, goroutines := range []int{1, 4, 64} {
					b.Run(fmt.Sprint(goroutines), func(b *testing.B) {
						calls()[name].run(b, context.Background(), node, without, people, goroutines)
					})
				}
			})
		})
	}
}
