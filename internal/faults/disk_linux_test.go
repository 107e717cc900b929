package faults_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/internal/faults"
	"github.com/schemactor/schemactor/internal/fleet"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// diskRow has a body that fills files.
type diskRow struct {
	ID   int64  `db:"id"   schema:"pk"`
	Body string `db:"body" schema:"check=length(body) > 0"`
}

const (
	diskBody  = 2_000 // bytes of a row
	diskRoom  = 64 << 10
	diskFirst = "before"
	diskLater = "later"
)

// diskOrder asks for rows in a table, from a key on. Patient ones are tried until they are stored.
type diskOrder struct {
	Table       string
	First, Rows int64
	Patient     bool
}

// diskAnswer tells the keys that were acknowledged, how many errors there were, and those that were not as promised.
type diskAnswer struct {
	Stored []int64
	Errors int
	Wrong  []string
}

func diskRoles() map[string]fleet.Role {
	return map[string]fleet.Role{"disk": diskWriter, "stranger": diskStranger}
}

// diskWriter writes to a file for as long as it is asked to, whatever becomes of its disk.
func diskWriter(ctx context.Context, w *fleet.Worker) error {
	signal.Ignore(syscall.SIGXFSZ)
	var address string
	if err := w.Task(&address); err != nil {
		return err
	}
	d, err := openAt(ctx, address)
	if err != nil {
		return err
	}
	c, err := coordinator.New(d, &coordinator.Config{BackoffMin: time.Millisecond, BackoffMax: 10 * time.Millisecond})
	if err != nil {
		return err
	}
	tables := map[string]*nodes.Node[diskRow, int64]{}
	for _, name := range []string{diskFirst, diskLater} {
		if tables[name], err = coordinator.Register[diskRow, int64](c, schema.Named(name)); err != nil {
			return err
		}
	}
	err = fleet.Obey(w, func(o diskOrder) (diskAnswer, error) {
		var a diskAnswer
		for id := o.First; id < o.First+o.Rows; id++ {
			for {
				err := tables[o.Table].Create(ctx, &diskRow{ID: id, Body: strings.Repeat("x", diskBody)})
				if err == nil {
					a.Stored = append(a.Stored, id)
					break
				}
				a.Errors++
				if !schema.Transient(err) && !errors.Is(err, schema.ErrPermission) {
					a.Wrong = append(a.Wrong, err.Error())
				}
				if !o.Patient || ctx.Err() != nil {
					break
				}
			}
		}
		return a, nil
	})
	return errors.Join(err, c.Close(context.WithoutCancel(ctx)), d.Close())
}

// A disk that is full fails what is written to it, and nothing else: no row that was acknowledged is lost, no table is half
// made, and once there is room the same program goes on.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "full.db")
	p, err := fleet.Start(t.Context(), "disk", path)
	require.NoError(t, err)
	defer func() { _ = p.Kill() }()
	ask := func(o diskOrder) (a diskAnswer) {
		require.NoError(t, p.Ask(o, &a))
		require.Empty(t, a.Wrong)
		return a
	}
	stored := map[string][]int64{}
	note := func(table string, a diskAnswer) { stored[table] = append(stored[table], a.Stored...) }

	a := ask(diskOrder{Table: diskFirst, First: 0, Rows: 20})
	require.Zero(t, a.Errors)
	note(diskFirst, a)

	var largest int64
	for _, file := range []string{path, path + "-wal"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		largest = max(largest, info.Size())
	}
	require.NoError(t, faults.LimitFileSize(p.PID(), uint64(largest)+diskRoom))
	a = ask(diskOrder{Table: diskFirst, First: 100, Rows: 200})
	require.Positive(t, a.Errors, "the disk is full")
	require.NotEmpty(t, a.Stored, "and was not before")
	full := a
	note(diskFirst, a)
	a = ask(diskOrder{Table: diskLater, First: 0, Rows: 5})
	require.Equal(t, 5, a.Errors, "a table that cannot be made")

	require.NoError(t, faults.LimitFileSize(p.PID(), faults.Unlimited))
	for _, table := range []string{diskFirst, diskLater} {
		a := ask(diskOrder{Table: table, First: 1000, Rows: 20, Patient: true})
		require.Len(t, a.Stored, 20, table)
		note(table, a)
	}
	require.NoError(t, p.End())
	t.Logf("%d rows before the disk was full, %d errors, all of them typed; %d rows in all", len(full.Stored), full.Errors+5,
		len(stored[diskFirst])+len(stored[diskLater]))
	diskVerdict(t, path, stored)
}

