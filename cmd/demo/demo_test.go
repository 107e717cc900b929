package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/dialect/postgres"
	"github.com/schemactor/schemactor/dialect/sqlite"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		beProgram()
	}
	goleak.VerifyTestMain(mysqltest.Main(postgrestest.Main(m)))
}

// play runs the program.
func play(t *testing.T, args ...string) (code int, out, errOut string) {
	var outBuffer, errBuffer bytes.Buffer
	code = run(t.Context(), args, &outBuffer, &errBuffer)
	return code, outBuffer.String(), errBuffer.String()
}

// small is the whole story with a herd that suits a test.
func small(t *testing.T, out *bytes.Buffer, database string) error {
	opts := options{database: database, goroutines: 400, tables: 5}
	return tell(t.Context(), newScreen(out), opts, []chapter{flawChapter, herdChapter, dropChapter, evolveChapter})
}

// kept are the promises of the story; numbers that depend on the machine are left out.
var kept = []string{
	`ok +the coordinator looked at the table once, the baseline 3 times`,
	`ok +the first create asked the schema actor, the others sent no message`,
	`ok +the history counts 1 migration`,
	`ok +3 of 3 rows are in the table`,
	`ok +400 of 400 creates were acknowledged, 0 errors`,
	`ok +400 rows are in the tables, counted by SQL`,
	`ok +5 of 5 tables have exactly one migration in the history`,
	`ok +the program saw 0 errors in [\d,]+ creates`,
	`ok +the table was made twice: at first use, and again after the drop`,
	`ok +([\d,]+) of ([\d,]+) rows begun after the drop are in the new table`,
	`ok +both versions saw 0 errors in 1,600 creates`,
	`ok +3 of 3 tables were changed exactly once, on first use by the new version`,
	`ok +1,600 of 1,600 rows are there, 1,600 with the new column's default`,
	`ok +started again, the former version is behind on 3 of 3 tables, and works`,
	`ok +it changed nothing back: 3 of 3 tables have no further migration`,
	`All 15 promises kept, in \d+\.\d s\.`,
}

func requireStory(t *testing.T, out string) {
	at := 0
	for _, line := range kept {
		found := regexp.MustCompile(line).FindStringIndex(out[at:])
		require.NotNil(t, found, "%s is missing, or out of its place:\n%s", line, out)
		at += found[1]
	}
	require.NotContains(t, out, "BROKEN")
	require.NotContains(t, out, "\x1b", "no terminal, no escapes")
	require.NotContains(t, out, "\r")
	for _, line := range strings.Split(out, "\n") {
		require.LessOrEqual(t, len([]rune(line)), 100, line)
		require.Equal(t, strings.TrimRight(line, " "), line, "no trailing blanks")
	}
}

func TestStoryOnATemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var out bytes.Buffer
	require.NoError(t, small(t, &out, ""))
	requireStory(t, out.String())
	require.Contains(t, out.String(), "a temporary SQLite file")
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// In a file that somebody uses, the story leaves everything as it was.
func TestStoryInAFileOfSomebodyElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "theirs.db")
	d, err := sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	_, err = d.Writer().Exec(t.Context(), "CREATE TABLE notes (x INTEGER)")
	require.NoError(t, err)
	require.NoError(t, d.Close())

	for _, address := range []string{path, "sqlite:" + path, "sqlite://" + path} {
		var out bytes.Buffer
		require.NoError(t, small(t, &out, address))
		requireStory(t, out.String())
	}
	d, err = sqlite.Open(t.Context(), path, nil)
	require.NoError(t, err)
	defer d.Close()
	require.Equal(t, []string{"notes"}, names(t, d, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
}

func TestStoryInANewFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	var out bytes.Buffer
	require.NoError(t, small(t, &out, path))
	require.NoFileExists(t, path)
	require.NoFileExists(t, path+"-wal")
}

func TestStoryOnPostgres(t *testing.T) {
	address := postgrestest.Open(t)
	var out bytes.Buffer
	err := small(t, &out, address)
	require.NoError(t, err, out.String())
	requireStory(t, out.String())

	d, err := postgres.Open(t.Context(), address, nil)
	require.NoError(t, err)
	defer d.Close()
	require.Empty(t, names(t, d, "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'schemactor%'"))
	require.Empty(t, names(t, d, "SELECT relname::text FROM pg_class WHERE relname LIKE 'schemactor%'"))
}

