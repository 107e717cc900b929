package coordinator_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// An older program goes on with what a newer one has made of its table, and neither undoes the other's work, in
// whatever order they start.
func TestOldAndNewProgramsShareATable(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		running, first := items[Item](t, db.open(t), &coordinator.Config{News: coordinator.NewsOff})
		_, err := first.Get(t.Context(), 1)
		require.NoError(t, err)
		newer, second := items[ItemMore](t, db.open(t), nil)
		_, err = second.Get(t.Context(), 1)
		require.NoError(t, err)
		require.False(t, statusOf(t, newer, "items").Behind)
		before := footprint(t, d)
		require.Equal(t, 2, applied(t, d, "items"))

		// The one that was running all the time hears no news, has noticed nothing and need not.
		require.NoError(t, first.Create(t.Context(), &Item{ID: 10, Name: "by the old one"}))
		require.False(t, statusOf(t, running, "items").Behind)

		restarted, again := items[Item](t, db.open(t), nil)
		require.NoError(t, again.Create(t.Context(), &Item{ID: 11, Name: "by the old one, started anew"}))
		status := statusOf(t, restarted, "items")
		require.True(t, status.Behind)
		require.Equal(t, schema.StateReady, status.State)
		require.EqualValues(t, 2, status.Generation)
		require.Equal(t, before, footprint(t, d), "no revision, and the ledger is as it was")

		for i := range 10 {
			if rand.IntN(2) == 0 {
				_, node := items[Item](t, d, nil)
				require.NoError(t, node.Create(t.Context(), &Item{ID: int64(100 + i), Name: "old"}))
			} else {
				_, node := items[ItemMore](t, d, nil)
				require.NoError(t, node.Create(t.Context(), &ItemMore{ID: int64(100 + i), Name: "new"}))
			}
		}
		require.Equal(t, before, footprint(t, d))
		require.Equal(t, 14, rows(t, d, "items"))
		got, err := second.Get(t.Context(), 10)
		require.NoError(t, err)
		require.EqualValues(t, 7, got.Price)
	})
}

// A fleet of both starts at once, again and again.
func TestFleetOfTwoVersions(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		_, second := items[ItemMore](t, d, nil)
		_, err := second.Get(t.Context(), 1)
		require.NoError(t, err)
		before := footprint(t, d)
		for range 3 {
			var olds []*nodes.Node[Item, int64]
			var news []*nodes.Node[ItemMore, int64]
			for range 4 {
				_, old := items[Item](t, d, nil)
				_, young := items[ItemMore](t, d, nil)
				olds, news = append(olds, old), append(news, young)
			}
			for _, err := range together(8, func(i int) error {
				if i%2 == 0 {
					_, err := olds[i/2].Get(t.Context(), 1)
					return err
				}
				_, err := news[i/2].Get(t.Context(), 1)
				return err
			}) {
				require.NoError(t, err)
			}
		}
		require.Equal(t, before, footprint(t, d))
	})
}

// ItemShort is a newer Item that has let go of a column.
type ItemShort struct {
	ID    int64  `db:"id"    schema:"pk"`
	Name  string `db:"name"`
	Stock int64  `db:"stock" schema:"default=0,check=stock >= 0"`
}

