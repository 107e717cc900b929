package actors

import (
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/schemactor/schemactor/schema"
)

func TestAddKnowsTablesAsTheDatabaseDoes(t *testing.T) {
	long := strings.Repeat("long", 20)
	onEach(t, func(t *testing.T, db database) {
		s := start(t, db.open(t), Config{})
		first := add(t, s, accounts(t))
		_, err := s.Add(model[author](t, named("accounts")))
		require.ErrorIs(t, err, schema.ErrRegistered)
		require.ErrorContains(t, err, "accounts")
		_, err = s.Add(accounts(t, named("schemactor_tables"), schema.Reserved()))
		require.ErrorIs(t, err, schema.ErrInvalid)

		second := add(t, s, accounts(t, named("%s", long)))
		stored := s.fit(schema.Ref{Name: long})
		found, ok := s.Table(stored)
		require.True(t, ok)
		require.Same(t, second, found)
		_, ok = s.Table(schema.Ref{Name: "unknown"})
		require.False(t, ok)
		require.Equal(t, []*Table{first, second}, s.Tables())
		ready(t, second)
		found, ok = s.Table(schema.Ref{Name: long})
		require.True(t, ok)
		require.Same(t, second, found)

		_, err = s.Add(accounts(t, named("ACCOUNTS")))
		if db.name == "sqlite" {
			require.ErrorIs(t, err, schema.ErrRegistered, "SQLite does not tell the two apart")
		} else {
			require.NoError(t, err)
		}
		_, err = s.Add(accounts(t, schema.InNamespace("billing")))
		if db.name != "postgres" {
			require.ErrorIs(t, err, schema.ErrInvalid)
			require.ErrorContains(t, err, "billing")
			return
		}
		require.NoError(t, err)
		for _, err := range herd(3, func(i int) error { return s.Tables()[i+1].Ensure(t.Context()) }) {
			require.NoError(t, err)
		}
	})
}

func TestProtoActorLogsThroughZapWithoutValues(t *testing.T) {
	core, logs := observer.New(zapcore.DebugLevel)
	s := start(t, onSQLite(t).open(t), Config{Logger: zap.New(core)})
	require.NotZero(t, logs.FilterMessage("actor system started").Len())
	pid := actor.NewPID(s.actors.Address(), "nobody")
	s.actors.Root.Send(pid, &ask{})
	require.Zero(t, logs.FilterMessage("[DeadLetter]").Len(), "our own messages are not printed at all")
	s.actors.Root.Send(pid, "alice@example.org")
	lost := logs.FilterMessage("[DeadLetter]").All()
	require.Len(t, lost, 1)
	require.Equal(t, "protoactor", lost[0].LoggerName)
	require.Equal(t, "string", lost[0].ContextMap()["message"])
}

// crasher panics outside of what Receive recovers from.
type crasher struct{ calls chan string }

func (c *crasher) Receive(ctx actor.Context) {
	switch m := ctx.Message().(type) {
	case string:
		c.calls <- m
		panic(m)
	case *actor.Stopped:
		c.calls <- "stopped"
	}
}

func TestSupervisionNeverGivesUpAnActor(t *testing.T) {
	s := start(t, onSQLite(t).open(t), Config{})
	c := &crasher{calls: make(chan string, 1)}
	pid := s.spawn(c)
	for range 50 {
		s.actors.Root.Send(pid, "again")
		require.Equal(t, "again", <-c.calls)
	}
	s.actors.Root.Poison(pid)
	require.Equal(t, "stopped", <-c.calls)
}
