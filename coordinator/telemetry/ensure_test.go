package telemetry_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/coordinator/telemetry"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/nodetest"
	"github.com/schemactor/schemactor/schema"
)

const (
	ensures  = "schemactor.ensure.duration"
	waits    = "schemactor.lock.wait.duration"
	tables   = "schemactor.tables"
	state    = "schemactor.table.state"
	backoffs = "schemactor.backoff"
)

// hold takes a table's lock as another program would, and gives what lets go of it.
func hold(t *testing.T, d dialect.Dialect, name string) (letGo func()) {
	held, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- d.Locked(context.WithoutCancel(t.Context()), []schema.Ref{{Name: name}}, func(context.Context, dialect.Tx) error {
			close(held)
			<-release
			return nil
		})
	}()
	select {
	case <-held:
	case err := <-done:
		require.NoError(t, err)
	}
	letGo = sync.OnceFunc(func() {
		close(release)
		require.NoError(t, <-done)
	})
	t.Cleanup(letGo)
	return letGo
}

// eventually waits for what must come.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, patience, 5*time.Millisecond, what)
}

// A hundred callers of a missing table are one attempt, one migration, and ninety-nine who were answered by it.
func TestHerd(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		node := people(t, r.c)
		notes := register[nodetest.Note, int64](t, r.c)
		require.NoError(t, notes.Create(t.Context(), &nodetest.Note{Title: "makes the ledger"}))
		require.Equal(t, 1, r.value(t, tables, state, "ready"))
		require.Equal(t, 1, r.value(t, tables, state, "unknown"))

		letGo := hold(t, db.open(t), "people")
		const callers = 100
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				if err := node.Create(t.Context(), somebody()); err != nil {
					t.Error(err)
				}
			})
		}
		eventually(t, "all wait", func() bool { return r.value(t, "schemactor.waiters") == callers })
		require.Equal(t, 1, r.value(t, tables, state, "ensuring"))
		letGo()
		all.Wait()

		require.Equal(t, callers, count(t, r.d, "SELECT count(*) FROM people"))
		require.Equal(t, 1, r.value(t, ensures, table, "people"))
		require.Equal(t, 1, r.value(t, ensures, table, "people", outcome, "changed"))
		require.Equal(t, callers-1, r.value(t, "schemactor.coalesced.calls", table, "people"))
		require.Equal(t, callers, r.value(t, "schemactor.cold.call.duration", table, "people"))
		require.Zero(t, r.value(t, "schemactor.warm.calls", table, "people"))
		require.Zero(t, r.value(t, "schemactor.waiters"))
		require.Equal(t, 2, r.value(t, tables, state, "ready"))
		history, err := r.c.History(t.Context(), "people")
		require.NoError(t, err)
		require.Len(t, history, r.value(t, "schemactor.migrations", table, "people"))
	})
}

// Who stands before a lock that another program holds is seen to, for as long as it stands there.
func TestLockWait(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		waiting := make(chan struct{}, 1000)
		r := observed(t, db, nil, &coordinator.Config{News: coordinator.NewsOff, Listener: &schema.Listener{
			LockWaiting: func(schema.Event) { waiting <- struct{}{} },
		}})
		node := people(t, r.c)
		notes := register[nodetest.Note, int64](t, r.c)
		require.NoError(t, notes.Create(t.Context(), &nodetest.Note{Title: "makes the ledger"}))

		letGo := hold(t, db.open(t), "people")
		done := make(chan error, 1)
		go func() { done <- node.Create(t.Context(), somebody()) }()
		<-waiting
		seen := time.Now()
		<-waiting // it has come back, and stands there again
		least := time.Since(seen)
		letGo()
		require.NoError(t, <-done)

		require.Equal(t, 1, r.value(t, waits, table, "people"))
		require.GreaterOrEqual(t, r.value(t, "schemactor.lock.conflicts", table, "people"), 2)
		require.Zero(t, r.value(t, "schemactor.lock.conflicts", table, "notes"))
		for _, s := range r.collect(t) {
			if s.name == waits && has(s.attrs, []string{table, "people"}) {
				require.GreaterOrEqual(t, s.sum, least.Seconds())
			}
			if s.name == ensures && has(s.attrs, []string{table, "people"}) {
				require.GreaterOrEqual(t, s.sum, least.Seconds())
			}
		}
	})
}

// Another coordinator makes the table while this one waits for it: there is no migration here.
func TestOthersMakeTheTable(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		at, goOn := make(chan struct{}), make(chan struct{})
		once := sync.OnceFunc(func() {
			close(at)
			<-goOn
		})
		other, err := coordinator.New(db.open(t), &coordinator.Config{News: coordinator.NewsOff, Listener: &schema.Listener{
			Entered: func(e schema.Event) {
				if e.Table.Name == "people" && e.Phase == schema.PhaseCommit {
					once()
				}
			},
		}})
		require.NoError(t, err)
		defer func() { require.NoError(t, other.Close(context.WithoutCancel(t.Context()))) }()
		theirs := people(t, other)
		made := make(chan error, 1)
		go func() { made <- theirs.Create(t.Context(), somebody()) }()
		<-at

		waiting := make(chan struct{}, 1000)
		r := observed(t, db, nil, &coordinator.Config{News: coordinator.NewsOff, Listener: &schema.Listener{
			LockWaiting: func(schema.Event) { waiting <- struct{}{} },
		}})
		ours := people(t, r.c)
		done := make(chan error, 1)
		go func() { done <- ours.Create(t.Context(), somebody()) }()
		<-waiting
		close(goOn)
		require.NoError(t, <-made)
		require.NoError(t, <-done)
		require.Equal(t, 2, count(t, r.d, "SELECT count(*) FROM people"))
		require.Equal(t, 1, r.value(t, ensures, table, "people", outcome, "found"))
		require.Zero(t, r.value(t, "schemactor.migrations"))
		require.Zero(t, r.value(t, "schemactor.ddl.duration"))
		require.Equal(t, 1, r.value(t, waits, table, "people"))
	})
}

