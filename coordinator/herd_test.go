package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// herdSize is what the README promises.
const herdSize = 10_000

// A herd on missing tables: every row is stored, every table is made once, nobody sees an error.
func TestHerd(t *testing.T) {
	const tables = 20
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		herd := make([]*userNode, tables)
		for i := range herd {
			herd[i] = register[User, uuid.UUID](t, c, schema.Named(fmt.Sprintf("users_%02d", i)))
		}
		size := herdSize
		if testing.Short() {
			size /= 5
		}
		errs := together(size, func(i int) error {
			return herd[i%tables].Create(t.Context(), newUser())
		})
		require.NoError(t, errors.Join(errs...))

		stored, other := 0, db.open(t)
		for i := range tables {
			name := fmt.Sprintf("users_%02d", i)
			require.Equal(t, 1, applied(t, other, name), name)
			stored += rows(t, other, name)
		}
		require.Equal(t, size, stored)
		require.Equal(t, tables, count(t, other, "SELECT count(*) FROM "+dialect.RevisionsTable))
	})
}

// Several programs at once: each has its own coordinator, only the database joins them.
func TestHerdOfPrograms(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		const programs, goroutines = 8, 25
		herd := make([]*userNode, programs)
		for i := range herd {
			herd[i] = register[User, uuid.UUID](t, start(t, db.open(t), nil))
		}
		errs := together(programs*goroutines, func(i int) error {
			return herd[i%programs].Create(t.Context(), newUser())
		})
		require.NoError(t, errors.Join(errs...))
		other := db.open(t)
		require.Equal(t, 1, applied(t, other, "users"))
		require.Equal(t, programs*goroutines, rows(t, other, "users"))
	})
}

// A warm call sends no message and asks the database nothing but its own statement.
func TestWarmSendsNoMessage(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		w := &watched{Dialect: db.open(t)}
		c := start(t, w, nil)
		users := register[User, uuid.UUID](t, c)
		require.NoError(t, users.Create(t.Context(), newUser()))
		before := statusOf(t, c, "users")
		require.EqualValues(t, 1, before.Asks)
		require.EqualValues(t, 1, before.Attempts)
		surveys, locks, inspections, others := w.surveys.Load(), w.locks.Load(), w.inspections.Load(), w.others.Load()

		for range 100 {
			require.NoError(t, users.Create(t.Context(), newUser()))
		}
		require.Equal(t, before, statusOf(t, c, "users"))
		require.Equal(t, surveys, w.surveys.Load())
		require.Equal(t, locks, w.locks.Load())
		require.Equal(t, inspections, w.inspections.Load())
		require.Equal(t, others+100, w.others.Load(), "one statement for each create")
	})
}

// Of a thousand callers who wait for a table one loses patience: it leaves at once, the others get what they came for.
func TestOneCallerCancels(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		const callers = 1_000
		other := db.open(t)
		c := start(t, db.open(t), nil)
		users := register[User, uuid.UUID](t, c)

		// While somebody else holds the table's lock, nobody can be served.
		release, released := make(chan struct{}), make(chan error, 1)
		locked := make(chan struct{})
		go func() {
			released <- other.Locked(t.Context(), []schema.Ref{{Name: "users"}}, func(context.Context, dialect.Tx) error {
				close(locked)
				<-release
				return nil
			})
		}()
		<-locked

		impatient, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		var all sync.WaitGroup
		var served atomic.Int64
		for i := range callers {
			all.Go(func() {
				if i == 0 {
					left <- users.Create(impatient, newUser())
					return
				}
				if users.Create(t.Context(), newUser()) == nil {
					served.Add(1)
				}
			})
		}
		waitFor(t, func() bool { return statusOf(t, c, "users").Waiters == callers })
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		require.Zero(t, served.Load(), "the lock is still held: the caller left before the work was done")

		close(release)
		require.NoError(t, <-released)
		all.Wait()
		require.EqualValues(t, callers-1, served.Load())
		require.Equal(t, 1, applied(t, other, "users"))
		require.Equal(t, callers-1, rows(t, other, "users"))
		require.EqualValues(t, 1, statusOf(t, c, "users").Attempts)
	})
}

// A table dropped under load is made again; no caller sees an error.
func TestDropUnderLoad(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		other := db.open(t)
		var given atomic.Int64
		c := start(t, db.open(t), &coordinator.Config{Listener: &schema.Listener{
			Invalidated: func(schema.Event) { given.Add(1) },
		}})
		users := register[User, uuid.UUID](t, c)
		quarter, dropped := make(chan struct{}), make(chan error, 1)
		go func() {
			select {
			case <-quarter:
			case <-t.Context().Done():
				return
			}
			_, err := other.Writer().Exec(t.Context(), "DROP TABLE users")
			dropped <- err
		}()
		var acknowledged, afterwards atomic.Int64
		var gone atomic.Bool
		load := func(int) error {
			for afterwards.Load() < 400 {
				late := gone.Load()
				if err := users.Create(t.Context(), newUser()); err != nil {
					return err
				}
				if acknowledged.Add(1) == 100 {
					close(quarter)
				}
				if late {
					afterwards.Add(1)
				}
			}
			return nil
		}
		ended := make(chan []error, 1)
		go func() { ended <- together(8, load) }()
		select {
		case err := <-dropped:
			require.NoError(t, err)
		case errs := <-ended:
			require.NoError(t, errors.Join(errs...))
		}
		gone.Store(true)
		require.NoError(t, errors.Join(<-ended...))

		require.Equal(t, 2, applied(t, other, "users"))
		require.EqualValues(t, 1, given.Load(), "the memory is given up once, whoever noticed")
		require.GreaterOrEqual(t, int64(rows(t, other, "users")), afterwards.Load())
		require.EqualValues(t, 2, statusOf(t, c, "users").Generation)
	})
}

// together runs n calls that start at the same moment, and gives their errors.
func together(n int, call func(i int) error) []error {
	var all sync.WaitGroup
	errs, begin := make([]error, n), make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			errs[i] = call(i)
		})
	}
	close(begin)
	all.Wait()
	return errs
}
