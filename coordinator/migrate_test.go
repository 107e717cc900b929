package coordinator_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/schema"
)

// A plan changes nothing, neither before there is a ledger nor afterwards.
func TestPlanWritesNothing(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c, node := items[Item](t, d, nil)
		empty := footprint(t, d)
		plan := planFor(t, c, "items")
		require.NotEmpty(t, plan.Statements)
		require.Empty(t, plan.Base, "the table is not there")
		require.Equal(t, empty, footprint(t, d), "no ledger either")
		require.EqualValues(t, 0, statusOf(t, c, "items").Attempts)

		require.NoError(t, node.Create(t.Context(), &Item{ID: 1, Name: "one"}))
		require.True(t, planFor(t, c, "items").Empty())
		more, _ := items[ItemMore](t, d, nil)
		before := footprint(t, d)
		first, err := more.Plan(t.Context())
		require.NoError(t, err, "every table")
		require.Len(t, first, 1)
		require.NotEmpty(t, first[0].Statements)
		require.Equal(t, first[0], planFor(t, more, "items"), "the same again")
		require.Equal(t, before, footprint(t, d))

		_, err = more.Plan(t.Context(), "itmes")
		require.ErrorIs(t, err, schema.ErrInvalid)
		require.ErrorContains(t, err, "itmes")
	})
}

// reader makes a role that may read all there is, and nothing else; with temp it may make temporary tables.
func reader(t testing.TB, db database, temp bool) dialect.Dialect {
	address := postgrestest.Role(t, db.address)
	u, err := url.Parse(address)
	require.NoError(t, err)
	owner := db.open(t)
	role := owner.Quote(u.User.Username())
	exec(t, owner, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
	if !temp {
		exec(t, owner, "REVOKE TEMPORARY ON DATABASE "+owner.Quote(u.Path[1:])+" FROM PUBLIC")
	}
	return openPostgres(t, address)
}

// A role that may only read can plan, and what it sees is what an owner would do.
func TestPlanUnderReadOnlyRole(t *testing.T) {
	db := postgresDatabase(t)
	d := db.open(t)
	stocked(t, d, 2)
	owner, _ := items[ItemMore](t, d, nil)
	want := planFor(t, owner, "items")
	before := footprint(t, d)
	// The second takes the right away from everybody, and so comes second.
	for _, temp := range []bool{true, false} {
		t.Run(fmt.Sprintf("temporary tables %t", temp), func(t *testing.T) {
			c, _ := items[ItemMore](t, reader(t, db, temp), nil)
			plan := planFor(t, c, "items")
			require.Equal(t, want.Base, plan.Base)
			require.Len(t, plan.Blocking(), len(want.Blocking()), plan.String())
			if temp {
				require.Equal(t, want, plan)
			} else {
				require.NotEmpty(t, plan.Notes, "it says that the comparison is limited")
			}
			require.Error(t, c.Migrate(t.Context(), []*schema.Plan{plan}, schema.Policy{}))
		})
	}
	require.Equal(t, before, footprint(t, d))
}

// What people have seen is what is done, also when the plan went through JSON in between.
func TestPlanIsWhatIsApplied(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 3)
		policy := allow(schema.HazardSetNotNull, "items", "")
		c, node := items[itemNoteNeeded](t, d, nil)
		text, err := json.Marshal(planFor(t, c, "items"))
		require.NoError(t, err)
		plan := &schema.Plan{}
		require.NoError(t, json.Unmarshal(text, plan))
		require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{plan}, policy))

		var seen []string
		for _, s := range plan.Statements {
			if s.Refuse == "" {
				seen = append(seen, s.SQL)
			}
		}
		revision := last(t, d, "items")
		require.Equal(t, schema.RevisionApplied, revision.State)
		require.Equal(t, seen, revision.Statements)
		require.Equal(t, "set-not-null(note): "+reason, revision.Reason)
		require.True(t, planFor(t, c, "items").Empty())
		got, err := node.Get(t.Context(), 2)
		require.NoError(t, err)
		require.Equal(t, "note 2", got.Note)
		require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{planFor(t, c, "items")}, schema.Policy{}), "nothing to do")
		require.Equal(t, 2, applied(t, d, "items"))
	})
}

