package actors

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

type author struct {
	ID   int64  `db:"id"   schema:"pk"`
	Name string `db:"name"`
}

type book struct {
	ID       int64 `db:"id"        schema:"pk"`
	AuthorID int64 `db:"author_id" schema:"references=authors.id"`
	SequelOf *int  `db:"sequel_of" schema:"references=books.id"`
}

type chicken struct {
	ID    int64  `db:"id"     schema:"pk"`
	EggID *int64 `db:"egg_id" schema:"references=eggs.id"`
}

type egg struct {
	ID        int64  `db:"id"         schema:"pk"`
	ChickenID *int64 `db:"chicken_id" schema:"references=chickens.id"`
	NestID    *int64 `db:"nest_id"    schema:"references=nests.id"`
}

type nest struct {
	ID int64 `db:"id" schema:"pk"`
}

func TestDependenciesComeFirst(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := db.open(t)
		s := start(t, d, Config{})
		child, parent := add(t, s, model[book](t)), add(t, s, model[author](t))
		for _, err := range herd(100, func(i int) error {
			_, err := []*Table{child, parent}[i%2].Ready(t.Context())
			return err
		}) {
			require.NoError(t, err)
		}
		once(t, d, parent.Model().Ref())
		once(t, d, child.Model().Ref())
		_, err := d.Writer().Exec(t.Context(), "INSERT INTO books (id, author_id) VALUES (1, 7)")
		require.ErrorIs(t, d.Classify(err), schema.ErrForeignKey)
	})
}

func TestCircleOfTablesIsOneGroup(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := &hooked{Dialect: db.open(t)}
		s := start(t, d, Config{})
		hen, ovum, home := add(t, s, model[chicken](t)), add(t, s, model[egg](t)), add(t, s, model[nest](t))
		ready(t, hen)
		require.NotNil(t, home.Peek(), "what the group needs was made ready first")
		locks := d.locks.Load()
		ready(t, ovum)
		require.Equal(t, locks, d.locks.Load(), "it was made with the other one, and that is known")
		for _, handle := range s.Tables() {
			once(t, d, handle.Model().Ref())
		}
		exec(t, d, "INSERT INTO chickens (id) VALUES (1)", "INSERT INTO eggs (id, chicken_id) VALUES (1, 1)",
			"UPDATE chickens SET egg_id = 1")
		second := start(t, d, Config{})
		for _, handle := range s.Tables() {
			ready(t, add(t, second, handle.Model()))
		}
		require.Equal(t, locks, d.locks.Load(), "the hash recorded covers the late foreign keys")
	})
}

func TestCircleAskedFromBothSides(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := db.open(t)
		s := start(t, d, Config{})
		tables := []*Table{add(t, s, model[chicken](t)), add(t, s, model[egg](t)), add(t, s, model[nest](t))}
		for _, err := range herd(300, func(i int) error { _, err := tables[i%3].Ready(t.Context()); return err }) {
			require.NoError(t, err)
		}
		for _, handle := range tables {
			once(t, d, handle.Model().Ref())
		}
	})
}

func TestTwoSystemsRaceAndEachTableIsMadeOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		const systems, tables = 2, 20
		var handles [systems][tables]*Table
		for i := range systems {
			s := start(t, db.open(t), Config{})
			for j := range tables {
				handles[i][j] = add(t, s, accounts(t, named("race_%d", j)))
			}
		}
		for _, err := range herd(systems*tables*10, func(i int) error {
			_, err := handles[i%systems][i/systems%tables].Ready(t.Context())
			return err
		}) {
			require.NoError(t, err)
		}
		d := db.open(t)
		for j := range tables {
			once(t, d, handles[0][j].Model().Ref())
			require.Equal(t, handles[0][j].Peek().CatalogHash, handles[1][j].Peek().CatalogHash)
		}
	})
}

