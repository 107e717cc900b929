package coordinator_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// crowd is how many tables are made together, more than one transaction makes on PostgreSQL.
const crowd = 200

func crowdName(i int) string { return fmt.Sprintf("users_%03d", i) }

func registerCrowd(c *coordinator.Coordinator) error {
	for i := range crowd {
		if _, err := coordinator.Register[User, uuid.UUID](c, schema.Named(crowdName(i))); err != nil {
			return err
		}
	}
	return nil
}

// requireMadeOnce holds ledger, history and catalogue to each other: all tables of the crowd, or no more than there are.
func requireMadeOnce(t testing.TB, d dialect.Dialect, all bool) {
	refs := make([]schema.Ref, crowd)
	for i := range refs {
		refs[i] = schema.Ref{Name: crowdName(i)}
	}
	lives, err := d.Inspect(t.Context(), d.Reader(), refs...)
	require.NoError(t, err)
	seen, err := d.Survey(t.Context(), refs)
	require.NoError(t, err)
	for i, live := range lives {
		if live == nil {
			require.False(t, all, refs[i])
			require.Nil(t, seen.Sightings[i].Entry, refs[i])
			if seen.HasLedger {
				require.Zero(t, applied(t, d, refs[i].Name), refs[i])
			}
			continue
		}
		require.Equal(t, live.Hash, seen.Sightings[i].Entry.CatalogHash, refs[i])
		require.Len(t, live.Indexes, 1, refs[i])
		require.Equal(t, 1, applied(t, d, refs[i].Name), refs[i])
	}
}

// Missing tables are made many at a time, each once, and each with its own events and history.
func TestEnsureAllInFewTransactions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		w := &watched{Dialect: db.open(t)}
		var began, made, told atomic.Int64
		c := start(t, w, &coordinator.Config{Listener: &schema.Listener{
			Ensuring: func(schema.Event) { began.Add(1) },
			Applied: func(e schema.Event) {
				if strings.HasPrefix(e.Table.Name, "users_") {
					made.Add(1)
				}
			},
			Ready: func(e schema.Event) { told.Add(int64(e.Statements)) },
		}})
		require.NoError(t, registerCrowd(c))
		require.NoError(t, c.EnsureAll(t.Context()))
		require.NoError(t, c.Ready(t.Context()))
		each := 2
		if db.name == "mysql" {
			each = 1 // statement makes a table with its index, and a transaction holds no more than one of them
		} else {
			require.LessOrEqual(t, w.locks.Load(), int64(crowd/10))
		}
		requireMadeOnce(t, db.open(t), true)
		require.EqualValues(t, crowd, began.Load())
		require.EqualValues(t, each*crowd, made.Load())
		require.EqualValues(t, each*crowd, told.Load())
		for _, s := range c.Status() {
			require.EqualValues(t, 1, s.Attempts, s.Table)
			require.EqualValues(t, 1, s.Generation, s.Table)
		}
	})
}

// A table that cannot be made fails alone, whatever is wrong with it, and the others are made.
func TestBadTablesFailAlone(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		c := start(t, db.open(t), nil)
		require.NoError(t, registerCrowd(c))
		bad := []string{"bad_column", "bad_syntax"}
		for i, check := range []string{"nowhere > 0", "id > > 0"} {
			register[Country, int64](t, c, schema.Named(bad[i]), schema.WithCheck(check))
		}
		err := c.EnsureAll(t.Context())
		for _, name := range bad {
			require.ErrorContains(t, err, name)
			require.Equal(t, schema.StateBlocked, statusOf(t, c, name).State)
		}
		require.NotContains(t, err.Error(), "users_")
		var failed *schema.EnsureError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, schema.PhaseApply, failed.Phase)
		require.Contains(t, failed.Statement, failed.Table.Name)
		requireMadeOnce(t, db.open(t), true)
	})
}

// Programs that make the same tables at the same moment make each once, and none fails.
func TestProgramsRaceForManyTables(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		programs := make([]*coordinator.Coordinator, 3)
		for i := range programs {
			programs[i] = start(t, db.open(t), nil)
			require.NoError(t, registerCrowd(programs[i]))
		}
		errs := together(len(programs), func(i int) error { return programs[i].EnsureAll(t.Context()) })
		require.NoError(t, errors.Join(errs...))
		requireMadeOnce(t, db.open(t), true)
		for _, c := range programs {
			require.NoError(t, c.Ready(t.Context()))
		}
	})
}

