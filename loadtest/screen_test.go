package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vbauerster/mpb/v8"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/loadtest/load"
	"github.com/schemactor/schemactor/loadtest/report"
)

func busy() load.Sample {
	return load.Sample{
		Elapsed: 62 * time.Second, Progress: 0.5, Rate: 12_345.6, P50: 1234 * time.Microsecond, P99: 1345 * time.Millisecond,
		Tables: 20, Migrations: 20, Errors: 1, Explained: 7, Faults: map[string]int64{"kill": 25},
	}
}

func TestTerminalShowsABar(t *testing.T) {
	var out buffer
	l := newLive(&out, mpb.WithAutoRefresh(), mpb.WithRefreshRate(10*time.Millisecond))
	l.show(busy())
	waitFor(t, "the lines", func() bool { return strings.Contains(out.String(), "kills 25") })
	l.end()
	text := out.String()
	for _, part := range []string{"62.0 s", "██", "░░", " 50%", "12,345/s  p50 1.23ms  p99  1.34s", "tables 20  migrations 20  errors 1  of faults 7  kills 25"} {
		require.Contains(t, text, part)
	}
	require.NotContains(t, text, "\x1b[?", "the cursor stays, and the terminal's mode")
}

func TestPipeGetsWholeLines(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	require.Equal(t, time.Second, s.interval())
	s.sample(busy())
	s.clear()
	require.Equal(t, " 62.0s  12,345/s  p50 1.23ms  p99  1.34s  tables 20  migrations 20  errors 1  of faults 7  kills 25\n", out.String())
}

func TestConclusionSaysWhatIsBroken(t *testing.T) {
	good, bad := checker.Finding{Check: "rows", OK: true}, checker.Finding{Check: "rows"}
	told := []report.ErrorCount{{Count: 1}}
	explained := []report.ErrorCount{{Count: 1, Fault: "cut"}}
	result := func(errors []report.ErrorCount, findings ...checker.Finding) *load.Result {
		r := &load.Result{Verdict: &checker.Verdict{Findings: findings}, Run: report.Run{Errors: errors}}
		r.Run.Promises = []report.Promise{{Name: "all", Kept: len(r.Verdict.Failed()) == 0 && r.Run.ErrorTotal() == 0}}
		return r
	}
	for want, r := range map[string]*load.Result{
		"Every promise kept.":                              result(explained, good),
		"BROKEN: 1 check failed.":                          result(explained, good, bad),
		"BROKEN: callers got errors.":                      result(told, good),
		"BROKEN: 2 checks failed, and callers got errors.": result(told, bad, bad),
		"\x1b[32mEvery promise kept.\x1b[0m":               result(nil, good),
		"\x1b[1;31mBROKEN: callers got errors.\x1b[0m":     result(told, good),
	} {
		s := &screen{color: strings.HasPrefix(want, "\x1b")}
		require.Equal(t, want, s.conclusion(r))
		require.Equal(t, strings.Contains(want, "kept"), r.OK())
	}
}

func TestVerdictIsColoured(t *testing.T) {
	s := &screen{color: true}
	require.Equal(t, "rows   2 tables   \x1b[32mok\x1b[0m", s.painted("rows   2 tables   ok"))
	require.Equal(t, "rows   t   \x1b[1;31mBROKEN\x1b[0m   want 1, have 2", s.painted("rows   t   BROKEN   want 1, have 2"))
	require.Equal(t, "check   of   verdict", s.painted("check   of   verdict"))
}

func TestNumbersForPeople(t *testing.T) {
	require.Equal(t, "0", number(0))
	require.Equal(t, "-1,234", number(-1234))
	require.Equal(t, "1,234,567", number(1234567))
	require.Equal(t, "1 process", counted(1, "process"))
	require.Equal(t, "2 processes", counted(2, "process"))
	require.Equal(t, "1,000 rows", counted(1000, "row"))
	require.Equal(t, "–", span(0))
	require.Equal(t, "0.05 ms", span(50*time.Microsecond))
	require.Equal(t, "112 ms", span(112*time.Millisecond))
	require.Equal(t, "1.50 s", span(1500*time.Millisecond))
}