func TestMatchingTableIsAdopted(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := &hooked{Dialect: db.open(t)}
		ready(t, add(t, start(t, d, Config{}), accounts(t)))
		exec(t, d, "DELETE FROM schemactor_tables", "DELETE FROM schemactor_revisions")

		var events record
		handle := add(t, start(t, d, Config{Listener: events.listener()}), accounts(t))
		require.EqualValues(t, 1, ready(t, handle).Generation)
		revisions := history(t, d, handle.Model().Ref())
		require.Len(t, revisions, 1)
		require.Equal(t, schema.RevisionAdopted, revisions[0].State)
		require.Empty(t, revisions[0].Statements)
		require.Equal(t, []string{"ensuring", "ready"}, events.kinds())
		require.Zero(t, events.first("ready").Statements)

		locks := d.locks.Load()
		ready(t, add(t, start(t, d, Config{}), accounts(t)))
		require.Equal(t, locks, d.locks.Load(), "from now on it is known")
	})
}

func TestHarmlessDifferenceIsTakenNoteOf(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := &hooked{Dialect: db.open(t)}
		before := ready(t, add(t, start(t, d, Config{}), accounts(t)))
		exec(t, d, "CREATE INDEX by_hand ON accounts (email, age)")
		handle := add(t, start(t, d, Config{}), accounts(t))
		after := ready(t, handle)
		require.Equal(t, before.Generation, after.Generation)
		require.NotEqual(t, before.CatalogHash, after.CatalogHash)
		once(t, d, handle.Model().Ref())
		locks := d.locks.Load()
		ready(t, add(t, start(t, d, Config{}), accounts(t)))
		require.Equal(t, locks, d.locks.Load())
	})
}

func TestMismatchNamesEachDifferenceAndBlocks(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := &hooked{Dialect: db.open(t)}
		exec(t, d, "CREATE TABLE accounts (id bigint PRIMARY KEY, extra int NOT NULL)")
		handle := add(t, start(t, d, Config{}), accounts(t))
		errs := herd(100, func(int) error { _, err := handle.Ready(t.Context()); return err })
		var failed *schema.EnsureError
		require.ErrorAs(t, errs[0], &failed)
		require.ErrorIs(t, failed, schema.ErrSchemaMismatch)
		require.Equal(t, schema.PhasePlan, failed.Phase)
		require.False(t, failed.Retryable)
		for _, object := range []string{"email", "age", "extra"} {
			require.ErrorContains(t, failed, object)
		}
		for _, c := range failed.Changes {
			require.True(t, c.Blocking())
		}
		require.Equal(t, schema.StateBlocked, handle.Status().State)
		require.EqualValues(t, 1, d.locks.Load())
		require.Empty(t, history(t, d, handle.Model().Ref()))

		exec(t, d, "DROP TABLE accounts")
		_, err := handle.Ready(t.Context())
		require.Same(t, failed, err, "it stays until somebody says that it was repaired")
		require.NoError(t, handle.Ensure(t.Context()))
		once(t, d, handle.Model().Ref())
	})
}

func TestMismatchOfAnotherInTheGroupIsItsOwn(t *testing.T) {
	d := onSQLite(t).open(t)
	exec(t, d, "CREATE TABLE eggs (id INTEGER PRIMARY KEY, stray INTEGER NOT NULL) STRICT")
	s := start(t, d, Config{})
	hen, ovum := add(t, s, model[chicken](t)), add(t, s, model[egg](t))
	add(t, s, model[nest](t))
	ready(t, hen)
	_, err := ovum.Ready(t.Context())
	require.ErrorIs(t, err, schema.ErrSchemaMismatch)
	require.Empty(t, history(t, d, ovum.Model().Ref()))
}

func TestUnregisteredDependencyIsLeftToTheDatabase(t *testing.T) {
	d := onPostgres(t).open(t)
	s := start(t, d, Config{})
	child := add(t, s, model[book](t))
	_, err := child.Ready(t.Context())
	var failed *schema.EnsureError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, schema.PhaseApply, failed.Phase)
	require.Contains(t, failed.Statement, "authors")
	require.Equal(t, schema.StateBlocked, child.Status().State)
	add(t, s, model[nest](t))
	_, err = child.Ready(t.Context())
	require.Same(t, failed, err, "a registration that has nothing to do with it changes nothing")
	add(t, s, model[author](t))
	ready(t, child)
	once(t, d, child.Model().Ref())
}

