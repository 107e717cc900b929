package actors

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkReadyWarm is what every CRUD call pays: one atomic load.
func BenchmarkReadyWarm(b *testing.B) {
	handle := add(b, start(b, onSQLite(b).open(b), Config{}), accounts(b))
	_, err := handle.Ready(b.Context())
	require.NoError(b, err)
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := handle.Ready(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReadyWarmParallel is the same from all processors at once.
func BenchmarkReadyWarmParallel(b *testing.B) {
	handle := add(b, start(b, onSQLite(b).open(b), Config{}), accounts(b))
	_, err := handle.Ready(b.Context())
	require.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		ctx := context.Background()
		for pb.Next() {
			if _, err := handle.Ready(ctx); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkHerd has 10,000 callers meet 20 tables that are not there.
func BenchmarkHerd(b *testing.B) {
	for _, db := range []func(testing.TB) database{onSQLite, onPostgres} {
		b.Run(db(b).name, func(b *testing.B) {
			round := 0
			d := db(b).open(b)
			for b.Loop() {
				s := start(b, d, Config{})
				for i := range 20 {
					add(b, s, accounts(b, named("herd_%d_%d", round, i)))
				}
				round++
				tables := s.Tables()
				for _, err := range herd(10_000, func(i int) error {
					_, err := tables[i%20].Ready(b.Context())
					return err
				}) {
					require.NoError(b, err, fmt.Sprint(round))
				}
			}
		})
	}
}
