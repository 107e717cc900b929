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
		require.Regexp(t, `(?m)^  operations +[1-9][\d,]*, [\d,]+/s; p50 .+s, p99 .+s, p99.9 .+s, longest .+s$`, out)
		for _, name := range []string{"  create", "  pair", "  read", "  list", "  update", "  delete", "kills"} {
			require.Regexp(t, `(?m)^  `+name+` +[1-9]`, out)
		}
		require.Regexp(t, `(?m)^  migrations +3 of 3 tables$`, out)
		require.Regexp(t, `(?m)^  errors +none$`, out)
		for _, check := range []string{"revisions", "catalogue", "rows", "whole rows", "whole pairs", "changes"} {
			require.Regexp(t, `(?m)^  `+check+` +3 tables +ok$`, out)
		}
		require.Regexp(t, `(?m)^  kept +one migration per table and version: 3 migrations of 3 tables$`, out)
		require.Regexp(t, `(?m)^  kept +every acknowledged row is there, once: [1-9]\d+ rows in 3 tables$`, out)
		require.Regexp(t, `(?m)^  kept +no caller got an error: 0$`, out)
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
				code, out, errOut := during(t, f, func() {
					f.run(strings.ReplaceAll(broken.statement, "THE_TABLE", f.table("000")))
				}, "--mix", "create=56,pair=8,read=16,update=12,delete=4") // nothing that comes upon others' rows and complains first
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

// Where no newer version is deployed an adoption does not make a stranger's column the run's own.
func TestAStrangersColumnIsNotAdopted(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		code, out, errOut := during(t, f, func() {
			_, columns, _ := strings.Cut(forged, "checksum, state,") // of the statement, and then of what is copied
			adopted := strings.TrimSuffix(forged, columns) + strings.Replace(columns, "checksum, state,", "checksum, 'adopted',", 1)
			f.run("ALTER TABLE "+f.table("000")+" ADD COLUMN hue text", adopted)
		})
		require.Equal(t, 1, code, out+errOut)
		require.Regexp(t, `(?m)^  catalogue +\S*000 +BROKEN +want none, have extra column hue`, out)
	})
}