// diskVerdict has the file checked, SQLite's own checks of it included.
func diskVerdict(t *testing.T, path string, stored map[string][]int64) {
	var tables []checker.Table
	for name, keys := range stored {
		model, err := schema.TableOf[diskRow](schema.Named(name))
		require.NoError(t, err)
		tables = append(tables, checker.Table{Model: model, Applied: 1, Keys: keys})
	}
	verdict, err := checker.Check(t.Context(), open(t, path), tables)
	require.NoError(t, err)
	require.NoError(t, verdict.Err())
}

// diskStranger opens a file as somebody who is not root, and stores a row in it.
func diskStranger(ctx context.Context, w *fleet.Worker) error {
	var address string
	if err := w.Task(&address); err != nil {
		return err
	}
	if os.Geteuid() == 0 {
		if err := syscall.Setuid(65534); err != nil {
			return err
		}
	}
	var a diskAnswer
	d, err := openAt(ctx, address)
	if err == nil {
		var c *coordinator.Coordinator
		if c, err = coordinator.New(d, nil); err != nil {
			return err
		}
		var table *nodes.Node[diskRow, int64]
		if table, err = coordinator.Register[diskRow, int64](c, schema.Named(diskFirst)); err != nil {
			return err
		}
		if err = table.Create(ctx, &diskRow{ID: 7, Body: "x"}); err == nil {
			a.Stored = []int64{7}
		}
		if err := errors.Join(c.Close(ctx), d.Close()); err != nil {
			return err
		}
	}
	if err != nil {
		a.Errors = 1
		if !errors.Is(err, schema.ErrPermission) && !errors.Is(err, schema.ErrUnavailable) || !strings.Contains(err.Error(), address) {
			a.Wrong = append(a.Wrong, fmt.Sprint("not typed, or without the file: ", err))
		}
	}
	return w.Say(a)
}

// A file that has become read-only is named in a typed error, and nothing happens to it; made writable it is used again.
func TestReadOnlyFile(t *testing.T) {
	folder := t.TempDir()
	for up := folder; up != os.TempDir() && up != "/"; up = filepath.Dir(up) {
		require.NoError(t, os.Chmod(up, 0o755))
	}
	path := filepath.Join(folder, "fixed.db")
	c := start(t, open(t, path), nil)
	require.NoError(t, register[diskRow, int64](t, c, schema.Named(diskFirst)).Create(t.Context(), &diskRow{ID: 1, Body: "x"}))
	modes := func(folderMode, fileMode os.FileMode) {
		files, err := filepath.Glob(path + "*")
		require.NoError(t, err)
		for _, file := range files {
			require.NoError(t, os.Chmod(file, fileMode))
		}
		require.NoError(t, os.Chmod(folder, folderMode))
	}
	visit := func() (a diskAnswer) {
		p, err := fleet.Start(t.Context(), "stranger", path)
		require.NoError(t, err)
		require.NoError(t, p.Hear(&a))
		require.NoError(t, p.End())
		require.Empty(t, a.Wrong)
		return a
	}
	modes(0o555, 0o444)
	defer modes(0o755, 0o644)
	require.Equal(t, 1, visit().Errors)
	modes(0o777, 0o666)
	require.Equal(t, []int64{7}, visit().Stored)
	diskVerdict(t, path, map[string][]int64{diskFirst: {1, 7}})
}
