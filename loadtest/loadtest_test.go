package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKilledProcessesBreakNoPromise(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		code, out, errOut := until(t, f, func(written func() string) {
			disturbed := regexp.MustCompile(`(?m)tables 3  migrations 3  errors 0  kills ([3-9]|\d\d+)$`)
			waitFor(t, "kills", func() bool { return disturbed.MatchString(written()) })
			table := f.table("000")
			waitFor(t, "rows", func() bool { return f.count("SELECT count(*) FROM "+table) > 300 })
		}, "--writers", "6", "--tables", "3", "--processes", "3", "--kill-every", "200ms")
		require.Zero(t, code, out+errOut)
		require.Empty(t, errOut)
		require.Regexp(t, `(?m)^6 writers in 3 processes on 3 tables for 1m0s, a kill every 200ms$`, out)
		require.Regexp(t, `(?m)^ +\d+\.\ds +[\d,]+/s  p50 +\S+  p99 +\S+  tables 3  migrations 3  errors 0  kills \d+$`, out)
		require.Regexp(t, `(?m)^  creates +[1-9][\d,]*, [\d,]+/s; p50 .+ms, p99 .+s, longest .+s$`, out)
		for _, name := range []string{"pairs", "reads", "updates", "deletes", "kills"} {
			require.Regexp(t, `(?m)^  `+name+` +[1-9]`, out)
		}
		require.Regexp(t, `(?m)^  migrations +3 of 3 tables$`, out)
		require.Regexp(t, `(?m)^  errors +none$`, out)
		for _, check := range []string{"revisions", "catalogue", "rows", "whole rows", "whole pairs", "changes"} {
			require.Regexp(t, `(?m)^  `+check+` +3 tables +ok$`, out)
		}
		require.NotContains(t, out, "\x1b", "no terminal, no escapes")
		require.True(t, strings.HasSuffix(out, "\nEvery promise kept.\n"), out)
		require.Zero(t, f.left())
	})
}

// A row of a pair is touched once by its writer, and so a good one to be touched by others.
const (
	aPair  = "(SELECT min(id) FROM THE_TABLE WHERE part = 1)"
	forged = `INSERT INTO schemactor_revisions (namespace, table_name, generation, from_fingerprint, to_fingerprint, statements,
		checksum, state, reason, failure, catalog, duration_us, host, pid, application, version, applied_at)
		SELECT namespace, table_name, generation + 1, from_fingerprint, to_fingerprint, statements, checksum, state, reason, failure,
		catalog, duration_us, host, pid, application, version, applied_at FROM schemactor_revisions WHERE table_name LIKE 'loadtest%000'`
)

func TestBrokenPromisesAreNamed(t *testing.T) {
	for name, broken := range map[string]struct {
		statement string
		findings  []string
	}{
		"acknowledged row deleted": {
			"DELETE FROM THE_TABLE WHERE id = " + aPair,
			[]string{`rows +\S*000 +BROKEN +want \d+ acknowledged rows once, have key \d+ missing`, `whole pairs +\S*001 +BROKEN +want 0 halves, have 1 halves`},
		},
		"row mangled":       {"UPDATE THE_TABLE SET body = 'x' WHERE id = " + aPair, []string{`whole rows +\S*000 +BROKEN +want 0 wrong, have 1 wrong`}},
		"pair mangled":      {"UPDATE THE_TABLE SET part = 0 WHERE id = " + aPair, []string{`whole pairs +\S*001 +BROKEN`}},
		"change not asked":  {"UPDATE THE_TABLE SET turn = 7, amount = id % 1009 * 8 WHERE id = " + aPair, []string{`changes +\S*000 +BROKEN .*changed 7 times, acknowledged 0`}},
		"second revision":   {forged, []string{`revisions +\S*000 +BROKEN +want 1, have 2`, `seals +\S*000 +BROKEN`}},
		"table of its own":  {"CREATE TABLE schemactor_new_x (id int)", []string{`names +database +BROKEN +want none, have table schemactor_new_x`}},
		"column not wanted": {"ALTER TABLE THE_TABLE ADD COLUMN hue text", []string{`catalogue +\S*000 +BROKEN +want none, have extra column hue`}},
	} {
		t.Run(name, func(t *testing.T) {
			eachDatabase(t, func(t *testing.T, f *field) {
				code, out, errOut := during(t, f, func() { f.run(strings.ReplaceAll(broken.statement, "THE_TABLE", f.table("000"))) })
				require.Equal(t, 1, code, out+errOut)
				require.Empty(t, errOut)
				for _, finding := range broken.findings {
					require.Regexp(t, `(?m)^  `+finding, out)
				}
				require.Regexp(t, `(?m)^  errors +none$`, out)
				require.Regexp(t, `\nBROKEN: \d+ checks? failed\.\n$`, out)
			})
		})
	}
}

