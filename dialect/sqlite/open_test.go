package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/schema"
)

// connections takes n connections out of a pool at the same time.
func connections(t *testing.T, from pool, n int) []connection {
	t.Helper()
	var out []connection
	for range n {
		c, err := from.take(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, c.release(false)) })
		out = append(out, c)
	}
	return out
}

func TestEveryConnectionHasItsPragmas(t *testing.T) {
	d := open(t, filepath.Join(t.TempDir(), "a.db"), &Config{Readers: 3, BusyTimeout: 1234 * time.Millisecond, Synchronous: "full"})
	check := func(c connection, queryOnly string) {
		for pragma, want := range map[string]string{
			"busy_timeout": "1234", "journal_mode": "wal", "foreign_keys": "1", "synchronous": "2", "query_only": queryOnly,
		} {
			require.Equal(t, want, one[string](t, c, "PRAGMA "+pragma), pragma)
		}
	}
	for _, c := range connections(t, d.writer, 1) {
		check(c, "0")
	}
	readers := connections(t, d.reader, 3)
	for _, c := range readers {
		check(c, "1")
		_, err := c.Exec(t.Context(), "CREATE TABLE t (a)")
		require.ErrorIs(t, d.Classify(err), schema.ErrPermission)
		_, err = c.Exec(t.Context(), "PRAGMA query_only = OFF")
		require.NoError(t, err)
		_, err = c.Exec(t.Context(), "CREATE TABLE t (a)")
		require.ErrorIs(t, d.Classify(err), schema.ErrPermission, "the file itself is open for reading only")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err := d.reader.take(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded, "there are no more than Readers")
	require.Equal(t, 1, one[int](t, readers[0], "SELECT 1"))
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{Readers: -1}, {BusyTimeout: -1}, {Synchronous: "ON; DROP TABLE t"}} {
		_, err := Open(t.Context(), ":memory:", &c)
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.NotContains(t, err.Error(), "DROP")
	}
	d := fresh(t)
	require.Equal(t, "1", one[string](t, d.Writer(), "PRAGMA synchronous"), "NORMAL")
	require.Equal(t, "5000", one[string](t, d.Reader(), "PRAGMA busy_timeout"))
}

func TestUnopenable(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	require.NoError(t, os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600))
	short := filepath.Join(dir, "short")
	require.NoError(t, os.WriteFile(short, []byte("hello"), 0o600))
	for name, path := range map[string]string{
		"missing directory": filepath.Join(dir, "no", "such", "a.db"),
		"directory":         dir,
		"file as directory": filepath.Join(text, "a.db"),
		"no database":       text,
		"too short":         short,
	} {
		t.Run(name, func(t *testing.T) {
			d, err := Open(t.Context(), path, nil)
			require.Nil(t, d)
			require.ErrorIs(t, err, schema.ErrUnavailable)
			require.ErrorContains(t, err, path)
			require.ErrorContains(t, err, "open")
		})
	}
	content, err := os.ReadFile(short)
	require.NoError(t, err)
	require.Equal(t, "hello", string(content), "somebody else's file is left alone")
	require.NoDirExists(t, filepath.Join(dir, "no"))
}

func TestOpenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	path := filepath.Join(t.TempDir(), "a.db")
	_, err := Open(ctx, path, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, schema.ErrUnavailable)
	require.NoFileExists(t, path)
}

func TestRefusedAddresses(t *testing.T) {
	for _, address := range []string{
		"", "postgres://u:s3cret@h/db", "sqlite://postgres://u:s3cret@h/db", "MYSQL://u:s3cret@h", "sqlite://a.db?key=s3cret", "sqlite://",
		"file:a.db?key=s3cret", "file:a.db#s3cret", "file://s3cret/a.db", "file:a%zzs3cret", "file:", "a\x00s3cret", "file:a%00s3cret",
	} {
		_, err := Open(t.Context(), address, nil)
		require.ErrorIs(t, err, schema.ErrInvalid, "%q", address)
		require.NotContains(t, err.Error(), "s3cret", "%q", address)
	}
	_, err := Open(t.Context(), "postgres://u:s3cret@h/db", nil)
	require.ErrorContains(t, err, `"postgres"`)
}

