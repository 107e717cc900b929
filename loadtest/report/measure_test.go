package report

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestVerdict(t *testing.T) {
	run := Run{}
	require.Equal(t, Unjudged, run.Verdict())
	run.Promises = []Promise{{Name: "a", Kept: true}}
	require.Equal(t, Kept, run.Verdict())
	run.Promises = append(run.Promises, Promise{Name: "b"})
	require.Equal(t, Broken, run.Verdict())
	require.Equal(t, []Promise{{Name: "b"}}, run.Broken())
}

func TestLatencyAtAQuantile(t *testing.T) {
	o := Operation{Quantiles: []Quantile{{0.5, 10}, {0.9, 20}, {1, 40}}}
	for quantile, want := range map[float64]time.Duration{0: 10, 0.5: 10, 0.51: 20, 0.9: 20, 0.99: 40, 1: 40} {
		require.Equal(t, want, o.At(quantile), quantile)
	}
	require.Equal(t, time.Duration(40), o.Max())
	o.Quantiles = o.Quantiles[:2]
	require.Equal(t, time.Duration(20), o.Max(), "the last one there is")
	require.Zero(t, (&Operation{}).At(0.5))
}

func TestThroughputLeavesTheWarmUpOut(t *testing.T) {
	run := Run{Elapsed: 10 * time.Second, Warmup: 2 * time.Second, All: Operation{Count: 80}}
	require.InDelta(t, 10, run.Throughput(), 1e-9)
	run.Warmup = run.Elapsed
	require.Zero(t, run.Throughput())
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "–", 700: "700 ns", 1500: "1.50 µs", 12 * time.Millisecond: "12.0 ms", 999 * time.Millisecond: "999 ms", 2 * time.Second: "2.00 s",
		1234 * time.Second: "1,234 s",
	} {
		require.Equal(t, want, span(d))
	}
	for value, want := range map[float64]string{0: "", 1: "1.00×", 0.034: "0.03×", 0.0012: "0.0012×", 12.34: "12.3×", 12345: "12,345×"} {
		require.Equal(t, want, ratio(value, 1))
	}
	require.Empty(t, ratio(1, 0))
	require.Equal(t, "0.5/s 0/s 1,234,567/s -1,000", perSecond(0.5)+" "+perSecond(0)+" "+perSecond(1234567.2)+" "+number(-1000))
	require.Equal(t, "99.9 % 50 % 100 %", percent(0.999)+" "+percent(0.5)+" "+percent(1))
	require.Equal(t, "a, b and c", joinedWords([]string{"a", "b", "c"}))
	require.Empty(t, joinedWords(nil))
}

func TestRunsOfOneNameAreToldApart(t *testing.T) {
	sqlite, postgres := Database{Kind: "SQLite"}, Database{Kind: "PostgreSQL"}
	runs := apart([]Run{
		{Mode: ModeCoordinator, Database: sqlite},
		{Mode: ModeCoordinator, Database: postgres},
		{Mode: ModeIfNotExists, Database: sqlite},
		{Name: "before"},
		{Name: "before"},
		{},
	})
	var names []string
	for i := range runs {
		names = append(names, runs[i].Label())
	}
	require.Equal(t, []string{"coordinator SQLite", "coordinator PostgreSQL", "if-not-exists", "before #4", "before #5", "run"}, names)
}

func TestBetterAndWorse(t *testing.T) {
	require.Equal(t, []string{"good", "bad", "", ""}, []string{tone(2, 1, 1), tone(2, 1, -1), tone(1.05, 1, 1), tone(0, 1, 1)})
	require.Equal(t, []string{"good", "bad"}, []string{tone(1, 2, -1), tone(1, 2, 1)})
}