func TestWaitsForAnotherProcessWithoutAConnection(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d, other := db.open(t), db.open(t)
		waiting := make(chan schema.Event, 1)
		s := start(t, d, Config{Listener: &schema.Listener{LockWaiting: func(e schema.Event) {
			select {
			case waiting <- e:
			default:
			}
		}}})
		ready(t, add(t, s, accounts(t, named("made_before"))))
		handle := add(t, s, accounts(t))
		held, free := make(chan struct{}), make(chan struct{})
		released := make(chan error, 1)
		go func() {
			released <- other.Locked(context.Background(), []schema.Ref{handle.ref}, func(context.Context, dialect.Tx) error {
				close(held)
				<-free
				return nil
			})
		}()
		<-held
		answered := make(chan error, 1)
		go func() { _, err := handle.Ready(t.Context()); answered <- err }()
		event := <-waiting
		require.Equal(t, handle.Model().Ref(), event.Table)
		require.Equal(t, schema.PhaseLock, event.Phase)
		require.Equal(t, schema.StateEnsuring, handle.Status().State)
		close(free)
		require.NoError(t, <-released)
		require.NoError(t, <-answered)
		once(t, d, handle.Model().Ref())
	})
}

func TestWaitingEndsWithTheAttempt(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	s := start(t, db, Config{EnsureTimeout: time.Second})
	handle := add(t, s, accounts(t))
	db.hook(func(h *hooked) {
		h.onLocked = func(context.Context, []schema.Ref) error { return &schema.Error{Kind: schema.ErrLockTimeout} }
	})
	_, err := handle.Ready(t.Context())
	var failed *schema.EnsureError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, schema.PhaseLock, failed.Phase)
	require.ErrorIs(t, err, schema.ErrLockTimeout)
	require.True(t, failed.Retryable)
	require.Greater(t, db.locks.Load(), int64(1))
}

func TestWhoeverHeldTheLockHasMadeTheTable(t *testing.T) {
	db := onSQLite(t)
	d := &hooked{Dialect: db.open(t)}
	handle := add(t, start(t, d, Config{}), accounts(t))
	twin := add(t, start(t, db.open(t), Config{}), accounts(t))
	d.hook(func(h *hooked) {
		h.onLocked = func(ctx context.Context, _ []schema.Ref) error {
			if _, err := twin.Ready(ctx); err != nil {
				return err
			}
			return &schema.Error{Kind: schema.ErrLockTimeout}
		}
	})
	ready(t, handle)
	require.EqualValues(t, 1, d.locks.Load(), "seen in the next read, without the lock")
	once(t, d, handle.Model().Ref())
}

func TestRacesAreBounded(t *testing.T) {
	db := &hooked{Dialect: onSQLite(t).open(t)}
	handle := add(t, start(t, db, Config{}), accounts(t))
	db.hook(func(h *hooked) {
		h.onWork = func(context.Context) error { return &schema.Error{Kind: schema.ErrRaced} }
	})
	_, err := handle.Ready(t.Context())
	require.ErrorIs(t, err, schema.ErrRaced)
	require.EqualValues(t, raceLimit, db.locks.Load())
	require.Equal(t, schema.StateFailed, handle.Status().State)
}

func TestDroppedLedgerIsMadeAgain(t *testing.T) {
	onEach(t, func(t *testing.T, db database) {
		d := db.open(t)
		s := start(t, d, Config{})
		one, other := add(t, s, accounts(t, named("one"))), add(t, s, accounts(t, named("other")))
		ready(t, one)
		exec(t, d, "DROP TABLE schemactor_tables", "DROP TABLE schemactor_revisions")
		ready(t, other)
		once(t, d, other.Model().Ref())
	})
}
