package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/schema"
)

// serverFunc is a Server.
type serverFunc func(ctx context.Context, message any) (any, error)

func (f serverFunc) Serve(ctx context.Context, message any) (any, error) { return f(ctx, message) }

const patience = 30 * time.Second

// spawned mounts a server in a system of its own.
func spawned(t *testing.T, server actors.Server, cfg actors.ServeConfig) (*actor.RootContext, *actor.PID) {
	system := quiet()
	t.Cleanup(func() { system.Shutdown() })
	return system.Root, system.Root.Spawn(actors.Serve(server, cfg))
}

// As many messages as may be are served at the same time, and no more.
func TestServesAtOnce(t *testing.T) {
	const most = 3
	begun, end := make(chan int, 10), make(chan struct{})
	root, pid := spawned(t, serverFunc(func(_ context.Context, message any) (any, error) {
		begun <- message.(int)
		<-end
		return message, nil
	}), actors.ServeConfig{Concurrency: most})
	var futures []*actor.Future
	for i := range 10 {
		futures = append(futures, root.RequestFuture(pid, i, patience))
	}
	for range most {
		<-begun
	}
	end <- struct{}{} // room for one more
	require.Equal(t, most, <-begun)
	require.Empty(t, begun)
	close(end)
	for i, future := range futures {
		got, err := actors.Reply[int](future.Result())
		require.NoError(t, err)
		require.Equal(t, i, got)
	}
}

// With one at a time, messages are served in the order in which they came.
func TestServesInOrder(t *testing.T) {
	var served []int
	root, pid := spawned(t, serverFunc(func(_ context.Context, message any) (any, error) {
		served = append(served, message.(int))
		return served, nil
	}), actors.ServeConfig{Concurrency: 1})
	for i := range 100 {
		root.Send(pid, i)
	}
	got, err := actors.Reply[[]int](root.RequestFuture(pid, 100, patience).Result())
	require.NoError(t, err)
	require.Len(t, got, 101)
	for i, message := range got {
		require.Equal(t, i, message)
	}
}

// An error, a panic and a reply of another type are the asker's, and the actor lives on.
func TestServeFails(t *testing.T) {
	refused := errors.New("refused")
	root, pid := spawned(t, serverFunc(func(_ context.Context, message any) (any, error) {
		switch message {
		case "error":
			return nil, refused
		case "panic":
			panic("secret of a row")
		case "nothing":
			return nil, nil
		}
		return "fine", nil
	}), actors.ServeConfig{})
	ask := func(message any) (string, error) {
		return actors.Reply[string](root.RequestFuture(pid, message, patience).Result())
	}
	for range 30 { // more than a supervisor would put up with
		_, err := ask("error")
		require.ErrorIs(t, err, refused)
		_, err = ask("panic")
		require.EqualError(t, err, "panic (string) in a server")
		_, err = ask("nothing")
		require.ErrorIs(t, err, schema.ErrInvalid)
		root.Send(pid, "panic")
		got, err := ask("fine")
		require.NoError(t, err)
		require.Equal(t, "fine", got)
	}
	_, err := actors.Reply[int](root.RequestFuture(pid, "fine", patience).Result())
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.EqualError(t, err, "reply: invalid input: it is a string, not a int")
}

// One message has so much time and no more.
func TestServeTimeout(t *testing.T) {
	root, pid := spawned(t, serverFunc(func(ctx context.Context, _ any) (any, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}), actors.ServeConfig{Timeout: time.Millisecond})
	_, err := actors.Reply[int](root.RequestFuture(pid, 1, patience).Result())
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// A poisoned actor serves what was sent before and then ends; a stopped one ends what it has begun.
func TestServeEnds(t *testing.T) {
	var mu sync.Mutex
	served := 0
	begun, end := make(chan struct{}, 100), make(chan struct{})
	server := serverFunc(func(context.Context, any) (any, error) {
		begun <- struct{}{}
		<-end
		mu.Lock()
		defer mu.Unlock()
		served++
		return served, nil
	})
	root, pid := spawned(t, server, actors.ServeConfig{Concurrency: 2})
	for i := range 50 {
		root.Send(pid, i)
	}
	poisoned := root.PoisonFuture(pid)
	close(end)
	require.NoError(t, poisoned.Wait())
	require.Equal(t, 50, served)

	end = make(chan struct{})
	served, begun = 0, make(chan struct{}, 100)
	pid = root.Spawn(actors.Serve(server, actors.ServeConfig{Concurrency: 2}))
	for i := range 2 {
		root.Send(pid, i)
		<-begun
	}
	stopped := root.StopFuture(pid)
	close(end)
	require.NoError(t, stopped.Wait())
	require.Equal(t, 2, served)
	_, err := actors.Reply[int](root.RequestFuture(pid, 1, patience).Result())
	require.ErrorIs(t, err, actor.ErrDeadLetter)
}

// Mounted under a parent, as any actor is.
func TestServeUnderAParent(t *testing.T) {
	props := actors.Serve(serverFunc(func(_ context.Context, message any) (any, error) {
		return fmt.Sprint("served ", message), nil
	}), actors.ServeConfig{})
	system := quiet()
	t.Cleanup(func() { system.Shutdown() })
	children := make(chan *actor.PID, 2)
	parent := system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
		if _, ok := c.Message().(*actor.Started); ok {
			children <- c.Spawn(props)
			children <- c.Spawn(props)
		}
	}))
	for range 2 {
		got, err := actors.Reply[string](system.Root.RequestFuture(<-children, 7, patience).Result())
		require.NoError(t, err)
		require.Equal(t, "served 7", got)
	}
	require.NoError(t, system.Root.StopFuture(parent).Wait())
}

// quiet is a program's own actor system that prints nothing and ends at once.
func quiet() *actor.ActorSystem {
	return actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
}
