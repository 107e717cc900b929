package actors

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/zap"

	"github.com/schemactor/schemactor/schema"
)

// Server answers messages: a nodes.Node does, and whatever else has this method. It is called by many goroutines at once.
type Server interface {
	// Serve does what a message asks for and gives the reply, never nil, or an error. A message that it does not know is
	// schema.ErrInvalid.
	Serve(ctx context.Context, message any) (reply any, err error)
}

// ServeConfig tunes an actor made by Serve. The zero value works.
type ServeConfig struct {
	// Concurrency is how many messages are served at the same time; 0 is 16. With 1 they are served one after the other, in
	// the order in which they came.
	Concurrency int
	// Timeout bounds the serving of one message, from its start; 0 is 1 minute. Then the reply is an error that matches
	// context.DeadlineExceeded. Senders should wait about as long: that one has stopped waiting does not reach the actor.
	Timeout time.Duration
	// Logger receives panics, and errors that nobody waits for; nil is no logging.
	Logger *zap.Logger
}

// Serve mounts a server, as a nodes.Node is that is not In a transaction, behind a PID of the caller's own actor system:
// spawn the props there, under any supervisor, and send requests. What answers is a message too: the server's reply, or the
// error, which Reply tells apart. Messages do not leave the process: they are Go values, owned by the actor until it has
// replied.
//
// The actor works on several messages at once, so that one slow statement does not stop the others, and replies in the
// order in which they end. A panic of the server becomes the error that answers its message, and is logged; the actor lives
// on. A stopped actor first ends what it has begun; a poisoned one also what was sent before. The same props may be spawned
// many times.
func Serve(server Server, cfg ServeConfig, opts ...actor.PropsOption) *actor.Props {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = 16
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Minute
	}
	if cfg.Logger == nil {
		cfg.Logger = zap.NewNop()
	}
	return actor.PropsFromProducer(func() actor.Actor {
		return &serving{server: server, config: cfg, turns: make(chan struct{}, cfg.Concurrency)}
	}, opts...)
}

// Reply takes apart what a future to an actor made by Serve gives: a reply of the wanted type, or the error of the future or
// of the server. A reply of another type, as to another request, is schema.ErrInvalid.
//
//	made, err := actors.Reply[nodes.RowReply[User]](root.RequestFuture(users, request, time.Second).Result())
func Reply[R any](reply any, err error) (R, error) {
	var none R
	if err != nil {
		return none, err
	}
	switch reply := reply.(type) {
	case R:
		return reply, nil
	case error:
		return none, reply
	}
	return none, schema.Invalid("reply", "", "", "it is a %T, not a %T", reply, none)
}

// serving is the actor that Serve makes.
type serving struct {
	server Server
	config ServeConfig
	turns  chan struct{}
	work   sync.WaitGroup
}

// Receive implements actor.Actor. It waits where as many messages are served as may be: each ends within the timeout.
func (a *serving) Receive(c actor.Context) {
	message := c.Message()
	switch message.(type) {
	case *actor.Stopping, *actor.Restarting:
		a.work.Wait()
		return
	case actor.SystemMessage, actor.AutoReceiveMessage, *actor.ReceiveTimeout:
		return
	}
	sender, root := c.Sender(), c.ActorSystem().Root
	a.turns <- struct{}{}
	a.work.Go(func() {
		defer func() { <-a.turns }()
		reply, err := a.serve(message)
		switch {
		case sender == nil && err != nil:
			a.config.Logger.Warn("a message that nobody waits for has failed",
				zap.String("message", fmt.Sprintf("%T", message)), zap.Error(err))
		case sender == nil:
		case err != nil:
			root.Send(sender, err)
		default:
			root.Send(sender, reply)
		}
	})
}

// serve has the server do one message's work.
func (a *serving) serve(message any) (reply any, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), a.config.Timeout)
	defer cancel()
	defer func() {
		if value := recover(); value != nil {
			reply, err = nil, caught(a.config.Logger, "a server", "", value)
		}
	}()
	reply, err = a.server.Serve(ctx, message)
	if reply == nil && err == nil { // an actor cannot be sent nothing
		err = schema.Invalid("serve", "", "", "there is no reply to a %T", message)
	}
	return reply, err
}
