//go:build unix

package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/internal/fleet"
)

var roles = map[string]fleet.Role{
	"echo":   echo,
	"deaf":   deaf,
	"faulty": func(context.Context, *fleet.Worker) error { return errors.New("it rains") },
	"panics": panics,
	"parent": parent,
	"talks":  talks,
}

func TestMain(m *testing.M) {
	if code, worker := fleet.Main(roles); worker {
		os.Exit(code)
	}
	goleak.VerifyTestMain(m)
}

type task struct{ Greeting, File string }

type line struct {
	Text string
	N    int
}

// echo answers each line with its task's greeting.
func echo(_ context.Context, w *fleet.Worker) error {
	var t task
	if err := w.Task(&t); err != nil {
		return err
	}
	return fleet.Obey(w, func(order line) (line, error) {
		if order.Text == "fail" {
			return line{}, errors.New("told to fail")
		}
		return line{Text: t.Greeting + " " + order.Text, N: order.N + 1}, nil
	})
}

// deaf hears nothing, and holds a lock on a file as long as it lives.
func deaf(ctx context.Context, w *fleet.Worker) error {
	var t task
	if err := w.Task(&t); err != nil {
		return err
	}
	if _, err := lockFile(t.File); err != nil {
		return err
	}
	if err := w.Say(line{Text: "locked", N: os.Getpid()}); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// panics has the runtime print every goroutine, as it does for its own faults.
func panics(context.Context, *fleet.Worker) error {
	debug.SetTraceback("all")
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() { select {} })
	}
	panic("the very reason")
}

// parent has a worker of its own, and waits to be killed.
func parent(ctx context.Context, w *fleet.Worker) error {
	var t task
	if err := w.Task(&t); err != nil {
		return err
	}
	child, err := fleet.Start(ctx, "deaf", t)
	if err != nil {
		return err
	}
	var said line
	if err := child.Hear(&said); err != nil {
		return err
	}
	if err := w.Say(said); err != nil {
		return err
	}
	<-ctx.Done()
	return child.End()
}

// talks says much, from many goroutines, until it is ended.
func talks(ctx context.Context, w *fleet.Worker) error {
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for ctx.Err() == nil {
				if w.Say(line{Text: strings.Repeat("x", 10_000), N: i}) != nil {
					return
				}
			}
		})
	}
	group.Wait()
	return nil
}

// lockFile waits for the lock of a file, which is held until the process ends or closes it.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return f, syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
}

func start(t *testing.T, role string, of task) *fleet.Process {
	p, err := fleet.Start(t.Context(), role, of)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Kill()) })
	return p
}

func TestParentAndWorkerTalk(t *testing.T) {
	p := start(t, "echo", task{Greeting: "hello"})
	for i := range 100 {
		var answer line
		require.NoError(t, p.Ask(line{Text: fmt.Sprintf("%d\n", i), N: i}, &answer))
		require.Equal(t, line{Text: fmt.Sprintf("hello %d\n", i), N: i + 1}, answer)
	}
	require.NoError(t, p.End())
	require.NoError(t, p.End(), "a second time is no harm")
}

func TestOrdersWaitUntilTheyAreHeard(t *testing.T) {
	p := start(t, "echo", task{})
	for i := range 50 {
		require.NoError(t, p.Say(line{N: i}))
	}
	for i := range 50 {
		var answer line
		require.NoError(t, p.Hear(&answer))
		require.Equal(t, i+1, answer.N)
	}
	require.NoError(t, p.End())
}

func TestSeveralMayTalkAtOnce(t *testing.T) {
	p := start(t, "talks", task{})
	seen := map[int]bool{}
	for len(seen) < 8 {
		var said line
		require.NoError(t, p.Hear(&said))
		require.Len(t, said.Text, 10_000)
		seen[said.N] = true
	}
	require.NoError(t, p.End(), "what nobody hears keeps no worker from its end")
}

