package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/loadtest/report"
	"github.com/schemactor/schemactor/schema"
)

// measured runs the program to its end and gives the result that it has written, which is what it says it is.
func measured(t *testing.T, want int, args ...string) *report.Run {
	path := filepath.Join(t.TempDir(), "run.json")
	code, out, errOut := play(t, append(args, "--json", path)...)
	require.Equal(t, want, code, out+errOut)
	require.Empty(t, errOut)
	run, err := readRun(path)
	require.NoError(t, err)
	require.Equal(t, want == 0, run.Verdict() == report.Kept)
	var done int64
	for _, op := range run.Operations {
		done += op.Count
		require.Equal(t, op.Count > 0, len(op.Quantiles) > 0)
	}
	require.Equal(t, run.All.Count, done)
	var inSeries int64
	for _, p := range run.Series {
		inSeries += p.Done()
	}
	if run.Warmup == 0 {
		require.Equal(t, done, inSeries)
	}
	return run
}

// marks counts the faults of a kind.
func marks(run *report.Run, kind string) (n int) {
	for _, m := range run.Faults {
		if m.Kind == kind {
			n++
		}
	}
	return n
}

// rows counts the rows of a run's n-th table that meet a condition.
func (f *field) rows(n int, condition string) int {
	return f.count(fmt.Sprintf("SELECT count(*) FROM %s WHERE %s", f.table(fmt.Sprintf("%03d", n)), condition))
}

func TestCountMixKeysAndSizeShowInTheDatabase(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		run := measured(t, 0, "--database", f.address, "--writers", "4", "--processes", "2", "--tables", "4", "--count", "400",
			"--mix", "create=4,update=1", "--keys", "sequential", "--row-size", "100", "--keep")
		require.EqualValues(t, 400, run.All.Count)
		require.Len(t, run.Operations, 2)
		require.Equal(t, "create", run.Operations[0].Name)
		all, changed := 0, 0
		for table := range 4 {
			rows := f.rows(table, "1 = 1")
			all += rows
			changed += f.count("SELECT coalesce(sum(turn), 0) FROM " + f.table(fmt.Sprintf("%03d", table)))
			require.Equal(t, rows, f.rows(table, "length(body) = 100"))
			require.InDelta(t, float64(run.Operations[0].Count)/4, rows, 4, "writers take the tables in turns")
		}
		require.EqualValues(t, run.Operations[0].Count, all)
		require.EqualValues(t, run.Operations[1].Count, changed)
	})
}

func TestWarmUpAndHotTables(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		run := measured(t, 0, "--database", f.address, "--writers", "4", "--processes", "2", "--tables", "4", "--count", "400",
			"--mix", "create=1", "--keys", "zipf", "--row-size", "0", "--warm-up", "300ms", "--keep")
		require.EqualValues(t, 400, run.All.Count, "what was done to warm up does not count")
		require.Equal(t, 300*time.Millisecond, run.Warmup)
		all := 0
		for table := range 4 {
			all += f.rows(table, "body = ''")
		}
		require.Greater(t, all, 400, "and was done")
		require.Greater(t, f.rows(0, "1 = 1"), 2*f.rows(3, "1 = 1"))
	})
}

// Of an open loop, a process that stands still delays every operation that was to begin meanwhile, and not only those under way.
func TestRateIsAnOpenLoop(t *testing.T) {
	args := []string{
		"--writers", "2", "--processes", "1", "--tables", "1", "--count", "300", "--mix", "create=1",
		"--freeze-every", "1s", "--freeze-for", "500ms",
	}
	run := measured(t, 0, append(args, "--rate", "200")...)
	require.GreaterOrEqual(t, run.Elapsed, 1400*time.Millisecond, "300 at 200 a second")
	require.Positive(t, marks(run, "freeze"))
	require.Greater(t, run.All.At(0.9), 100*time.Millisecond)
	require.EqualValues(t, 200, run.TargetRate)
}

