package coordinator_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// heap is what lives after a collection, and the stacks of goroutines.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// peak is the most memory that the process ever had of the machine, in bytes; 0 where the system does not tell.
func peak() uint64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseUint(strings.Fields(value)[0], 10, 64)
			if err == nil {
				return kilobytes << 10
			}
		}
	}
	return 0
}

// BenchmarkMemory tells what a table costs that is registered, ensured and at rest.
func BenchmarkMemory(b *testing.B) {
	for _, kind := range []struct {
		name   string
		open   func(testing.TB) database
		mode   coordinator.Mode
		tables int
	}{
		// Creation is quadratic in SQLite: a hundred thousand tables are registered and passed by their actors without a look.
		{"trust", sqliteDatabase, coordinator.ModeTrust, 100_000},
		{"sqlite", sqliteDatabase, coordinator.ModeMigrate, 1000},
		{"postgres", postgresDatabase, coordinator.ModeMigrate, 1000},
	} {
		b.Run(kind.name, func(b *testing.B) {
			for b.Loop() {
				d := kind.open(b).open(b)
				c := start(b, d, &coordinator.Config{Mode: kind.mode})
				// What the first tables cost once is no part of what each does.
				keep := []*nodes.Node[Wide, int64]{register[Wide, int64](b, c, schema.Named("first"))}
				require.NoError(b, c.EnsureAll(context.Background()))
				before := heap()
				for i := range kind.tables {
					keep = append(keep, register[Wide, int64](b, c, schema.Named(fmt.Sprintf("wide_%05d", i))))
				}
				registered := heap()
				require.NoError(b, c.EnsureAll(context.Background()))
				ready := heap()
				most := peak()
				some := keep[1:1001]
				for _, node := range some {
					node.Statements() // as the first call does
				}
				b.ReportMetric(float64(heap()-ready)/float64(len(some)), "more-B/used-table")
				b.ReportMetric(float64(registered-before)/float64(kind.tables), "registered-B/table")
				b.ReportMetric(float64(ready-before)/float64(kind.tables), "ready-B/table")
				b.ReportMetric(float64(most)/(1<<20), "peak-MB")
				runtime.KeepAlive(keep)
				shut(b, c)
			}
		})
	}
}