func TestPathsAreTakenLiterally(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space", "a?mode=memory", "50%", "%41", "a#b", "ünï☃.db", "a&b=c+d;e", "'q\"uote`", "c:d", "http:/x", "-dash", "a\\b", "new\nline",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			d, err := Open(t.Context(), path, nil)
			require.NoError(t, err)
			run(t, d, "CREATE TABLE t (a)", "INSERT INTO t VALUES (7)")
			require.Equal(t, 7, one[int](t, d.Reader(), "SELECT a FROM t"))
			require.NoError(t, d.Close())
			entries, err := os.ReadDir(filepath.Dir(path))
			require.NoError(t, err)
			require.Len(t, entries, 1)
			require.Equal(t, filepath.Base(path), entries[0].Name())
		})
	}
}

func TestAddressForms(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	run(t, open(t, "a b.db", nil), "CREATE TABLE t (a)")
	for _, address := range []string{
		"./a b.db", "sqlite://a b.db", "SQLite://" + dir + "/a b.db", "file:a%20b.db", "file:" + dir + "/a b.db", "file://" + dir + "/a%20b.db",
		"file://localhost" + dir + "/a b.db", "/" + dir + "/a b.db", dir + "/./x/../a b.db",
	} {
		d := open(t, address, nil)
		require.Equal(t, 1, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema"), address)
	}
	for _, address := range []string{"sqlite://:memory:", "file::memory:"} {
		d := open(t, address, nil)
		require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM sqlite_schema"), address)
	}
	require.NoFileExists(t, ":memory:")
	d := open(t, "sqlite:b.db", nil)
	run(t, d, "CREATE TABLE t (a)")
	require.FileExists(t, "sqlite:b.db", "without slashes it is a path")
}

func TestReadersFollowTheFileNotTheDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	d := open(t, "a.db", nil)
	run(t, d, "CREATE TABLE t (a)")
	t.Chdir(t.TempDir())
	require.Equal(t, 0, one[int](t, d.Reader(), "SELECT count(*) FROM t"))
}

func TestManyFirstOpens(t *testing.T) {
	for range 5 {
		path := filepath.Join(t.TempDir(), "a.db")
		const n = 24
		start, faults := make(chan struct{}), make(chan error, n)
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() {
				<-start
				faults <- func() error {
					d, err := Open(t.Context(), path, nil)
					if err != nil {
						return err
					}
					defer d.Close()
					_, err = d.Writer().Exec(t.Context(), fmt.Sprintf("CREATE TABLE t%d (a)", i))
					return err
				}()
			})
		}
		close(start)
		group.Wait()
		close(faults)
		for err := range faults {
			require.NoError(t, err)
		}
		require.Equal(t, n, one[int](t, open(t, path, nil).Reader(), "SELECT count(*) FROM sqlite_schema"))
	}
}

func TestOpenWhileAnotherWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	first := open(t, path, nil)
	tx, err := first.Begin(t.Context())
	require.NoError(t, err)
	second := open(t, path, nil)
	require.Equal(t, 0, one[int](t, second.Reader(), "SELECT count(*) FROM sqlite_schema"))
	require.Equal(t, "5000", one[string](t, second.Writer(), "PRAGMA busy_timeout"))
	require.NoError(t, tx.Rollback(t.Context()))
}

func TestClose(t *testing.T) {
	d, err := Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), nil)
	require.NoError(t, err)
	run(t, d, "CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2)")
	rows, err := d.Reader().Query(t.Context(), "SELECT a FROM t")
	require.NoError(t, err)
	require.True(t, rows.Next())
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.True(t, rows.Next(), "what runs keeps its connection")
	require.NoError(t, rows.Close())
	_, err = tx.Exec(t.Context(), "INSERT INTO t VALUES (3)")
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))
	_, err = d.Writer().Exec(t.Context(), "INSERT INTO t VALUES (3)")
	require.ErrorIs(t, d.Classify(err), schema.ErrUnavailable)
	require.ErrorIs(t, d.Locked(t.Context(), nil, nothing), schema.ErrUnavailable)
	_, err = d.Survey(t.Context(), nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
}
