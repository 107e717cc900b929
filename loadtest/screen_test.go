package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/loadtest/load"
)

func busy() load.Sample {
	return load.Sample{
		Elapsed: 62 * time.Second, Rate: 12_345.6, P50: 1234 * time.Microsecond, P99: 1345 * time.Millisecond,
		Tables: 20, Migrations: 20, Errors: 1, Kills: 25,
	}
}

func TestLiveLineIsWrittenOver(t *testing.T) {
	for width, want := range map[int]string{
		120: " 62.0s  12,345/s  p50 1.23ms  p99  1.34s  tables 20  migrations 20  errors 1  kills 25",
		80:  " 62.0s 12,345/s p50 1.23ms p99  1.34s tables 20 migrations 20 errors 1 kills 25",
		20:  " 62.0s 12,345/s p5",
	} {
		var out bytes.Buffer
		s := &screen{out: &out, live: true, width: width}
		s.sample(busy())
		line := out.String()
		require.NotContains(t, line, "\n")
		require.Less(t, utf8.RuneCountInString(line), width)
		require.True(t, strings.HasPrefix(line, want), line)
		s.sample(busy())
		require.Equal(t, line+"\r\x1b[2K"+line, out.String())
		s.clear()
		s.say("done")
		require.Equal(t, line+"\r\x1b[2K"+line+"\r\x1b[2Kdone\n", out.String())
	}
}

func TestPipeGetsWholeLines(t *testing.T) {
	var out bytes.Buffer
	s := newScreen(&out)
	require.Equal(t, time.Second, s.interval())
	s.sample(busy())
	s.clear()
	require.Equal(t, " 62.0s  12,345/s  p50 1.23ms  p99  1.34s  tables 20  migrations 20  errors 1  kills 25\n", out.String())
}

func TestConclusionSaysWhatIsBroken(t *testing.T) {
	good, bad := checker.Finding{Check: "rows", OK: true}, checker.Finding{Check: "rows"}
	for want, r := range map[string]load.Report{
		"Every promise kept.":                              {Verdict: &checker.Verdict{Findings: []checker.Finding{good}}},
		"BROKEN: 1 check failed.":                          {Verdict: &checker.Verdict{Findings: []checker.Finding{good, bad}}},
		"BROKEN: callers got errors.":                      {Verdict: &checker.Verdict{Findings: []checker.Finding{good}}, Faults: []load.Fault{{Count: 1}}},
		"BROKEN: 2 checks failed, and callers got errors.": {Verdict: &checker.Verdict{Findings: []checker.Finding{bad, bad}}, Faults: []load.Fault{{Count: 1}}},
		"\x1b[32mEvery promise kept.\x1b[0m":               {Verdict: &checker.Verdict{Findings: []checker.Finding{good}}},
		"\x1b[1;31mBROKEN: callers got errors.\x1b[0m":     {Verdict: &checker.Verdict{Findings: []checker.Finding{good}}, Faults: []load.Fault{{Count: 1}}},
	} {
		s := &screen{color: strings.HasPrefix(want, "\x1b")}
		require.Equal(t, want, s.conclusion(&r))
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