// Foreign keys lead from one transaction into another, in chains and in circles.
func TestManyTablesWithForeignKeys(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		const chains, depth = 60, 3
		d := db.open(t)
		c := start(t, d, nil)
		key := func(to string) schema.TableOption {
			return schema.WithForeignKey(schema.ForeignKey{Columns: []string{"id"}, References: schema.Ref{Name: to}, RefColumns: []string{"id"}})
		}
		for i := range chains {
			for level := depth - 1; level >= 0; level-- {
				options := []schema.TableOption{schema.Named(fmt.Sprintf("t_%d_%d", level, i))}
				if level > 0 {
					options = append(options, key(fmt.Sprintf("t_%d_%d", level-1, (i+1)%chains)))
				}
				register[Country, int64](t, c, options...)
			}
			hen, egg := fmt.Sprintf("hen_%d", i), fmt.Sprintf("egg_%d", i)
			register[Country, int64](t, c, schema.Named(hen), key(egg))
			register[Country, int64](t, c, schema.Named(egg), key(hen))
		}
		require.NoError(t, c.EnsureAll(t.Context()))
		var refs []schema.Ref
		for _, s := range c.Status() {
			require.Equal(t, schema.StateReady, s.State, s.Table)
			require.Equal(t, 1, applied(t, d, s.Table.Name), s.Table)
			refs = append(refs, s.Table)
		}
		lives, err := d.Inspect(t.Context(), d.Reader(), refs...)
		require.NoError(t, err)
		keys := 0
		for _, live := range lives {
			keys += len(live.ForeignKeys)
		}
		require.Equal(t, chains*(depth-1)+2*chains, keys)
	})
}

// A caller that leaves in the middle of it gets its own error, and spoils nothing.
func TestEnsureAllOfManyIsLeft(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		ctx, cancel := context.WithCancel(t.Context())
		var applied atomic.Int64
		c := start(t, db.open(t), &coordinator.Config{Listener: &schema.Listener{Applied: func(schema.Event) {
			if applied.Add(1) == crowd/2 {
				cancel()
			}
		}}})
		require.NoError(t, registerCrowd(c))
		require.Equal(t, context.Canceled.Error(), c.EnsureAll(ctx).Error())
		require.NoError(t, c.EnsureAll(t.Context()))
		requireMadeOnce(t, db.open(t), true)
	})
}

// A program that is killed at any step of making many tables leaves each with its history or not at all, and the next
// program makes what is missing.
func TestKilledInsideABatch(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		for _, phase := range []schema.Phase{schema.PhaseApply, schema.PhaseVerify, schema.PhaseRecord, schema.PhaseCommit, schema.PhasePublish} {
			t.Run(string(phase), func(t *testing.T) {
				fresh := sqliteDatabase
				if db.name == "postgres" {
					fresh = postgresDatabase
				}
				db := fresh(t)
				p, err := launch(t, partBatch, db.address, programStop+"="+string(phase))
				require.NoError(t, err)
				said, err := p.hear()
				require.NoError(t, err)
				require.Equal(t, "inside", said)
				p.kill(t)
				d := db.open(t)
				if db.name == "postgres" { // the server may be busy with the last word of the killed program
					require.Eventually(t, func() bool {
						return count(t, d, "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "+
							"WHERE locktype = 'advisory' AND datname = current_database()") == 0
					}, time.Minute, time.Millisecond)
				}
				requireMadeOnce(t, d, false)
				c := start(t, d, nil)
				require.NoError(t, registerCrowd(c))
				require.NoError(t, c.EnsureAll(t.Context()))
				requireMadeOnce(t, d, true)
			})
		}
	})
}

// makeBatch makes the crowd, and stops for ever at the step that the environment names, once some tables have come to it.
func makeBatch(ctx context.Context, d dialect.Dialect) error {
	stop := schema.Phase(os.Getenv(programStop))
	var events atomic.Int64
	c, err := coordinator.New(d, &coordinator.Config{Listener: &schema.Listener{Entered: func(e schema.Event) {
		if e.Phase == stop && events.Add(1) == crowd/4 {
			fmt.Println("inside")
			select {}
		}
	}}})
	if err != nil {
		return err
	}
	return errors.Join(registerCrowd(c), c.EnsureAll(ctx), c.Close(ctx))
}