func TestModelChangesWhileOldProcessesRun(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		path := filepath.Join(t.TempDir(), "run.json")
		code, out, errOut := until(t, f, func(func() string) {
			waitFor(t, "rows of both versions in both tables", func() bool {
				for table := range 2 {
					n := f.count("SELECT count(*) FROM schemactor_tables WHERE table_name LIKE 'loadtest%'")
					if n < 2 || f.rows(table, "hue IS NULL") == 0 || f.rows(table, "hue = 'hue ' || id") == 0 {
						return false
					}
				}
				return true
			})
		}, "--writers", "6", "--processes", "3", "--tables", "2", "--duration", "14s", "--changes", "6", "--keep", "--json", path)
		require.Zero(t, code, out+errOut)
		run, err := readRun(path)
		require.NoError(t, err)
		require.Equal(t, report.Kept, run.Verdict())
		require.Positive(t, marks(run, "change"))
		require.GreaterOrEqual(t, run.Migrations, int64(4))
		made := f.count("SELECT count(*) FROM schemactor_revisions WHERE state = 'applied' AND table_name LIKE 'loadtest%'")
		require.EqualValues(t, made, run.Migrations)
	})
}

func TestDroppedTablesAreMadeAgain(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		run := measured(t, 0, "--database", f.address, "--writers", "4", "--processes", "2", "--tables", "2", "--duration", "1500ms",
			"--drop-every", "200ms", "--kill-every", "300ms", "--keep")
		drops := marks(run, "drop")
		require.Positive(t, drops)
		require.Positive(t, marks(run, "kill"))
		made := f.count("SELECT count(*) FROM schemactor_revisions WHERE state = 'applied' AND table_name LIKE 'loadtest%'")
		require.EqualValues(t, run.Migrations, made)
		require.LessOrEqual(t, made, 2+drops)
		require.GreaterOrEqual(t, made, drops)
		require.True(t, slices.ContainsFunc(run.Errors, func(e report.ErrorCount) bool {
			return e.Fault == "drop" && e.Class == schema.ErrNotFound.Error()
		}), "whoever looks for a row that went with its table")
	})
}

func TestServerOfItsOwnIsRestartedAndCut(t *testing.T) {
	for kind, server := range map[string]struct {
		word  string
		admin func(testing.TB) string
	}{"PostgreSQL": {"postgres", postgrestest.Admin}, "MariaDB": {"mysql", mysqltest.Admin}} {
		t.Run(server.word, func(t *testing.T) {
			t.Parallel()
			require.NotEmpty(t, server.admin(t)) // or the test is skipped, for the binaries are missing
			run := measured(t, 0, "--database", server.word, "--writers", "4", "--processes", "2", "--tables", "2", "--duration", "3500ms",
				"--restart-every", "2s", "--cut-every", "250ms")
			require.Equal(t, kind, run.Database.Kind)
			require.NotEmpty(t, run.Database.Version)
			require.Equal(t, 1, marks(run, "restart"))
			require.Greater(t, marks(run, "cut"), 2)
			require.NotEmpty(t, run.Errors)
			for _, e := range run.Errors {
				require.Contains(t, []string{"cut", "restart"}, e.Fault)
			}
		})
	}
}

// The baselines do the same load; the one crawls, and the other does not come back from a drop.
func TestBaselinesBreakOrCrawl(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		load := []string{"--database", f.address, "--writers", "8", "--processes", "2", "--tables", "4", "--duration", "1s"}
		own := measured(t, 0, load...)
		checked := measured(t, 0, append(load, "--mode", "check-every-op")...)
		require.Greater(t, own.All.Count, 3*checked.All.Count, "a look before every operation")
		require.Positive(t, checked.All.Count)
		require.EqualValues(t, 4, checked.Migrations)

		bare := measured(t, 1, append(load, "--mode", "if-not-exists", "--drop-every", "200ms")...)
		require.Positive(t, marks(bare, "drop"))
		require.True(t, slices.ContainsFunc(bare.Errors, func(e report.ErrorCount) bool {
			return e.Fault == "" && e.Class == schema.ErrMissing.Error()
		}), "a table that was dropped is not made again")
		require.False(t, bare.Promises[0].Kept, "there is no history")
	})
}