// What callers were told is no less a broken promise than what the database shows.
func TestErrorsOfCallersAreNamed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		code, out, errOut := during(t, f, func() {
			table := f.table("000")
			if f.Name() == "sqlite" {
				f.run("CREATE TRIGGER no BEFORE DELETE ON " + table + " BEGIN SELECT RAISE(ABORT, 'no'); END")
			} else {
				f.run("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
					"CREATE TRIGGER no BEFORE DELETE ON "+table+" FOR EACH ROW EXECUTE FUNCTION no()")
			}
			before := f.count("SELECT max(id) FROM " + table)
			waitFor(t, "deletions", func() bool { return f.count("SELECT max(id) FROM "+table) > before+500 })
		})
		require.Equal(t, 1, code, out+errOut)
		require.Regexp(t, `(?m)^  error +[1-9]\d* × .+, first: delete \S*000: .+$`, out)
		require.True(t, strings.HasSuffix(out, "\nBROKEN: callers got errors.\n"), out)
	})
}

func TestInterruptEndsARunInOrder(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		code, out, errOut := during(t, f, func() {})
		require.Zero(t, code, out+errOut)
		require.Regexp(t, `(?m)^  elapsed +\S+ s, interrupted$`, out)
		require.Contains(t, out, "Every promise kept.")
		require.Zero(t, f.left())
	})
}

func TestWhatIsKeptCanBeDropped(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		f.run("CREATE TABLE loadtest_mine (id int)")
		code, out, _ := during(t, f, func() {}, "--keep")
		require.Zero(t, code, out)
		require.Regexp(t, `(?m)^Kept: (tables|namespace) loadtest_[0-9a-f]{8}`, out)
		require.Positive(t, f.count("SELECT count(*) FROM "+f.table("001")))

		code, out, errOut := play(t, "--drop", "--database", f.address)
		require.Zero(t, code, errOut)
		require.Equal(t, "2 tables dropped\n", out)
		require.Equal(t, 1, f.left(), "what is not its own stays")
	})
}

func TestTemporaryFileGoes(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, out, errOut := play(t, "--writers", "2", "--processes", "1", "--tables", "1", "--duration", "200ms")
	require.Zero(t, code, out+errOut)
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestFaultyInputIsNamed(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "no", "folder.db")
	for args, want := range map[string]string{
		"--writers 0":                              "--writers must be from 1 to 100000, not 0",
		"--tables -3":                              "--tables must be",
		"--processes 0":                            "--processes must be",
		"--processes 65":                           "--processes must not be more than the 64 writers",
		"--duration 0s":                            "--duration must be longer than nothing",
		"--duration soon":                          "--duration",
		"--kill-every 1ms":                         "--kill-every must be 0 for never",
		"--kill-every -1s":                         "--kill-every must be 0 for never",
		"--database mysql://u:secret@h/x":          `--database has the unknown scheme "mysql"`,
		"--database mysql:u:secret@h":              "--database is neither postgres://… nor",
		"--database :memory:":                      "--database must be a file",
		"--database sqlite:":                       "--database needs a path",
		"--database postgres://u:secret@[::1]:1/x": "open PostgreSQL [::1]:1/x: ",
		"--database " + missing:                    "open SQLite " + missing,
		"--drop":                                   "--drop needs --database",
		"--drop --database " + missing:             "--database names a file that is not there",
		"--bogus":                                  "unknown flag: --bogus",
		"herd":                                     `unknown argument "herd"`,
	} {
		code, out, errOut := play(t, strings.Fields(args)...)
		require.Equal(t, 2, code, args)
		require.Empty(t, out, args)
		require.Regexp(t, `^loadtest: .*`+regexp.QuoteMeta(want)+`.*\n$`, errOut, args)
		require.NotContains(t, errOut, "secret", args)
	}
}

func TestHelpHasExamples(t *testing.T) {
	code, out, _ := play(t, "--help")
	require.Zero(t, code)
	for _, flag := range []string{"writers", "tables", "processes", "duration", "database", "kill-every", "seed", "keep", "drop"} {
		require.Contains(t, out, "--"+flag+" ")
	}
	require.Contains(t, out, "loadtest --database postgres://localhost/test")
}