// A plan is carried out on the table and for the model that it was made for, or not at all.
func TestStalePlanIsRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		c, node := items[ItemMore](t, d, nil)
		plan := planFor(t, c, "items")
		exec(t, d, "ALTER TABLE items ADD COLUMN surprise TEXT")
		before := footprint(t, d)
		refused := func(c *coordinator.Coordinator, plan *schema.Plan) {
			err := c.Migrate(t.Context(), []*schema.Plan{plan}, allow(schema.AnyHazard, "", ""))
			require.ErrorIs(t, err, schema.ErrStalePlan)
			require.ErrorContains(t, err, "items")
			require.Equal(t, before, footprint(t, d))
		}
		refused(c, plan)

		// Another model, the same table.
		plan = planFor(t, c, "items")
		other, _ := items[itemNameUnique](t, d, nil)
		refused(other, plan)

		// One that came to be since, and one that has gone since.
		exec(t, d, "ALTER TABLE items RENAME TO away")
		missing := planFor(t, c, "items")
		before = footprint(t, d)
		refused(c, plan)
		exec(t, d, "ALTER TABLE away RENAME TO items")
		before = footprint(t, d)
		refused(c, missing)

		require.NoError(t, c.Migrate(t.Context(), []*schema.Plan{planFor(t, c, "items")}, schema.Policy{}))
		_, err := node.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Equal(t, 2, rows(t, d, "items"))
		require.Error(t, c.Migrate(t.Context(), []*schema.Plan{{Table: schema.Ref{Name: "unknown"}}}, schema.Policy{}))
	})
}

// What comes after a plan that cannot be carried out is left alone.
func TestMigrateStopsAtTheFirstFailure(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		first := start(t, d, nil)
		register[Item, int64](t, first, schema.Named("alphas"))
		register[Item, int64](t, first, schema.Named("betas"))
		require.NoError(t, first.EnsureAll(t.Context()))
		shut(t, first)
		c := start(t, d, nil)
		register[ItemMore, int64](t, c, schema.Named("alphas"))
		register[ItemMore, int64](t, c, schema.Named("betas"))
		plans, err := c.Plan(t.Context(), "alphas", "betas")
		require.NoError(t, err)
		require.Len(t, plans, 2)
		exec(t, d, "ALTER TABLE alphas ADD COLUMN surprise TEXT")
		before := footprint(t, d)
		require.ErrorIs(t, c.Migrate(t.Context(), plans, schema.Policy{}), schema.ErrStalePlan)
		require.Equal(t, before, footprint(t, d))
	})
}

// Migrate asks for a person's word on hazards too, and keeps the reason.
func TestMigrateNeedsApproval(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		before := footprint(t, d)
		c, _ := items[itemNameUnique](t, d, nil)
		plans := []*schema.Plan{planFor(t, c, "items")}
		for _, approve := range []schema.Policy{{}, allow(schema.HazardAddUnique, "others", ""), allow(schema.HazardAddCheck, "", "")} {
			err := c.Migrate(t.Context(), plans, approve)
			require.ErrorIs(t, err, schema.ErrDestructive)
			require.NotErrorIs(t, err, schema.ErrMigrationRequired, "this is the migration")
			require.ErrorContains(t, err, "add-unique(name)")
			require.Equal(t, before, footprint(t, d))
		}
		require.NoError(t, c.Migrate(t.Context(), plans, allow(schema.HazardAddUnique, "items", "name")))
		require.Equal(t, "add-unique(name): "+reason, last(t, d, "items").Reason)
		settled(t, c, "items")
	})
}