func TestResultsAreWrittenAndCompared(t *testing.T) {
	folder := t.TempDir()
	at := func(name string) string { return filepath.Join(folder, name) }
	load := []string{"--writers", "2", "--processes", "1", "--tables", "2", "--count", "100"}
	code, out, errOut := play(t, append(load, "--name", "alpha", "--json", "-", "--report", at("first.html"))...)
	require.Zero(t, code, errOut)
	require.Contains(t, errOut, "Every promise kept.", "standard output is for the result")
	run, err := report.Decode(strings.NewReader(out))
	require.NoError(t, err)
	require.Equal(t, "alpha", run.Name)
	require.Equal(t, "SQLite", run.Database.Kind)
	require.NotEmpty(t, run.Database.Version)
	require.Equal(t, report.ModeCoordinator, run.Mode)
	require.Contains(t, run.Config, report.Setting{Flag: "writers", Value: "2", Given: true})
	require.Contains(t, run.Config, report.Setting{Flag: "tables", Value: "2", Given: true})
	require.Contains(t, run.Config, report.Setting{Flag: "keys", Value: "uniform"})
	require.Contains(t, run.Config, report.Setting{Flag: "database", Value: "a temporary SQLite file"})
	require.Len(t, run.Ensures, 2)
	for _, e := range run.Ensures {
		require.Equal(t, report.PhaseReady, e.Spans[len(e.Spans)-1].Phase)
		require.True(t, slices.ContainsFunc(e.Spans, func(s report.Span) bool { return s.Phase == report.PhaseApplying }))
		for i, s := range e.Spans {
			require.LessOrEqual(t, s.From, s.To)
			require.True(t, i == 0 || e.Spans[i-1].To <= s.From)
		}
	}
	require.NoError(t, os.WriteFile(at("first.json"), []byte(out), 0o600))

	code, out, errOut = play(t, append(load, "--name", "omega", "--json", at("second.json"))...)
	require.Zero(t, code, out+errOut)
	code, out, errOut = play(t, "report", at("first.json"), at("second.json"), "--out", at("both.html"))
	require.Zero(t, code, errOut)
	require.Equal(t, at("both.html")+" of 2 runs\n", out)
	for _, page := range []string{"first.html", "both.html"} {
		text, err := os.ReadFile(at(page))
		require.NoError(t, err)
		require.Contains(t, string(text), "alpha")
		require.Equal(t, page == "both.html", strings.Contains(string(text), "omega"))
	}
	left, err := filepath.Glob(at(".*"))
	require.NoError(t, err)
	require.Empty(t, left, "no unfinished files")
}

// The same seed is the same work.
func TestSeedDecidesWhatIsDone(t *testing.T) {
	did := func(seed string) (counts []int64) {
		run := measured(t, 0, "--writers", "1", "--processes", "1", "--tables", "3", "--count", "300", "--seed", seed)
		for _, op := range run.Operations {
			counts = append(counts, op.Count)
		}
		return counts
	}
	first := did("7")
	require.Equal(t, first, did("7"))
	require.NotEqual(t, first, did("8"))
}

// A secret of an address is in nothing that is written.
func TestAddressIsNotInTheResult(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		page := filepath.Join(t.TempDir(), "run.html")
		code, out, errOut := play(t, "--database", f.address, "--writers", "1", "--processes", "1", "--tables", "1", "--count", "5",
			"--json", "-", "--report", page)
		require.Zero(t, code, errOut)
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		require.NotContains(t, out+string(text), f.address)
	})
}