func TestStoryOnMariaDB(t *testing.T) {
	address := mysqltest.Open(t)
	var out bytes.Buffer
	err := small(t, &out, address)
	require.NoError(t, err, out.String())
	requireStory(t, out.String())

	d, err := mysql.Open(t.Context(), address, nil)
	require.NoError(t, err)
	defer d.Close()
	require.Empty(t, names(t, d, "SELECT table_name FROM information_schema.tables WHERE table_schema = database()"))
}

func names(t *testing.T, d dialect.Dialect, sql string) []string {
	result, err := d.Reader().Query(t.Context(), sql)
	require.NoError(t, err)
	defer result.Close()
	var out []string
	for result.Next() {
		var name string
		require.NoError(t, result.Scan(&name))
		out = append(out, name)
	}
	require.NoError(t, result.Err())
	return out
}

func TestHerdCommand(t *testing.T) {
	code, out, errOut := play(t, "herd", "--goroutines", "60", "--tables", "3")
	require.Zero(t, code, errOut)
	require.Contains(t, out, "60 of 60 creates were acknowledged, 0 errors")
	require.Contains(t, out, "3 of 3 tables have exactly one migration")
	require.Empty(t, errOut)
}

func TestKeep(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	code, out, _ := play(t, "herd", "--goroutines", "4", "--tables", "2", "--keep")
	require.Zero(t, code)
	found := regexp.MustCompile(`Kept in (.*)\.\n$`).FindStringSubmatch(out)
	require.NotNil(t, found, out)
	d, err := sqlite.Open(t.Context(), filepath.Join(found[1], "demo.db"), nil)
	require.NoError(t, err)
	defer d.Close()
	require.Subset(t, names(t, d, "SELECT name FROM sqlite_schema"), []string{"herd_001", "herd_002"})
}

// A promise that is broken is called so, and the program says it with its exit code.
func TestBrokenPromise(t *testing.T) {
	// Rows are lost after they were acknowledged: the story believes the database.
	robbed := func(ctx context.Context, s *screen, db *stage, opts options) ([]promise, error) {
		seen := &sighting{goroutines: opts.goroutines, tables: opts.tables}
		if err := seen.run(ctx, s, db); err != nil {
			return nil, err
		}
		if _, err := db.other.Writer().Exec(ctx, "DELETE FROM "+db.QuoteTable(db.ref(herdName(0)))); err != nil {
			return nil, err
		}
		err := seen.count(ctx, db)
		return seen.promises(), err
	}
	var out bytes.Buffer
	err := tell(t.Context(), newScreen(&out), options{goroutines: 10, tables: 2}, []chapter{robbed})
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, 1, exitCode(t.Context(), err, &bytes.Buffer{}))
	require.Contains(t, out.String(), "BROKEN")
	require.Contains(t, out.String(), "1 of 3 promises BROKEN")
}

func TestPromisesCanBreak(t *testing.T) {
	broken := func(promises []promise) (n int) {
		for _, p := range promises {
			if !p.kept {
				n++
			}
		}
		return n
	}
	good := sighting{goroutines: 10, tables: 2, acknowledged: 10, rows: 10, madeOnce: 2}
	require.Zero(t, broken(good.promises()))
	for _, spoil := range []func(*sighting){
		func(g *sighting) { g.failed, g.failure = 1, schema.ErrLockTimeout },
		func(g *sighting) { g.rows = 9 },
		func(g *sighting) { g.rows = 11 },
		func(g *sighting) { g.madeOnce = 1 },
	} {
		bad := good
		spoil(&bad)
		require.Equal(t, 1, broken(bad.promises()))
	}
	evolved := evolution{old: 3, new: evolveGoroutines, late: 3, rows: 1006, filled: 1006, behind: 3, changed: 3, settled: 3}
	require.Zero(t, broken(evolved.promises()))
	for _, spoil := range []func(*evolution){
		func(e *evolution) { e.failed, e.failure = 1, schema.ErrMissing },
		func(e *evolution) { e.changed = 2 },
		func(e *evolution) { e.rows = 1005 },
		func(e *evolution) { e.filled = 1005 },
		func(e *evolution) { e.behind = 2 },
		func(e *evolution) { e.settled = 2 },
	} {
		bad := evolved
		spoil(&bad)
		require.Equal(t, 1, broken(bad.promises()))
	}
	kept := loss{attempted: 10, acknowledged: 10, made: 2, after: make([]int, 3)}
	require.Zero(t, broken(kept.promises()))
	for _, spoil := range []func(*loss){
		func(l *loss) { l.failed, l.failure = 1, schema.ErrMissing },
		func(l *loss) { l.made = 3 },
		func(l *loss) { l.missing = 1 },
		func(l *loss) { l.after = nil },
	} {
		bad := kept
		spoil(&bad)
		require.Equal(t, 1, broken(bad.promises()))
	}
}