func TestFailureOfARoleIsTold(t *testing.T) {
	require.ErrorContains(t, start(t, "faulty", task{}).End(), "it rains")
	require.ErrorContains(t, start(t, "unknown", task{}).End(), `no role "unknown"`)

	p := start(t, "echo", task{})
	var answer line
	err := p.Ask(line{Text: "fail"}, &answer)
	require.ErrorIs(t, err, io.EOF)
	require.ErrorContains(t, err, "told to fail")
	require.ErrorContains(t, p.End(), "exit status 1")
}

func TestAPanicIsToldByItsFirstLines(t *testing.T) {
	err := start(t, "panics", task{}).End()
	require.ErrorContains(t, err, "the very reason")
	require.ErrorContains(t, err, "…", "and not all of the goroutines")
	require.Less(t, len(err.Error()), 8<<10)
}

// A worker that hears nothing ends all the same, however much it was told.
func TestDeafWorkerNoticesTheEnd(t *testing.T) {
	p := start(t, "deaf", task{File: filepath.Join(t.TempDir(), "lock")})
	for i := range 1000 {
		require.NoError(t, p.Say(line{Text: strings.Repeat("x", 1000), N: i}))
	}
	require.NoError(t, p.End())
}

func TestKilledWorkerIsGone(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	p := start(t, "deaf", task{File: file})
	var said line
	require.NoError(t, p.Hear(&said))
	require.Equal(t, p.PID(), said.N)
	heard := make(chan error, 1)
	go func() { heard <- p.Hear(&said) }()
	require.NoError(t, p.Kill())
	require.ErrorIs(t, <-heard, io.EOF)
	require.ErrorIs(t, p.Hear(&said), io.EOF)
	require.NoError(t, p.Kill(), "a second time is no harm")
	require.Error(t, p.Say(said))
	require.ErrorContains(t, p.End(), "killed")
	requireFree(t, file)
}

// requireFree waits until nobody holds a file's lock.
func requireFree(t *testing.T, path string) {
	locked := make(chan error, 1)
	go func() {
		f, err := lockFile(path)
		locked <- errors.Join(err, f.Close())
	}()
	select {
	case err := <-locked:
		require.NoError(t, err)
	case <-time.After(time.Minute):
		require.FailNow(t, "the worker goes on")
	}
}

func TestWorkerEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p, err := fleet.Start(ctx, "echo", task{})
	require.NoError(t, err)
	cancel()
	var said line
	require.ErrorIs(t, p.Hear(&said), io.EOF)
	require.NoError(t, p.Kill())
}

func TestWorkerDiesWithItsParent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "lock")
	p := start(t, "parent", task{File: file})
	var said line
	require.NoError(t, p.Hear(&said))
	require.NotEqual(t, p.PID(), said.N)
	require.NoError(t, p.Kill())
	requireFree(t, file)
}

func TestFrozenWorkerSaysNothingUntilItIsThawed(t *testing.T) {
	p := start(t, "echo", task{Greeting: "hello"})
	var answer line
	require.NoError(t, p.Ask(line{}, &answer))
	require.NoError(t, p.Freeze())
	require.NoError(t, p.Say(line{Text: "again"}))
	heard := make(chan error, 1)
	go func() { heard <- p.Hear(&answer) }()
	select {
	case <-heard:
		require.FailNow(t, "it goes on")
	case <-time.After(100 * time.Millisecond):
	}
	require.NoError(t, p.Thaw())
	require.NoError(t, <-heard)
	require.Equal(t, "hello again", answer.Text)

	require.NoError(t, p.Freeze())
	require.NoError(t, p.Kill(), "a frozen one can be killed")
}

// An interrupt at the terminal goes to the parent's whole group.
func TestInterruptsStayWithTheParent(t *testing.T) {
	p := start(t, "echo", task{})
	group, err := syscall.Getpgid(p.PID())
	require.NoError(t, err)
	require.Equal(t, p.PID(), group)
	require.NotEqual(t, syscall.Getpgrp(), group)
}