// A newer program has taken away what the older one needs: that one says so, names it, and brings nothing back; only a
// person can, by a plan whose hazard is the revert.
func TestModelThatItsTableNoLongerServes(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		policy := allow(schema.HazardDropColumn, "items", "note")
		newer, second := items[ItemShort](t, d, &coordinator.Config{Policy: policy})
		plan := planFor(t, newer, "items")
		require.NoError(t, newer.Migrate(t.Context(), []*schema.Plan{plan}, schema.Policy{}))
		_, err := second.Get(t.Context(), 1)
		require.NoError(t, err)
		before := footprint(t, d)

		older, first := items[Item](t, d, impatient(allow(schema.HazardDropColumn, "", "")))
		for range 2 {
			_, err = first.Get(t.Context(), 1)
			require.ErrorIs(t, err, schema.ErrStaleModel)
			require.ErrorContains(t, err, "items")
			require.ErrorContains(t, err, "note")
			ensure := ensureError(t, err)
			require.False(t, ensure.Retryable)
			require.Len(t, ensure.Changes, 1)
			require.Equal(t, schema.MissingColumn, ensure.Changes[0].Kind)
		}
		require.ErrorIs(t, older.EnsureAll(t.Context()), schema.ErrStaleModel)
		require.Equal(t, schema.StateBlocked, statusOf(t, older, "items").State)
		require.Equal(t, before, footprint(t, d))

		back := planFor(t, older, "items")
		require.Contains(t, hazards(back), schema.HazardRevert)
		require.ErrorIs(t, older.Migrate(t.Context(), []*schema.Plan{back}, schema.Policy{}), schema.ErrDestructive)
		require.Equal(t, before, footprint(t, d))
		require.NoError(t, older.Migrate(t.Context(), []*schema.Plan{back}, allow(schema.HazardRevert, "items", "")))
		_, err = first.Get(t.Context(), 1)
		require.NoError(t, err)
		require.Contains(t, last(t, d, "items").Reason, "revert: "+reason)

		// Now it is the other one that is behind; it still works.
		late, third := items[ItemShort](t, d, nil)
		_, err = third.Get(t.Context(), 1)
		require.NoError(t, err)
		require.True(t, statusOf(t, late, "items").Behind)
	})
}

// A program that was kept out goes on by itself once its table serves it again.
func TestStaleModelRecovers(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 1)
		newer, _ := items[ItemShort](t, d, &coordinator.Config{Policy: allow(schema.HazardDropColumn, "items", "note")})
		require.NoError(t, newer.Migrate(t.Context(), []*schema.Plan{planFor(t, newer, "items")}, schema.Policy{}))
		c, node := items[Item](t, d, impatient(schema.Policy{}))
		_, err := node.Get(t.Context(), 1)
		require.ErrorIs(t, err, schema.ErrStaleModel)
		exec(t, d, "ALTER TABLE items ADD COLUMN note "+longText(d))
		waitFor(t, func() bool { _, err := node.Get(t.Context(), 1); return err == nil })
		require.Equal(t, schema.StateReady, statusOf(t, c, "items").State)
	})
}

// longText is the type of a text without a size.
func longText(d dialect.Dialect) string {
	switch d.Name() {
	case "postgres":
		return `text COLLATE "C"`
	case "mysql":
		return "longtext"
	}
	return "TEXT"
}

// While somebody else is long at work on a table, programs whose model it serves start and go on.
func TestReadyWhileSomebodyElseMigrates(t *testing.T) {
	eachDatabase(t, func(t *testing.T, db database) {
		d := db.open(t)
		stocked(t, d, 2)
		_, second := items[ItemMore](t, d, nil)
		_, err := second.Get(t.Context(), 1)
		require.NoError(t, err)
		// So that the ledger alone does not settle it for the newer model either.
		exec(t, d, "ALTER TABLE items ADD COLUMN by_hand TEXT")

		held, end, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
		release := sync.OnceFunc(func() { close(end) })
		defer release()
		other := db.open(t)
		go func() {
			left <- other.Locked(context.Background(), []schema.Ref{{Name: "items"}}, func(context.Context, dialect.Tx) error {
				close(held)
				<-end
				return nil
			})
		}()
		<-held
		began := time.Now()
		older, first := items[Item](t, db.open(t), nil)
		_, err = first.Get(t.Context(), 2)
		require.NoError(t, err)
		require.True(t, statusOf(t, older, "items").Behind)
		newer, third := items[ItemMore](t, db.open(t), nil)
		_, err = third.Get(t.Context(), 2)
		require.NoError(t, err)
		require.False(t, statusOf(t, newer, "items").Behind)
		require.Less(t, time.Since(began), 20*time.Second)

		// A model that the ledger does not know has to wait for its turn.
		unknown, fourth := items[ItemShort](t, db.open(t), &coordinator.Config{EnsureTimeout: 2 * time.Second})
		_, err = fourth.Get(t.Context(), 1)
		require.True(t, ensureError(t, err).Retryable, "%v", err)
		require.True(t, schema.Transient(err), "%v", err)
		require.Equal(t, schema.StateFailed, statusOf(t, unknown, "items").State)
		release()
		require.NoError(t, <-left)
		require.NoError(t, unknown.EnsureAll(t.Context()))
	})
}