func TestArguments(t *testing.T) {
	const password = "hunter2"
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"an unknown scheme", []string{"--database", "oracle://me:" + password + "@host/db"}, 2, `has the unknown scheme "oracle"`},
		{"no scheme and no path", []string{"--database", "me:" + password + "@host/db"}, 2, "neither postgres://…, mysql://… nor"},
		{"no path", []string{"--database", "sqlite:"}, 2, "needs the path"},
		{"another server that is down", []string{"--database", "mysql://me:" + password + "@127.0.0.1:1/db"}, 1, "demo:"},
		{"a MariaDB URL that is none", []string{"--database", "mysql://me:" + password + "@127.0.0.1:port/db"}, 1, "demo:"},
		{"the driver's own form", []string{"--database", "me:" + password + "@tcp(host)/db"}, 2, "neither postgres://…, mysql://… nor"},
		{"a server that is down", []string{"--database", "postgres://me:" + password + "@127.0.0.1:1/db"}, 1, "cannot be reached"},
		{"a URL that is none", []string{"--database", "postgres://me:" + password + "@127.0.0.1:port/db"}, 1, "demo:"},
		{"an unwritable path", []string{"--database", "/no/such/folder/x.db"}, 1, "demo:"},
		{"an unknown flag", []string{"--databse", "x"}, 2, "--databse"},
		{"an unknown command", []string{"hurd"}, 2, "hurd"},
		{"no tables", []string{"herd", "--tables", "0"}, 2, "at least one table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errOut := play(t, c.args...)
			require.Equal(t, c.code, code, errOut)
			require.Contains(t, errOut, c.want)
			require.NotContains(t, out+errOut, password)
			require.Len(t, strings.Split(strings.TrimSpace(errOut), "\n"), 1, "one line")
		})
	}
}

// An interrupt in the middle ends the program cleanly, with its own exit code and nothing left behind.
func TestInterrupt(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	ctx, interrupt := context.WithCancel(t.Context())
	var errOut bytes.Buffer
	out := &trigger{at: "2  The herd", pull: interrupt}
	require.Equal(t, 130, run(ctx, nil, out, &errOut))
	require.Contains(t, errOut.String(), "interrupted")
	require.NotContains(t, out.String(), "BROKEN")
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// trigger pulls once a text was written.
type trigger struct {
	bytes.Buffer
	at   string
	pull func()
}

func (w *trigger) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.at) {
		w.pull()
	}
	return n, err
}

func TestScreen(t *testing.T) {
	var out bytes.Buffer
	s := &screen{out: &out, live: true, width: 20}
	s.progress("first %d", 1)
	s.progress("a line that is far too long for it")
	s.say("done")
	require.Equal(t, "  … first 1\r\x1b[2K  … a line that is \r\x1b[2Kdone\n", out.String())

	out.Reset()
	s = newScreen(&out)
	s.progress("nothing")
	s.table([]string{"", "one"}, []string{"größer", "1"}, []string{"b", "1,000"})
	require.Equal(t, "\n             one\n  größer       1\n  b        1,000\n\n", out.String())
	require.Equal(t, "1,234,567 -1,000 -100 999", strings.Join(
		[]string{number(1_234_567), number(-1000), number(-100), number(999)}, " "))
}