// Each statement of DDL that the ledger knows is timed, and no other.
func TestDDL(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		people(t, r.c)
		people(t, r.c, schema.Named("members"))
		register[nodetest.Note, int64](t, r.c)
		require.NoError(t, r.c.EnsureAll(t.Context()))
		for _, name := range []string{"people", "members", "notes"} {
			history, err := r.c.History(t.Context(), name)
			require.NoError(t, err)
			statements := 0
			for _, revision := range history {
				statements += len(revision.Statements)
			}
			require.Positive(t, statements)
			require.Equal(t, statements, r.value(t, "schemactor.ddl.duration", table, name))
		}
	})
}

// A failure shows until when the database is left alone.
func TestBackoff(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, &coordinator.Config{
			News: coordinator.NewsOff, EnsureTimeout: 50 * time.Millisecond, BackoffMin: time.Hour, BackoffMax: time.Hour,
		})
		node := people(t, r.c)
		hold(t, db.open(t), "people")
		require.Error(t, node.Create(t.Context(), somebody()))
		require.Error(t, node.Create(t.Context(), somebody()), "by the first one's failure")
		require.Equal(t, 1, r.value(t, ensures, table, "people", outcome, "failed"))
		require.Equal(t, 1, r.value(t, tables, state, "failed"))
		require.Equal(t, 2, r.value(t, duration, table, "people", outcome, "error"))
		require.Equal(t, 2, r.value(t, "schemactor.cold.call.duration", table, "people"))
		left := r.value(t, backoffs, table, "people")
		require.Positive(t, left)
		require.LessOrEqual(t, left, 2*int(time.Hour.Seconds()))
	})
}

// A failure for good shows as such until it is mended.
func TestBlocked(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		r := observed(t, db, nil, nil)
		node := people(t, r.c)
		exec(t, r.d, "CREATE TABLE people (id INTEGER)")
		require.Error(t, node.Create(t.Context(), somebody()))
		require.Equal(t, 1, r.value(t, ensures, table, "people", outcome, "blocked", errorType, "schema_mismatch"))
		require.Equal(t, 1, r.value(t, duration, table, "people", errorType, "schema_mismatch"))
		require.Equal(t, 1, r.value(t, tables, state, "blocked"))
		require.Equal(t, -1, r.value(t, backoffs, table, "people"))

		exec(t, r.d, "DROP TABLE people")
		require.NoError(t, r.c.Ensure(t.Context(), "people"))
		require.Zero(t, r.value(t, backoffs))
		require.Equal(t, 1, r.value(t, tables, state, "ready"))
		require.Equal(t, 1, r.value(t, ensures, table, "people", outcome, "changed"))
	})
}

// Tables beyond the limit share one label, or none; spans know them all the same.
func TestManyTables(t *testing.T) {
	for name, c := range map[string]struct {
		most  int
		want  map[string]int
		spans []string
	}{
		"some":  {2, map[string]int{"people_a": 1, "people_b": 1, "_OTHER": 2}, []string{"create people_a", "create people_b", "create", "create"}},
		"none":  {-1, map[string]int{"": 4}, []string{"create", "create", "create", "create"}},
		"plain": {0, map[string]int{"people_a": 1, "people_b": 1, "people_c": 1, "people_d": 1}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := observed(t, sqliteDatabase(t), &telemetry.Config{MaxTables: c.most}, nil)
			var want []string
			for _, suffix := range []string{"a", "b", "c", "d"} {
				node := people(t, r.c, schema.Named("people_"+suffix))
				require.NoError(t, node.Create(t.Context(), somebody()))
				want = append(want, "people_"+suffix)
			}
			got := map[string]int{}
			for _, s := range r.collect(t) {
				if s.name == duration {
					name, _ := s.attrs.Value(table)
					got[name.AsString()] += int(s.value)
				}
			}
			require.Equal(t, c.want, got)
			var names, of []string
			for _, s := range r.spans.Ended() {
				if attrs(s)[operation] == "create" {
					names, of = append(names, s.Name()), append(of, attrs(s)[table])
				}
			}
			require.Equal(t, want, of)
			if c.spans != nil {
				require.Equal(t, c.spans, names)
			}
		})
	}
}

// A table's own namespace comes behind the database's.
func TestNamespaces(t *testing.T) {
	db := postgresDatabase(t)
	exec(t, db.open(t), "CREATE SCHEMA billing")
	for config, want := range map[string]string{"": "billing", "shop": "shop|billing"} {
		r := observed(t, db, &telemetry.Config{Namespace: config}, nil)
		node := people(t, r.c, schema.InNamespace("billing"))
		require.NoError(t, node.Create(t.Context(), somebody()))
		require.Equal(t, 1, r.value(t, duration, "db.namespace", want, table, "people"))
		spans := r.spans.Ended()
		require.Equal(t, want, attrs(spans[len(spans)-1])["db.namespace"])
	}
}