// A program that was kept out gets in by itself once another one has migrated, and at once by its own Migrate.
func TestBlockedProgramGoesOnAfterMigrate(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		c, node := items[itemNameUnique](t, d, impatient(schema.Policy{}))
		_, slow := items[itemNameUnique](t, db.open(t), &coordinator.Config{BackoffMin: time.Hour, BackoffMax: time.Hour})
		for range 5 {
			_, err := node.Get(t.Context(), 1)
			require.ErrorIs(t, err, schema.ErrMigrationRequired)
		}
		_, err := slow.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrMigrationRequired)
		require.Equal(t, schema.StateBlocked, statusOf(t, c, "items").State)

		job, mine := items[itemNameUnique](t, db.open(t), &coordinator.Config{BackoffMin: time.Hour, BackoffMax: time.Hour})
		_, err = mine.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrMigrationRequired)
		plans, err := job.Plan(t.Context())
		require.NoError(t, err)
		require.NoError(t, job.Migrate(t.Context(), plans, allow(schema.HazardAddUnique, "items", "name")))
		_, err = mine.Get(t.Context(), 1)
		require.NoError(t, err, "its own migration is known at once")
		require.Equal(t, schema.StateReady, statusOf(t, job, "items").State)

		waitFor(t, func() bool { _, err := node.Get(t.Context(), 1); return err == nil })
		require.Equal(t, schema.StateReady, statusOf(t, c, "items").State)
		require.Equal(t, 2, applied(t, d, "items"))
	})
}

// Migrate changes tables, which ModeVerify has forbidden.
func TestMigrateInVerifyModeIsRefused(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		before := footprint(t, d)
		for _, mode := range []coordinator.Mode{coordinator.ModeVerify, coordinator.ModeTrust} {
			c, _ := items[ItemMore](t, d, &coordinator.Config{Mode: mode})
			plans, err := c.Plan(t.Context())
			require.NoError(t, err, "to look is allowed")
			require.ErrorIs(t, c.Migrate(t.Context(), plans, schema.Policy{}), schema.ErrInvalid)
			require.Equal(t, before, footprint(t, d))
		}
	})
}

// Tables that point at each other are planned one by one and made together.
func TestMigrateMakesACircle(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		c := start(t, d, nil)
		hens := register[Hen, int64](t, c)
		eggs := register[Egg, int64](t, c)
		register[Book, int64](t, c)
		register[Author, int64](t, c)
		register[Country, int64](t, c)
		plans, err := c.Plan(t.Context())
		require.NoError(t, err)
		require.Len(t, plans, 5)
		place := map[string]int{}
		for i, plan := range plans {
			place[plan.Table.Name] = i
		}
		require.Less(t, place["countries"], place["authors"])
		require.Less(t, place["authors"], place["books"])
		require.NoError(t, c.Migrate(t.Context(), plans, schema.Policy{}))
		require.NoError(t, c.Ready(t.Context()))
		one := int64(1)
		require.ErrorIs(t, hens.Create(t.Context(), &Hen{ID: 1, Egg: &one}), schema.ErrForeignKey)
		require.ErrorIs(t, eggs.Create(t.Context(), &Egg{ID: 1, Hen: &one}), schema.ErrForeignKey)
		for _, table := range []string{"hens", "eggs", "books", "authors", "countries"} {
			require.Equal(t, 1, applied(t, d, table), table)
			settled(t, c, table)
		}
	})
}

// Close ends a migration that waits for its turn.
func TestCloseEndsMigrate(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		waiting := make(chan struct{}, 100)
		c, err := coordinator.New(db.open(t), &coordinator.Config{
			Listener: &schema.Listener{LockWaiting: func(schema.Event) { waiting <- struct{}{} }},
		})
		require.NoError(t, err)
		register[ItemMore, int64](t, c, schema.Named("items"))
		plans, err := c.Plan(t.Context())
		require.NoError(t, err)
		before := footprint(t, d)
		ended := make(chan error, 1)
		require.NoError(t, d.Locked(t.Context(), []schema.Ref{{Name: "items"}}, func(context.Context, dialect.Tx) error {
			go func() { ended <- c.Migrate(context.Background(), plans, schema.Policy{}) }()
			<-waiting
			require.NoError(t, c.Close(t.Context()))
			require.ErrorIs(t, <-ended, schema.ErrClosed)
			return nil
		}))
		require.Equal(t, before, footprint(t, d))
		_, err = c.Plan(t.Context())
		require.ErrorIs(t, err, schema.ErrClosed)
		require.ErrorIs(t, c.Migrate(t.Context(), plans, schema.Policy{}), schema.ErrClosed)
		_, err = c.Drift(t.Context())
		require.ErrorIs(t, err, schema.ErrClosed)
	})
}