// What callers were told is no less a broken promise than what the database shows.
func TestErrorsOfCallersAreNamed(t *testing.T) {
	eachDatabase(t, func(t *testing.T, f *field) {
		code, out, errOut := during(t, f, func() {
			table := f.table("000")
			f.run(map[string][]string{
				"sqlite": {"CREATE TRIGGER no BEFORE DELETE ON " + table + " BEGIN SELECT RAISE(ABORT, 'no'); END"},
				"postgres": {
					"CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$",
					"CREATE TRIGGER no BEFORE DELETE ON " + table + " FOR EACH ROW EXECUTE FUNCTION no()",
				},
				"mysql": {"CREATE TRIGGER no BEFORE DELETE ON " + table + " FOR EACH ROW SIGNAL SQLSTATE '45000'"},
			}[f.Name()]...)
			// Every second operation is to delete a row, so that some were refused by the time when there are so many more.
			before := f.count("SELECT count(*) FROM " + table)
			waitFor(t, "deletions", func() bool { return f.count("SELECT count(*) FROM "+table) > before+100 })
		}, "--mix", "create=40,pair=10,delete=50")
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
		"--writers 0":                            "--writers must be from 1 to 100000, not 0",
		"--tables -3":                            "--tables must be",
		"--processes 0":                          "--processes must be",
		"--processes 65":                         "--processes must not be more than the 64 writers",
		"--duration 0s":                          "--duration must be longer than nothing",
		"--duration soon":                        "--duration",
		"--kill-every 1ms":                       "--kill-every must be 0 for never",
		"--count -1":                             "--count must be 0 for no limit, or more, not -1",
		"--duration 0s --count 0":                "--duration must be longer than nothing, not 0s",
		"--warm-up -1s":                          "--warm-up must be 0 for none",
		"--rate -5":                              "--rate must be 0 for no rate",
		"--rate NaN":                             "--rate must be 0 for no rate",
		"--row-size -1":                          "--row-size must be from 0 to 1048576, not -1",
		"--changes 7":                            "--changes must be from 0 to 6, not 7",
		"--mode gorm":                            `--mode is the unknown "gorm": there are coordinator, check-every-op and if-not-exists`,
		"--keys hot":                             `--keys is the unknown "hot": there are uniform, zipf and sequential`,
		"--mix create=5,drop=1":                  `--mix has the unknown operation "drop": there are create, pair, read, list, update, delete`,
		"--mix create":                           `--mix has the part "create", which is not like create=50`,
		"--mix create=x":                         `--mix gives create the weight "x"`,
		"--mix create=1,create=2":                "--mix names create twice",
		"--mix read=5":                           "--mix has no creates",
		"--mix create=1,pair=1 --tables 1":       "--mix has pairs, which need two tables",
		"--drop-every 1ms":                       "--drop-every must be 0 for never, or at least 100ms",
		"--freeze-every 1ms":                     "--freeze-every must be 0 for never, or at least 100ms",
		"--freeze-for 1s":                        "--freeze-for says how long, and --freeze-every does not say how often",
		"--freeze-every 1s --freeze-for 1s":      "--freeze-for must be at most half of --freeze-every, 500ms, not 1s",
		"--freeze-every 90s --freeze-for 8s":     "--freeze-for must be from 10ms to 3s, not 8s",
		"--cut-every 1s":                         "--cut-every has nothing to cut",
		"--cut-every 1s --database x.db":         "--cut-every has nothing to cut",
		"--cut-every 1ms --database postgres":    "--cut-every must be 0 for never, or at least 100ms",
		"--restart-every 5s":                     "--restart-every restarts only a server that the run has started itself: it needs --database postgres or mysql",
		"--restart-every 1s --database postgres": "--restart-every must be 0 for never, or at least 2s",
		"--restart-every 5s --database postgres://h/x":  "--restart-every restarts only a server",
		"--report " + filepath.Dir(missing) + "/r.html": "--report cannot be written: ",
		"--json " + filepath.Dir(missing) + "/r.json":   "--json cannot be written: ",
		"--json " + os.TempDir():                        "--json names a folder",
		"--report -":                                    "--report must be a file",
		"--json x --report ./x":                         "--report names the same file as --json",
		"--drop --database postgres":                    "--drop needs --database",
		"report":                                        "report: names of files with results are missing",
		"report x.json":                                 "--out must name the file",
		"report " + missing + " --out x.html":           "report: open " + missing,
		"report loadtest_test.go --out x.html":          "report: loadtest_test.go: read the result",
		"--kill-every -1s":                              "--kill-every must be 0 for never",
		"--restart-every 5s --database mysql://h/x":     "--restart-every restarts only a server",
		"--cut-every 1s --database mysql://h/x":         "--cut-every cuts on MariaDB only a server that the run has started itself",
		"--database oracle://u:secret@h/x":              `--database has the unknown scheme "oracle"`,
		"--database mysql:u:secret@h":                   "--database is neither postgres://…, mysql://… nor",
		"--database mysql://u:secret@[::1]:1/x":         "open MariaDB [::1]:1/x: ",
		"--drop --database mysql":                       "--drop needs --database",
		"--keep --database mysql":                       "--keep has nowhere to leave the tables",
		"--database :memory:":                           "--database must be a file",
		"--database sqlite:":                            "--database needs the path",
		"--database postgres://u:secret@[::1]:1/x":      "open PostgreSQL [::1]:1/x: ",
		"--database " + missing:                         "open SQLite " + missing,
		"--drop":                                        "--drop needs --database",
		"--drop --database " + missing:                  "--database names a file that is not there",
		"--drop --database x.db --json a.json":          "--drop only removes what is there: it goes with --database, and not with --json",
		"--keep --database postgres":                    "--keep has nowhere to leave the tables",
		"--drop-every 10s":                              "--drop-every must be shorter than the load, 10s, not 10s: it would never come",
		"--freeze-every 5s --duration 3s --warm-up 1s":  "--freeze-every must be shorter than the load, 4s, not 5s",
		"--database password=secret":                    "--database is in PostgreSQL's form of key=value: write it as postgres://…",
		"--bogus":                                       "unknown flag: --bogus",
		"herd":                                          `unknown argument "herd"`,
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
	for _, flag := range []string{
		"writers", "tables", "processes", "duration", "count", "warm-up", "rate", "mode", "mix", "keys", "row-size", "changes", "seed",
		"database", "keep", "drop", "kill-every", "freeze-every", "freeze-for", "drop-every", "cut-every", "restart-every", "name", "json", "report",
	} {
		require.Contains(t, out, "--"+flag+" ")
	}
	for _, title := range []string{"How much", "What is done", "Where", "Faults", "What comes of it"} {
		require.Contains(t, out, "\n"+title+":\n")
	}
	require.Contains(t, out, "loadtest --database postgres://localhost/test")
	code, out, _ = play(t, "report", "--help")
	require.Zero(t, code)
	require.Contains(t, out, "loadtest report run.json --out run.html")
}
