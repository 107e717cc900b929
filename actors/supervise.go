package actors

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/zap"

	"github.com/schemactor/schemactor/schema"
)

// panicError is a panic turned into an error. It keeps the type of the value and not the value, which may hold rows.
type panicError struct {
	place string
	kind  string
}

func (e *panicError) Error() string { return "panic (" + e.kind + ") in " + e.place }

// caught turns what recover gave into an error and logs where it came from.
func (s *System) caught(place, table string, value any) error {
	return caught(s.config.Logger, place, table, value)
}

func caught(log *zap.Logger, place, table string, value any) error {
	err := &panicError{place: place, kind: fmt.Sprintf("%T", value)}
	log.Error("recovered from a panic", zap.String("table", table), zap.String("place", place),
		zap.String("type", err.kind), zap.ByteString("stack", debug.Stack()))
	return err
}

// tell runs a callback of the Listener. A callback that panics must not take the attempt with it.
func (s *System) tell(callback func(schema.Event), e schema.Event) {
	if callback == nil {
		return
	}
	defer func() {
		if value := recover(); value != nil {
			_ = s.caught("a listener", e.Table.String(), value)
		}
	}()
	callback(e)
}

// supervision is what happens to an actor whose Receive panics, and for one without a parent it is the guardian's that
// counts. Receive recovers by itself, so that this is only a second net: the actor goes on with the state it has. The
// default gives up after ten failures. One of them has one guardian, whoever is spawned under it.
func supervision() actor.SupervisorStrategy {
	return actor.NewOneForOneStrategy(0, 0, func(any) actor.Directive { return actor.ResumeDirective })
}

// spawn starts an actor. The caller holds s.mu and has counted the actor as work.
func (s *System) spawn(a actor.Actor) *actor.PID {
	return s.actors.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return a }, actor.WithGuardian(s.supervision)))
}
